import { expect, test } from 'vitest'
import { lossDelayMs, poisonLimit, suspectStreak } from '../../../runtime/model/poison.ts'

test.each([
  [1, 0],
  [2, 1_000],
  [3, 5_000],
  [4, 30_000],
  [5, 120_000],
  [6, 120_000],
  [1_000, 120_000],
])('after loss %i in a row a run waits %i ms', (streak, ms) => {
  expect(lossDelayMs(streak)).toBe(ms)
})

test('a run without a loss does not wait', () => {
  expect(lossDelayMs(0)).toBe(0)
})

test('a run is isolated before it fails as poisoned', () => {
  expect(suspectStreak).toBeLessThan(poisonLimit)
})
