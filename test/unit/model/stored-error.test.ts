import vm from 'node:vm'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeValue, encodeError } from '../../../runtime/model/codec.ts'
import { fromStoredError, type StoredError, toStoredError } from '../../../runtime/model/stored-error.ts'
import { FatalError, RateLimitedError, StepFailedError } from '../../../sdk/index.ts'
import { closedProxy, cyclicAggregate, oddThrown, withGetter } from '../../support/odd-thrown.ts'

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
    'has its built-in class: %o',
    (BuiltIn) => {
      expect(roundTrip(new BuiltIn('x'))).toBeInstanceOf(BuiltIn)
    },
  )

  test('keeps the chain of causes', () => {
    const back = roundTrip(new Error('a', { cause: new TypeError('b', { cause: new Error('c') }) }))
    expect(causes(back).map(String)).toEqual(['Error: a', 'TypeError: b', 'Error: c'])
  })

  test('has a cause only if the error has one', () => {
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

  test('has a bounded size', () => {
    const error = new Error('x'.repeat(1_000_000))
    expect(JSON.stringify(toStoredError(error)).length).toBeLessThan(30_000)
    expect(toStoredError(error).message).toMatch(/… \(1000000 characters\)$/)
  })

  test('has no enumerable fields but the code, so that a log line stays short', () => {
    expect(Object.keys(roundTrip(Object.assign(new Error('a'), { code: 5 })))).toEqual(['code'])
  })
})

describe('a thrown value that is no Error', () => {
  const cyclic: { self?: unknown } = {}
  cyclic.self = cyclic

  test.each<[string, unknown, string]>([
    ['a text', 'out of paper', 'out of paper'],
    ['undefined', undefined, 'undefined'],
    ['null', null, 'null'],
    ['an object', { code: 5 }, '{"code":5}'],
    ['an object with a BigInt', { code: 5n }, '{"code":"5n"}'],
    ['a BigInt', 5n, '5n'],
    ['a symbol', Symbol('out'), 'Symbol(out)'],
    ['a function', errorsOf, '[Function: errorsOf]'],
    ['a cyclic object', cyclic, '<ref *1> { self: [Circular *1] }'],
    ['an object of a class', new Map([['a', 1]]), "Map(1) { 'a' => 1 }"],
    ['an unreadable object', closedProxy({}), '{}'],
  ])('%s becomes the message of a NonError', (_name, thrown, message) => {
    expect(toStoredError(thrown)).toMatchObject({ name: 'NonError', message })
  })
})

function errorsOf(error: unknown): unknown[] {
  return error instanceof AggregateError ? error.errors : []
}

/** The stored error and all that it carries. */
function all(stored: StoredError): StoredError[] {
  const inner = [...(stored.cause ? [stored.cause] : []), ...(stored.errors ?? [])]
  return [stored, ...inner.flatMap(all)]
}

describe('the error of a failed Promise.any', () => {
  const failed = (): Promise<unknown> =>
    Promise.any([Promise.reject(new RangeError('a')), Promise.reject('b')]).catch((error: unknown) => error)

  test('names its reasons, also below other errors', async () => {
    const step = new StepFailedError('fetch', 1, await failed())
    expect(step.message).toBe("step 'fetch' failed after 1 attempt: All promises were rejected (a; b)")
    const below = new AggregateError([new Error('outer', { cause: step })])
    const [outer] = errorsOf(roundTrip(below))
    expect(causes(outer).map(String)).toEqual([
      'Error: outer',
      `StepFailedError: ${step.message}`,
      'AggregateError: All promises were rejected',
    ])
    expect(errorsOf(causes(outer).at(-1)).map(String)).toEqual(['RangeError: a', 'NonError: b'])
  })

  test('names three reasons in its sentence and counts the rest', () => {
    const reasons = Array.from({ length: 12 }, (_, i) => new Error(`reason ${i}`))
    const { message } = new StepFailedError('fetch', 1, new AggregateError(reasons, 'none'))
    expect(message).toBe("step 'fetch' failed after 1 attempt: none (reason 0; reason 1; reason 2; 9 more)")
  })

  test('may be of another realm', () => {
    const thrown: unknown = vm.runInNewContext("new AggregateError([new RangeError('a')], 'all')")
    const back = roundTrip(thrown)
    expect(back).toBeInstanceOf(AggregateError)
    expect(errorsOf(back)[0]).toBeInstanceOf(RangeError)
  })

  test('keeps both errors of a disposal that failed', () => {
    const suppressed = Object.assign(new Error('while closing'), {
      name: 'SuppressedError',
      error: new Error('close'),
      suppressed: new TypeError('work'),
    })
    expect(errorsOf(roundTrip(suppressed)).map(String)).toEqual(['Error: close', 'TypeError: work'])
  })
})

describe('a stored error of bounded depth', () => {
  test('keeps eight levels below the outermost error', () => {
    let error = new Error('innermost')
    for (let level = 0; level < 20; level++) error = new Error(`level ${level}`, { cause: error })
    expect(causes(roundTrip(error))).toHaveLength(9)
  })

  test('keeps twenty inner errors of each, the outermost first, a hundred in all', () => {
    const inner = (): Error[] => Array.from({ length: 30 }, (_, i) => new Error(`inner ${i}`))
    const middle = Array.from({ length: 30 }, () => new AggregateError(inner(), 'middle'))
    const stored = toStoredError(new AggregateError(middle, 'outer'))
    expect(all(stored)).toHaveLength(100)
    expect(stored.errors).toHaveLength(20)
    expect(stored.errors?.[0]?.errors).toHaveLength(20)
  })

  test('ends where an error contains itself', () => {
    const stored = toStoredError(cyclicAggregate())
    expect(stored.cause).toBeUndefined()
    expect(all(stored)).toHaveLength(1)
  })

  test('has room for the outermost messages when all are long', () => {
    const inner = Array.from({ length: 20 }, () => new Error('y'.repeat(100_000)))
    const stored = toStoredError(new AggregateError(inner, 'x'.repeat(100_000)))
    expect(stored.message.length).toBeGreaterThan(16_000)
    expect(stored.errors?.every(({ message }) => message.length > 256)).toBe(true)
    expect(encodeError(stored).length).toBeLessThan(110_000)
  })
})

describe('an error of this package', () => {
  test('is restored with its class, whatever its code', () => {
    const own = Object.assign(new FatalError('declined'), { code: 'CARD' })
    expect(FatalError.is(roundTrip(own))).toBe(true)
    expect(roundTrip(own)).toMatchObject({ code: 'CARD', message: 'declined' })
    expect(FatalError.is(roundTrip(withGetter(new FatalError('declined'), 'code', 'stack')))).toBe(true)
  })

  test('keeps its requested pause', () => {
    const back = roundTrip(new RateLimitedError('5s'))
    expect(RateLimitedError.is(back) && back.delayMs).toBe(5_000)
  })

  test('may have fields that no store can hold', () => {
    const odd = Object.assign(new FatalError('declined'), {
      '\u0000error': 1,
      at: new Date(),
      tries: Number.NaN,
    })
    Object.defineProperty(odd, '__proto__', { value: 'x', enumerable: true })
    expect(toStoredError(odd).fields).toEqual({})
  })
})

describe('any thrown value', () => {
  test.each(Object.entries(oddThrown))('is stored and restored: %s', (_name, make) => {
    const stored = toStoredError(make())
    expect(decodeValue(encodeError(stored), 'error')).toEqual(stored)
    expect(fromStoredError(stored)).toBeInstanceOf(Error)
  })

  const key = fc.constantFrom('name', 'message', 'stack', 'code', 'cause', 'errors', 'path', 'constructor')
  /** Recipes, since fast-check itself can't hold unreadable values. */
  const { thrown } = fc.letrec<Record<'thrown' | 'value' | 'error', () => unknown>>((tie) => ({
    thrown: fc.oneof({ maxDepth: 4 }, tie('value'), tie('error')),
    value: fc.oneof(
      fc
        .oneof(
          fc.anything({ withBigInt: true, withMap: true, withSet: true, withNullPrototype: true }),
          fc.string({ unit: 'binary', maxLength: 50 }),
          fc.constantFrom(Symbol('s'), -0, Number.NaN, Number.POSITIVE_INFINITY, 'x'.repeat(200_000)),
        )
        .map((value) => () => value),
      fc.constantFrom(...Object.values(oddThrown)),
    ),
    error: fc
      .record({
        base: fc.constantFrom<() => object>(
          () => new Error('plain'),
          () => new AggregateError([], 'several'),
          () => new FatalError('final'),
          () => new StepFailedError('s', 1, 'x'),
          () => vm.runInNewContext("new AggregateError([], 'elsewhere')") as object,
          () => Object.create(Error.prototype) as object,
        ),
        fields: fc.array(fc.tuple(fc.oneof(key, fc.string()), tie('thrown')), { maxLength: 5 }),
        errors: fc.array(tie('thrown'), { maxLength: 5 }),
        unreadable: fc.array(key, { maxLength: 2 }),
        closed: fc.boolean(),
      })
      .map(({ base, fields, errors, unreadable, closed }) => () => {
        const error = base()
        const inner = (): unknown[] => errors.map((make) => make())
        for (const [field, make] of [['errors', inner] as const, ...fields]) {
          Object.defineProperty(error, field, { value: make(), configurable: true, enumerable: true })
        }
        return closed ? closedProxy(error) : withGetter(error, ...unreadable)
      }),
  }))

  test('never throws, is bounded, and is restored unchanged from the store', () => {
    fc.assert(
      fc.property(thrown, (make) => {
        const stored = toStoredError(make())
        const bytes = encodeError(stored)
        expect(bytes.length).toBeLessThan(400_000)
        expect(all(stored).length).toBeLessThanOrEqual(100)
        expect(decodeValue(bytes, 'error')).toEqual(stored)
        expect(JSON.parse(JSON.stringify(stored))).toEqual(stored)
        const back = fromStoredError(stored)
        expect(back).toBeInstanceOf(Error)
        expect([back.name, back.message]).toEqual([stored.name, stored.message])
      }),
      { numRuns: 300 },
    )
  }, 60_000)
})
