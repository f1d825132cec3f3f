import { describe, expectTypeOf, test } from 'vitest'
import type { Middleware } from '../../runtime/index.ts'
import {
  type Duration,
  type Logger,
  RetryAfterError,
  type StepContext,
  type StepTools,
} from '../../sdk/index.ts'

declare const step: StepTools

describe('step.run', () => {
  test('returns the awaited result of its body', () => {
    expectTypeOf(step.run('a', () => 5)).resolves.toEqualTypeOf<number>()
    expectTypeOf(step.run('a', async () => ({ at: new Date() }))).resolves.toEqualTypeOf<{ at: Date }>()
    expectTypeOf(step.run('a', () => undefined)).resolves.toEqualTypeOf<undefined>()
  })

  test('passes a signal, a key, the attempt and a log to its body', () => {
    void step.run('a', (context) => {
      expectTypeOf(context).toEqualTypeOf<StepContext>()
      expectTypeOf(context.signal).toEqualTypeOf<AbortSignal>()
      expectTypeOf(context.idempotencyKey).toEqualTypeOf<string>()
      expectTypeOf(context.attempt).toEqualTypeOf<number>()
      expectTypeOf(context.log).toEqualTypeOf<Logger>()
    })
  })

  test('preserves the types of steps in Promise.all', async () => {
    const [rows, file] = await Promise.all([step.run('a', () => 5), step.run('b', () => 'a.csv')])
    expectTypeOf(rows).toEqualTypeOf<number>()
    expectTypeOf(file).toEqualTypeOf<string>()
  })

  test('accepts its options', () => {
    void step.run('a', () => 5, { retry: 3, timeout: '5m', key: 7 })
    void step.run('a', () => 5, { retry: false, key: 'k' })
    void step.run('a', () => 5, { retry: { maxAttempts: Number.POSITIVE_INFINITY, initialInterval: '10ms' } })
    const charged = step.run('a', async () => ({ charge: 'c-1' }), {
      atMostOnce: true,
      timeout: '10s',
      onUnknown: ({ idempotencyKey }) => ({ charge: idempotencyKey }),
    })
    expectTypeOf(charged).resolves.toEqualTypeOf<{ charge: string }>()
  })

  test('lets onUnknown return step.again, without changing the type of the result', () => {
    const paid = step.run('a', async () => 5, { atMostOnce: true, onUnknown: () => step.again })
    expectTypeOf(paid).resolves.toEqualTypeOf<number>()
    const found = step.run('a', async () => 5, {
      atMostOnce: true,
      onUnknown: ({ idempotencyKey }) => (idempotencyKey === '' ? step.again : 7),
    })
    expectTypeOf(found).resolves.toEqualTypeOf<number>()
  })
})

describe('a wrong step option is one error, at the option', () => {
  test('of step.run', () => {
    void step.run('a', () => 5, {
      // @ts-expect-error: there is no such option
      retries: 3,
    })
    void step.run('a', () => 5, {
      // @ts-expect-error: true is no retry policy
      retry: true,
    })
    void step.run('a', () => 5, {
      // @ts-expect-error: a duration has one of five units
      timeout: '5 minutes',
    })
    void step.run('a', () => 5, {
      // @ts-expect-error: a key is a text or a number
      key: {},
    })
  })

  test('of an at-most-once step', () => {
    void step.run('a', () => 5, {
      atMostOnce: true,
      // @ts-expect-error: it has one attempt
      retry: 3,
    })
    // @ts-expect-error: onUnknown belongs to atMostOnce: true, which is missing
    void step.run('a', () => 5, {
      onUnknown: () => 5,
    })
    void step.run('a', () => 5, {
      atMostOnce: true,
      // @ts-expect-error: it answers what the body returns
      onUnknown: () => 'text',
    })
  })

  test('of step.sleep and step.scope', () => {
    void step.sleep(
      'a',
      // @ts-expect-error: a duration has one of five units
      '5 minutes',
    )
    void step.sleep('a', '5m', {
      // @ts-expect-error: a sleep has a key only
      timeout: '5m',
    })
    void step.scope('a', () => 5, {
      // @ts-expect-error: a scope has a key only
      retry: 3,
    })
  })

  test('a name that isn’t a string', () => {
    void step.run(
      // @ts-expect-error: names are texts
      5,
      () => 5,
    )
  })
})

describe('the other steps', () => {
  test('sleep takes a duration or a Date and returns nothing', () => {
    expectTypeOf(step.sleep('a', '10m')).resolves.toEqualTypeOf<void>()
    expectTypeOf(step.sleep('a', new Date(), { key: 1 })).resolves.toEqualTypeOf<void>()
  })

  test('scope returns the awaited result of its body', () => {
    expectTypeOf(step.scope('a', () => step.run('b', () => 5))).resolves.toEqualTypeOf<number>()
    expectTypeOf(step.scope('a', () => 'text')).resolves.toEqualTypeOf<string>()
  })
})

describe('other types', () => {
  test('a duration is milliseconds, or a number with one of five units', () => {
    expectTypeOf<5 | '250ms' | '1.5s' | '5m' | '2h' | '1d'>().toExtend<Duration>()
    expectTypeOf<'5w'>().not.toExtend<Duration>()
    expectTypeOf<'soon'>().not.toExtend<Duration>()
    expectTypeOf(RetryAfterError).toBeConstructibleWith('5m', 'busy', { cause: new Error('x') })
  })

  test('middleware is typed by its hook', () => {
    const middleware: Middleware = {
      enqueue: ({ headers, input }, next) => {
        expectTypeOf(headers).toEqualTypeOf<Record<string, string>>()
        expectTypeOf(input).toEqualTypeOf<unknown>()
        return next()
      },
      claim: ({ free }, next) => {
        expectTypeOf(free).toEqualTypeOf<number>()
        expectTypeOf(next()).resolves.toEqualTypeOf<number>()
        return next()
      },
      run: async (_context, next) => {
        const stay = await next()
        expectTypeOf(stay.outcome).toExtend<string>()
        return stay
      },
      step: ({ path, attempt }, next) => {
        expectTypeOf([path, attempt] as const).toEqualTypeOf<readonly [string, number]>()
        return next()
      },
    }
    expectTypeOf(middleware).toEqualTypeOf<Middleware>()
  })
})
