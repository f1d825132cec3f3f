const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const

/** A length of time in one token, as a table has room for: `830ms`, `42s`, `3m25s`, `2h5m`, `3d4h`. Rounded down. */
export function shortDuration(ms: number): string {
  const at = units.findIndex(([, unitMs]) => ms >= unitMs)
  const [name, unitMs] = units[at] ?? ['ms', 1]
  const whole = `${Math.floor(ms / unitMs)}${name}`
  const next = at === -1 ? undefined : units[at + 1]
  if (next === undefined) return whole
  const rest = Math.floor((ms % unitMs) / next[1])
  return rest === 0 ? whole : `${whole}${rest}${next[0]}`
}
