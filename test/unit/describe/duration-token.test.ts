import { expect, test } from 'vitest'
import { agoToken, durationToken } from '../../../runtime/describe/duration-token.ts'

test.each([
  [0, '0ms'],
  [830, '830ms'],
  [4_200, '4.2s'],
  [205_000, '3m25s'],
  [7_500_000, '2h5m'],
  [273_600_000, '3d4h'],
  [-5, '0ms'],
])('%i ms in a table is %s', (ms, token) => {
  expect(durationToken(ms)).toBe(token)
})

test('an age of a time that a clock put ahead is none', () => {
  expect(agoToken(1_000, 206_000)).toBe('3m25s ago')
  expect(agoToken(2, 1)).toBe('0ms ago')
})
