const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

/** A length of time as a person reads it: `830 ms`, `4.2 s`, `3 m 20 s`, `2 h 5 m`, `3 d 4 h`. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`
  const pairs = [
    ['d', 'h', day, hour],
    ['h', 'm', hour, minute],
    ['m', 's', minute, second],
  ] as const
  const pair = pairs.find(([, , large]) => ms >= large) ?? pairs[2]
  const [large, small, largeMs, smallMs] = pair
  return `${Math.floor(ms / largeMs)} ${large} ${Math.floor((ms % largeMs) / smallMs)} ${small}`
}
