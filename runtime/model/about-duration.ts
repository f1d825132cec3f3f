const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
] as const

/** An estimated length of time in one token, with at most two digits that count: `~830ms`, `~4.2s`, `~15m`. */
export function aboutDuration(ms: number): string {
  for (const [name, unitMs] of units) {
    const count = Number((ms / unitMs).toPrecision(2))
    if (count >= 1) return `~${count}${name}`
  }
  return '<1ms'
}
