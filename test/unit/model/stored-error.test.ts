import { describe, expect, test } from 'vitest'
import { fromStoredError, toStoredError } from '../../../runtime/model/stored-error.ts'

function roundTrip(thrown: unknown): Error {
  return fromStoredError(JSON.parse(JSON.stringify(toStoredError(thrown))))
}

function causes(error: unknown): unknown[] {
  return error instanceof Error ? [error, ...causes(error.cause)] : []
}

describe('a stored error', () => {
  test('keeps name, message, code and stack', () => {
    const error = Object.assign(new Error('refused'), { name: 'CardDeclined', code: 'E_CARD' })
    const back = roundTrip(error)
    expect(back).toBeInstanceOf(Error)
    expect(back).toMatchObject({
      name: 'CardDeclined',
      message: 'refused',
      code: 'E_CARD',
      stack: error.stack,
    })
  })

  test.each([EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError])(
    'is of its built-in class: %o',
    (BuiltIn) => {
      expect(roundTrip(new BuiltIn('x'))).toBeInstanceOf(BuiltIn)
    },
  )

  test('keeps the chain of causes', () => {
    const back = roundTrip(new Error('a', { cause: new TypeError('b', { cause: new Error('c') }) }))
    expect(causes(back).map(String)).toEqual(['Error: a', 'TypeError: b', 'Error: c'])
  })

  test('has a cause only where the error has one', () => {
    expect('cause' in roundTrip(new Error('a'))).toBe(false)
  })

  test('keeps the errors of an AggregateError', () => {
    const back = roundTrip(new AggregateError([new RangeError('a')], 'all'))
    expect(back).toBeInstanceOf(AggregateError)
    expect((back as AggregateError).errors[0]).toBeInstanceOf(RangeError)
  })

  test('ends a chain of causes that never ends', () => {
    const error = new Error('loop')
    error.cause = error
    expect(causes(roundTrip(error)).length).toBeLessThan(20)
  })

  test('is of bounded size', () => {
    const error = new Error('x'.repeat(1_000_000))
    expect(JSON.stringify(toStoredError(error)).length).toBeLessThan(30_000)
    expect(toStoredError(error).message).toMatch(/… \(1000000 characters\)$/)
  })

  test('has no enumerable fields but the code, so that a log line stays short', () => {
    expect(Object.keys(roundTrip(Object.assign(new Error('a'), { code: 5 })))).toEqual(['code'])
  })
})

describe('what was thrown and is no Error', () => {
  const cyclic: { self?: unknown } = {}
  cyclic.self = cyclic

  test.each<[string, unknown, string]>([
    ['a text', 'out of paper', 'out of paper'],
    ['undefined', undefined, 'undefined'],
    ['null', null, 'null'],
    ['an object', { code: 5 }, '{"code":5}'],
    ['a BigInt', 5n, '[object BigInt]'],
    ['a cyclic object', cyclic, '[object Object]'],
  ])('%s becomes the message of a NonError', (_name, thrown, message) => {
    expect(toStoredError(thrown)).toMatchObject({ name: 'NonError', message })
  })
})
