import { describe, expect, test } from 'vitest'
import { formatDuration } from '../../../runtime/model/format-duration.ts'

describe('a duration is formatted for people', () => {
  test.each([
    [0, '0 ms'],
    [830, '830 ms'],
    [4_200, '4.2 s'],
    [200_000, '3 min 20 s'],
    [7_500_000, '2 h 5 min'],
    [273_600_000, '3 d 4 h'],
  ])('%i ms is %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text)
  })

  test.each([
    [999.7, '1.0 s'],
    [59_990, '1 min 0 s'],
  ])('%f ms rounds up into the next unit', (ms, text) => {
    expect(formatDuration(ms)).toBe(text)
  })
})
