import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseDuration } from '../../../runtime/model/duration.ts'
import { InvalidOptionsError } from '../../../sdk/index.ts'

describe('a duration is read', () => {
  test.each([
    [0, 0],
    [1500, 1500],
    [0.4, 0],
    ['250ms', 250],
    ['10s', 10_000],
    ['1.5s', 1_500],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
  ])('%s is %i ms', (duration, ms) => {
    expect(parseDuration(duration, 'delay')).toBe(ms)
  })

  test('a whole number of any unit is that many units', () => {
    const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
    fc.assert(
      fc.property(fc.nat(36_500), fc.constantFrom('ms', 's', 'm', 'h', 'd'), (count, unit) => {
        expect(parseDuration(`${count}${unit}`, 'delay')).toBe(count * units[unit])
      }),
    )
  })
})

describe('an invalid duration is refused with the name of its option', () => {
  test.each([
    ['a negative number', -1],
    ['NaN', Number.NaN],
    ['Infinity', Number.POSITIVE_INFINITY],
    ['more than 100 years', '36501d'],
    ['a negative text', '-5s'],
    ['no unit', '10'],
    ['another unit', '10 minutes'],
    ['an exponent', '1e3s'],
    ['an empty text', ''],
    ['null', null],
    ['undefined', undefined],
    ['a Date', new Date(5)],
    ['an object', {}],
    ['a BigInt', 5n],
  ])('%s', (_name, value) => {
    expect(() => parseDuration(value, 'enqueue: delay')).toThrow(InvalidOptionsError)
    expect(() => parseDuration(value, 'enqueue: delay')).toThrow(/^enqueue: delay: .* is not a duration/)
  })
})
