const units = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'm'],
  [1_000, 's'],
] as const

/** Returns a duration as options take it, in the largest unit that says it exactly: `90m`, `1500ms`. */
export function exactDuration(ms: number): string {
  const [unitMs, unit] = units.find(([size]) => ms > 0 && ms % size === 0) ?? [1, 'ms']
  return `${ms / unitMs}${unit}`
}
