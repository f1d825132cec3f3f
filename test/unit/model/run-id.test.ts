import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { newRunId, parseRunId } from '../../../runtime/model/run-id.ts'
import { InvalidOptionsError } from '../../../sdk/index.ts'

const latest = 2 ** 48 - 1

describe('a new run id', () => {
  test('has 26 characters that a command line accepts', () => {
    fc.assert(
      fc.property(fc.nat(latest), (now) => {
        const id = newRunId(now)
        expect(id).toMatch(/^[0-9a-hjkmnp-tv-z]{26}$/)
        expect(parseRunId(id)).toBe(id)
      }),
    )
  })

  test('sorts by time', () => {
    fc.assert(
      fc.property(fc.nat(latest), fc.nat(latest), (one, other) => {
        fc.pre(one !== other)
        expect(newRunId(one) < newRunId(other)).toBe(one < other)
      }),
    )
  })

  test('differs from another of the same instant', () => {
    const ids = Array.from({ length: 1_000 }, () => newRunId(1_700_000_000_000))
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('is based on the random bytes it gets', () => {
    expect(newRunId(0, (bytes) => bytes.fill(31))).toBe(`0000000000${'z'.repeat(16)}`)
  })
})

describe("a caller's own run id", () => {
  test.each(['a', 'order-1', 'tenant:7/'.slice(0, -1), 'a.b@c+d_e', 'x'.repeat(200)])(
    '%s is accepted',
    (id) => {
      expect(parseRunId(id)).toBe(id)
    },
  )

  test.each([
    ['an empty text', ''],
    ['a space', 'a b'],
    ['a slash', 'a/b'],
    ['a line break at the end', 'a\n'],
    ['201 characters', 'x'.repeat(201)],
    ['a letter outside ASCII', 'é'],
    ['a number', 7],
    ['null', null],
    ['a BigInt', 7n],
  ])('%s is refused', (_name, id) => {
    expect(() => parseRunId(id, 'enqueue: id')).toThrow(InvalidOptionsError)
    expect(() => parseRunId(id, 'enqueue: id')).toThrow(/^enqueue: id: /)
  })
})
