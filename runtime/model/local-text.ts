/** Formats a clock reading, in ms as if it were UTC, as text: `2026-03-29 03:00:00`. */
export function localText(local: number): string {
  return new Date(local).toISOString().slice(0, 19).replace('T', ' ')
}

/** Returns local time minus UTC as text: `+02:00`. */
export function offsetText(offsetMs: number): string {
  const minutes = Math.abs(Math.round(offsetMs / 60_000))
  const two = (n: number): string => String(n).padStart(2, '0')
  return `${offsetMs < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
}
