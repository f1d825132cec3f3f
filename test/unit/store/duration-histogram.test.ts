import { expect, test } from 'vitest'
import { aboutDuration } from '../../../runtime/model/about-duration.ts'
import { durationsIn, percentile } from '../../../runtime/store/duration-histogram.ts'

/** Counts in the buckets that they are named by: 0 is below 1 ms, i from 2^(i-1) ms on. */
function histogram(counts: Readonly<Record<number, number>>): { sumMs: number; buckets: number[] } {
  const buckets: number[] = []
  for (const [i, count] of Object.entries(counts)) buckets[Number(i)] = count
  return { sumMs: 0, buckets: Array.from(buckets, (count) => count ?? 0) }
}

test('an empty histogram has no percentiles', () => {
  expect(percentile({ sumMs: 0, buckets: [] }, 0.95)).toBeUndefined()
  expect(percentile(histogram({ 3: 0 }), 0.5)).toBeUndefined()
})

test('a percentile lies in the bucket of its duration, at its rank', () => {
  // 90 from 4 to 8 ms, 10 from 1,024 to 2,048 ms.
  const both = histogram({ 3: 90, 11: 10 })
  expect(percentile(both, 0.45)).toBe(6)
  expect(percentile(both, 0.9)).toBe(8)
  expect(percentile(both, 0.95)).toBe(1_536)
  expect(percentile(both, 1)).toBe(2_048)
  expect(percentile(both, 0)).toBe(4)
  expect(percentile(histogram({ 0: 4 }), 0.5)).toBe(0.5)
  expect(durationsIn(both)).toBe(100)
})

test('the last bucket is unbounded', () => {
  expect(percentile(histogram({ 39: 2 }), 0.95)).toBe(2 ** 38)
})

test('a percentile is off by less than a factor of two, and never decreases', () => {
  const durations = Array.from({ length: 1_000 }, (_, i) => Math.round(1.01 ** i))
  const counts: Record<number, number> = {}
  for (const ms of durations) {
    const bucket = ms === 0 ? 0 : Math.floor(Math.log2(ms)) + 1
    counts[bucket] = (counts[bucket] ?? 0) + 1
  }
  let before = 0
  for (let rank = 1; rank <= 1_000; rank++) {
    const found = percentile(histogram(counts), rank / 1_000) ?? Number.NaN
    const exact = durations[rank - 1] ?? Number.NaN
    expect(found / exact).toBeGreaterThan(0.5)
    expect(found / exact).toBeLessThanOrEqual(2)
    expect(found).toBeGreaterThanOrEqual(before)
    before = found
  }
})

test.each([
  [0, '<1ms'],
  [0.6, '<1ms'],
  [1, '~1ms'],
  [834, '~830ms'],
  [999, '~1s'],
  [1_536, '~1.5s'],
  [4_000, '~4s'],
  [59_900, '~1m'],
  [90_000, '~1.5m'],
  [3_599_000, '~1h'],
  [40 * 3_600_000, '~1.7d'],
])('%d ms is about %s', (ms, text) => {
  expect(aboutDuration(ms)).toBe(text)
})
