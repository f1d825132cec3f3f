const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const

/** Returns a length of time that `parseDuration` reads back as the same one: `90m`, `250ms`. */
export function exactDuration(ms: number): string {
  const whole = Math.round(ms)
  const [name, unitMs] = units.find(([, unitMs]) => whole > 0 && whole % unitMs === 0) ?? ['ms', 1]
  return `${whole / unitMs}${name}`
}
