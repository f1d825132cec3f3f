const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

/** A length of time as a person reads it: `830 ms`, `4.2 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`. */
export function formatDuration(ms: number): string {
  // A value that rounds up to the next unit is written in that unit.
  if (ms < 999.5) return `${Math.round(ms)} ms`
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`
  const pairs = [
    ['d', 'h', day, hour],
    ['h', 'min', hour, minute],
    ['min', 's', minute, second],
  ] as const
  const whole = Math.max(ms, minute)
  const pair = pairs.find(([, , large]) => whole >= large) ?? pairs[2]
  const [large, small, largeMs, smallMs] = pair
  return `${Math.floor(whole / largeMs)} ${large} ${Math.floor((whole % largeMs) / smallMs)} ${small}`
}
