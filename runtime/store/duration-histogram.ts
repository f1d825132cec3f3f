export interface DurationHistogram {
  readonly sumMs: number
  /** `buckets[0]` counts durations below 1 ms, `buckets[i]` those from 2^(i-1) up to but not including 2^i ms; the 40th all longer ones. */
  readonly buckets: readonly number[]
}

/** A histogram that is being added up. */
export interface HistogramSum {
  sumMs: number
  readonly buckets: number[]
}

export const maxBuckets = 40

export function emptyHistogram(): HistogramSum {
  return { sumMs: 0, buckets: [] }
}

export function addHistogram(sum: HistogramSum, { sumMs, buckets }: DurationHistogram): void {
  sum.sumMs += sumMs
  for (const [i, count] of buckets.entries()) sum.buckets[i] = (sum.buckets[i] ?? 0) + count
}

/** Returns how many durations a histogram counts. */
export function durationsIn({ buckets }: DurationHistogram): number {
  return buckets.reduce((sum, count) => sum + count, 0)
}

/**
 * Estimates the duration in ms that the share `quantile` (0 to 1) of all durations does not exceed; undefined of an empty
 * histogram. Inside a bucket it assumes an even spread, so the result is off by less than the bucket's width, a factor
 * of two: print it with `~`. In the last bucket, which has no end, it returns where that begins.
 */
export function percentile(histogram: DurationHistogram, quantile: number): number | undefined {
  const { buckets } = histogram
  const wanted = durationsIn(histogram) * Math.min(1, Math.max(0, quantile))
  let below = 0
  for (const [i, count] of buckets.entries()) {
    if (count > 0 && below + count >= wanted) {
      const start = i === 0 ? 0 : 2 ** (i - 1)
      const width = i === maxBuckets - 1 ? 0 : 2 ** i - start
      return start + (width * (wanted - below)) / count
    }
    below += count
  }
  return undefined
}
