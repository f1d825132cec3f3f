import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { defaultRetryPolicy, parseRetry, retryDelayMs } from '../../../runtime/model/retry-policy.ts'
import { InvalidOptionsError } from '../../../sdk/index.ts'

const almostOne = 1 - 2 ** -53

describe('the pause before the next attempt', () => {
  const policy = parseRetry({ initialInterval: '1s', backoffCoefficient: 2, maxInterval: '10s' })

  test.each([
    [1, 1_000],
    [2, 2_000],
    [3, 4_000],
    [4, 8_000],
    [5, 10_000],
    [50, 10_000],
    [5_000, 10_000],
  ])('after attempt %i is at most %i ms', (attempt, ceiling) => {
    expect(retryDelayMs(policy, attempt, almostOne)).toBe(ceiling)
    expect(retryDelayMs(policy, attempt, 0.5)).toBe(ceiling / 2)
    expect(retryDelayMs(policy, attempt, 0)).toBe(0)
  })

  test('is a whole number between 0 and the longest interval, whatever the policy', () => {
    const anyPolicy = fc.record({
      maxAttempts: fc.constant(Number.POSITIVE_INFINITY),
      initialIntervalMs: fc.integer({ min: 1, max: 1_000_000 }),
      backoffCoefficient: fc.double({ min: 1, max: 100, noNaN: true }),
      maxIntervalMs: fc.nat(1_000_000),
    })
    const random = fc.double({ min: 0, max: almostOne, noNaN: true })
    fc.assert(
      fc.property(anyPolicy, fc.integer({ min: 1, max: 100_000 }), random, (own, attempt, draw) => {
        const ms = retryDelayMs(own, attempt, draw)
        expect(Number.isInteger(ms)).toBe(true)
        expect(ms).toBeGreaterThanOrEqual(0)
        expect(ms).toBeLessThanOrEqual(own.maxIntervalMs)
      }),
    )
  })

  test('stays 0 for an initial interval of 0, even after thousands of attempts', () => {
    const eager = parseRetry({ initialInterval: 0, maxAttempts: Number.POSITIVE_INFINITY })
    expect(retryDelayMs(eager, 5_000, 0.5)).toBe(0)
  })
})

describe('a retry option', () => {
  test('left out is 10 attempts, 1 s doubled up to 5 m', () => {
    expect(parseRetry(undefined)).toEqual({
      maxAttempts: 10,
      initialIntervalMs: 1_000,
      backoffCoefficient: 2,
      maxIntervalMs: 300_000,
    })
  })

  test('that is a number is the number of attempts', () => {
    expect(parseRetry(3)).toEqual({ ...defaultRetryPolicy, maxAttempts: 3 })
    expect(parseRetry(Number.POSITIVE_INFINITY).maxAttempts).toBe(Number.POSITIVE_INFINITY)
  })

  test('that is false is one attempt', () => {
    expect(parseRetry(false).maxAttempts).toBe(1)
  })

  test('that is an object replaces only the fields it names', () => {
    expect(parseRetry({ maxAttempts: 2, maxInterval: '1m' })).toEqual({
      ...defaultRetryPolicy,
      maxAttempts: 2,
      maxIntervalMs: 60_000,
    })
  })
})

describe('a wrong retry option is refused by its name', () => {
  test.each<[string, unknown, RegExp]>([
    ['no attempts', 0, /^retry: 0 /],
    ['a fraction', 1.5, /^retry: 1\.5 /],
    ['a negative number', -1, /^retry: -1 /],
    ['NaN', Number.NaN, /^retry: NaN /],
    ['true', true, /^retry: /],
    ['a text', '3', /^retry: /],
    ['null', null, /^retry: /],
    ['maxAttempts of 0', { maxAttempts: 0 }, /^retry\.maxAttempts: 0 /],
    ['a bad initial interval', { initialInterval: '1 second' }, /^retry\.initialInterval: /],
    ['a negative longest interval', { maxInterval: -1 }, /^retry\.maxInterval: /],
    ['a coefficient below 1', { backoffCoefficient: 0.5 }, /^retry\.backoffCoefficient: /],
    ['a coefficient that is NaN', { backoffCoefficient: Number.NaN }, /^retry\.backoffCoefficient: /],
    ['a coefficient that is a text', { backoffCoefficient: '2' }, /^retry\.backoffCoefficient: /],
    ['an unknown field', { maxAttempt: 3 }, /maxAttempt\b/],
  ])('%s', (_name, retry, message) => {
    expect(() => parseRetry(retry)).toThrow(InvalidOptionsError)
    expect(() => parseRetry(retry)).toThrow(message)
  })
})
