import { expect, test } from 'vitest'
import { countToken, drainText, rateToken } from '../../../tui/text/rate-text.ts'

test.each([
  [0, '0'],
  [940, '940'],
  [999.6, '1k'],
  [1_000, '1k'],
  [18_432, '18.4k'],
  [99_960, '100k'],
  [999_960, '1M'],
  [1_234_567, '1.2M'],
  [3_000_000_000, '3G'],
  [-18_432, '-18.4k'],
])('%d is counted as %s', (count, token) => {
  expect(countToken(count)).toBe(token)
})

test.each([
  [0, '0/s'],
  [212.4, '212/s'],
  [3.14, '3.1/s'],
  [9.96, '10/s'],
  [3, '3/s'],
  [18_432, '18.4k/s'],
  [0.07, '4.2/min'],
  [0.001, '3.6/h'],
  [0.00001, '<0.1/h'],
  [-41, '-41/s'],
])('%d per second is %s', (perSecond, token) => {
  expect(rateToken(perSecond)).toBe(token)
})

test.each([
  [undefined, ''],
  [{ perMinute: -60, drainsInMs: 240_000 }, 'drains in ~4m'],
  [{ perMinute: 2_460 }, 'grows 41/s'],
  [{ perMinute: 0 }, 'steady'],
])('a backlog of %j is shown as %s', (trend, text) => {
  expect(drainText(trend)).toBe(text)
})
