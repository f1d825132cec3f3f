import { expect, test } from 'vitest'
import { shortDuration } from '../../../runtime/model/short-duration.ts'

test.each([
  [0, '0ms'],
  [830.9, '830ms'],
  [999, '999ms'],
  [1_000, '1s'],
  [59_999, '59s'],
  [60_000, '1m'],
  [205_000, '3m25s'],
  [3_600_000, '1h'],
  [7_500_000, '2h5m'],
  [86_399_000, '23h59m'],
  [273_600_000, '3d4h'],
  [864_000_000, '10d'],
])('%f ms is %s in a table', (ms, text) => {
  expect(shortDuration(ms)).toBe(text)
})
