import vm from 'node:vm'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeValue, encodeValue } from '../../../runtime/model/codec.ts'
import { SerializationError } from '../../../sdk/index.ts'
import { anyValue } from './any-value.ts'
import { type Fate, fates } from './value-fates.ts'

function stored(value: unknown): unknown {
  return decodeValue(encodeValue(value, 'value'), 'value')
}

function refusal(value: unknown): SerializationError {
  try {
    encodeValue(value, 'value')
  } catch (error) {
    if (error instanceof SerializationError) return error
    throw error
  }
  throw new Error('the value was not refused')
}

describe('a stored value decodes to an equal value', () => {
  test('for any nesting of plain objects, arrays, Maps, Sets and leaves', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        expect(stored(value)).toStrictEqual(value)
      }),
      { numRuns: 300 },
    )
  })

  test.each([
    ['a Date', new Date('2026-01-02T03:04:05.678Z')],
    ['a Date before 1970', new Date(-123_456_789)],
    ['an invalid Date', new Date(Number.NaN)],
    ['a Map with keys that are objects', new Map([[{ a: 1 }, new Set([1n])]])],
    ['a BigInt beyond 64 bits', -(2n ** 80n)],
    ['a RegExp with flags', /a\/b/giu],
    ['an ArrayBuffer', new Uint8Array([1, 2]).buffer],
    ['a part of a larger Uint8Array', new Uint8Array([1, 2, 3, 4]).subarray(1, 3)],
    ['undefined', undefined],
    ['a field that is undefined', { a: undefined, b: 1 }],
    ['an item that is undefined', [undefined, null]],
    ['NaN and the infinities', [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]],
    ['an empty key', { '': 1 }],
  ])('%s', (_name, value) => {
    expect(stored(value)).toStrictEqual(value)
  })

  test('an object without a prototype, as a plain one', () => {
    const bare = Object.assign(Object.create(null) as Record<string, unknown>, { a: 1 })
    expect(stored(bare)).toEqual({ a: 1 })
  })

  test('a value that is used twice, without being taken for a cycle', () => {
    const shared = { a: [1] }
    expect(stored({ one: shared, two: [shared, shared] })).toStrictEqual({
      one: shared,
      two: [shared, shared],
    })
  })

  test('and is a copy: later changes of the original do not affect it', () => {
    const original = { list: [1] }
    const copy = stored(original)
    original.list.push(2)
    expect(copy).toStrictEqual({ list: [1] })
  })
})

describe('an Error decodes to an Error', () => {
  test('of another realm', () => {
    const error: unknown = vm.runInNewContext("new RangeError('too far')")
    const back = decodeValue(encodeValue({ error }, 'result'), 'result')
    expect(back).toEqual({ error: expect.objectContaining({ name: 'RangeError', message: 'too far' }) })
    expect((back as { error: unknown }).error).toBeInstanceOf(RangeError)
  })

  test('with name, message, code, stack and built-in class', () => {
    const error = Object.assign(new RangeError('too far'), { code: 'E_FAR' })
    const back = stored(error)
    expect(back).toBeInstanceOf(RangeError)
    expect(back).toMatchObject({ name: 'RangeError', message: 'too far', code: 'E_FAR', stack: error.stack })
  })

  test('with the name of a class that is not built in', () => {
    class CardDeclined extends Error {
      override readonly name = 'CardDeclined'
    }
    const back = stored(new CardDeclined('no money'))
    expect(back).toBeInstanceOf(Error)
    expect(String(back)).toBe('CardDeclined: no money')
  })

  test('with its chain of causes', () => {
    const back = stored(new Error('outer', { cause: new TypeError('middle', { cause: 'text' }) })) as Error
    expect(back.cause).toBeInstanceOf(TypeError)
    expect((back.cause as Error).cause).toMatchObject({ message: 'text' })
  })

  test('with the errors of an AggregateError', () => {
    const back = stored(new AggregateError([new Error('a'), new Error('b')], 'both')) as AggregateError
    expect(back).toBeInstanceOf(AggregateError)
    expect(back.errors.map((error: Error) => error.message)).toEqual(['a', 'b'])
  })

  test.each([
    ['an object', { failures: [new Error('deep')] }],
    ['a Map', new Map([['a', new Error('deep')]])],
    ['a Set', new Set([new Error('deep')])],
  ])('inside %s', (_name, value) => {
    expect(stored(value)).toEqual(value)
  })
})

class Point {
  readonly x = 1
}

describe('the fate of a value', () => {
  test.each<[string, Fate]>(Object.entries(fates))('%s', (_name, fate) => {
    if ('refused' in fate) {
      expect(refusal(fate.value())).toMatchObject({ path: `value${fate.at}`, code: 'SERIALIZATION' })
      expect(refusal(fate.value()).message).toMatch(fate.refused)
    } else {
      const back = stored(fate.value())
      expect(back).toStrictEqual(fate.becomes)
      fate.check?.(back)
    }
  })
})

describe('a value that could not be decoded is refused by its place', () => {
  const cyclic: { name: string; self?: unknown } = { name: 'loop' }
  cyclic.self = { inside: [cyclic] }

  test.each<[string, unknown, string, RegExp]>([
    ['a function', { a: [0, () => 1] }, 'value.a[1]', /function can't be stored/],
    ['a symbol', { a: Symbol('s') }, 'value.a', /symbol can't be stored/],
    ['a class instance', [{ at: new Point() }], 'value[0].at', /instance of Point/],
    ['a promise', { later: Promise.resolve(1) }, 'value.later', /promise.*await it/],
    ['a value of a Map', new Map([['k', new Point()]]), "value.get('k')", /Point/],
    ['a key of a Map', new Map([[new Point(), 1]]), 'value.keys()[0]', /Point/],
    ['an item of a Set', new Set([1, new Point()]), 'value.values()[1]', /Point/],
    ['a WeakMap', { cache: new WeakMap() }, 'value.cache', /WeakMap/],
    ['a cycle', cyclic, 'value.self.inside[0]', /contains itself/],
    ['a function at the top', () => 1, 'value', /function/],
  ])('%s', (_name, value, path, problem) => {
    const error = refusal(value)
    expect(error.path).toBe(path)
    expect(error.message).toMatch(problem)
    expect(error.code).toBe('SERIALIZATION')
  })

  test('a nesting so deep that it would overflow the stack', () => {
    let deep: unknown = 1
    for (let i = 0; i < 100_000; i++) deep = [deep]
    expect(refusal(deep).message).toMatch(/deeper than 200/)
  })

  test.each(['__proto__', '\u0000error'])('a field named %j, which would be mistaken for another', (name) => {
    const value: unknown = JSON.parse(`{"inner": {${JSON.stringify(name)}: 1}}`)
    expect(() => encodeValue(value, 'input')).toThrow(/^input\.inner: a field named/)
  })

  test('a field whose key is a symbol, instead of dropping it', () => {
    expect(refusal({ [Symbol('hidden')]: 1 }).path).toContain('value')
  })

  test.each<[string, unknown]>([
    ['Map', new (class Registry extends Map<string, number> {})([['a', 1]])],
    ['Date', new (class Day extends Date {})(0)],
    ['Array', new (class Rows extends Array<number> {})(1)],
  ])('an instance of a class made from %s, instead of dropping its class', (_name, value) => {
    expect(() => encodeValue(value, 'value')).toThrow(SerializationError)
  })
})

describe('size and format', () => {
  test('a value over the limit is refused with its size and the limit', () => {
    expect(() => encodeValue('x'.repeat(200), 'output', 100)).toThrow(
      /^output: 20\d bytes is over the limit of 100 \(maxValueBytes\)/,
    )
  })

  test('a value of exactly the limit is accepted', () => {
    const size = encodeValue('x'.repeat(50), 'output').length
    expect(encodeValue('x'.repeat(50), 'output', size)).toHaveLength(size)
  })

  test('an unknown header byte is refused by name', () => {
    const bytes = Uint8Array.of(99, ...encodeValue(1, 'value').subarray(1))
    expect(() => decodeValue(bytes, 'input')).toThrow(/^input: stored in format 99/)
  })

  test.each([
    ['cut off', (bytes: Uint8Array) => bytes.subarray(0, bytes.length - 3)],
    ['empty', () => new Uint8Array()],
    ['only a header', (bytes: Uint8Array) => bytes.subarray(0, 1)],
  ])('bytes that are %s are refused by name', (_name, damage) => {
    const bytes = encodeValue({ text: 'abcdef' }, 'value')
    expect(() => decodeValue(damage(bytes), 'input')).toThrow(SerializationError)
  })
})
