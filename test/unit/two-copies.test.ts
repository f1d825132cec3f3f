import { describe, expect, test, vi } from 'vitest'
import { isJob, stepAgain } from '../../runtime/model/job.ts'
import { isLimiter } from '../../runtime/model/limiter.ts'
import * as here from '../../sdk/index.ts'
import { openFixture, rejection } from '../support/fixture.ts'
import { closedProxy, revokedProxy } from '../support/odd-thrown.ts'
import { bothStores } from '../support/stores/both-stores.ts'

/** The package once more, as a library or a bundle brings it. */
vi.resetModules()
const there: typeof here = await import('../../sdk/index.ts')
const thereJob = await import('../../runtime/model/job.ts')

interface ErrorClass {
  readonly prototype: here.DurableJobsError
  is(value: unknown): boolean
}

function classesOf(sdk: typeof here): ReadonlyMap<string, ErrorClass> {
  const named = Object.entries(sdk).filter(([name]) => /Error$/.test(name) && name !== 'DurableJobsError')
  return new Map(named.map(([name, value]) => [name, value as unknown as ErrorClass]))
}

const ours = classesOf(here)
const theirs = classesOf(there)

/** The classes of this copy that recognize `value`, by `is` and by `instanceof`. */
function recognizedBy(value: unknown): { readonly is: string[]; readonly instanceOf: string[] } {
  const classes = [...ours]
  return {
    is: classes.filter(([, one]) => one.is(value)).map(([name]) => name),
    instanceOf: classes
      .filter(([, one]) => value instanceof (one as unknown as typeof here.FatalError))
      .map(([name]) => name),
  }
}

describe('an error of another copy of the package', () => {
  test('is of another class', () => {
    expect(there.FatalError).not.toBe(here.FatalError)
  })

  test.each([...theirs])('is recognized as its own class and as no other: %s', (name, { prototype }) => {
    const error: unknown = Object.create(prototype)
    const expected = name === 'StepUnknownError' ? ['StepFailedError', name] : [name]
    expect(recognizedBy(error)).toEqual({ is: expected, instanceOf: expected })
    expect(here.DurableJobsError.is(error)).toBe(true)
    expect(error instanceof here.DurableJobsError).toBe(true)
  })

  test('is compatible with one step.again of all copies', () => {
    expect(thereJob.stepAgain).toBe(stepAgain)
  })

  test('is recognized when it is created', () => {
    const error = new there.StepUnknownError('pay')
    expect(here.StepFailedError.is(error) && error.path).toBe('pay')
  })

  test('of a class that an author derived is one of its base class', () => {
    class Declined extends there.FatalError {}
    expect(recognizedBy(new Declined('no'))).toEqual({ is: ['FatalError'], instanceOf: ['FatalError'] })
  })
})

describe('a class that an author derived', () => {
  class Declined extends here.FatalError {}

  test('recognizes its own errors only', () => {
    const foreign = [
      new here.FatalError('a'),
      new there.FatalError('b'),
      new Error('c'),
      null,
      revokedProxy(),
    ]
    expect(foreign.map((value) => value instanceof Declined)).toEqual(foreign.map(() => false))
    expect(foreign.map((value) => Declined.is(value))).toEqual(foreign.map(() => false))
    const own = new Declined('no')
    expect([own instanceof Declined, Declined.is(own), here.FatalError.is(own)]).toEqual([true, true, true])
  })
})

describe('a value without a brand', () => {
  const yesToAll = new Proxy({}, { get: () => true, has: () => true })
  const plain = [null, undefined, 5, 5n, 'FatalError', Symbol('x'), () => 5, {}, new Error('x'), yesToAll]

  test('is recognized by no class', () => {
    for (const value of plain) expect(recognizedBy(value)).toEqual({ is: [], instanceOf: [] })
  })

  test('may be a proxy that refuses everything', () => {
    for (const odd of [revokedProxy(), closedProxy(), closedProxy(new here.FatalError('x'))]) {
      expect(recognizedBy(odd)).toEqual({ is: [], instanceOf: [] })
      expect(() => here.DurableJobsError.is(odd)).not.toThrow()
    }
  })

  test('is no job and no limiter either', () => {
    const odd = [revokedProxy(), closedProxy({}), yesToAll, ...plain]
    expect(odd.filter(isJob)).toEqual([])
    expect(odd.filter(isLimiter)).toEqual([])
  })
})

describe.each(bothStores)('a worker with jobs of another copy, %s', (_kind, options) => {
  const retry = { maxAttempts: 4, initialInterval: 1, maxInterval: 1 }

  test('keeps the meaning of their errors', { timeout: 60_000 }, async () => {
    const shop = await openFixture(await options())
    const bodies: string[] = []
    const provider = there.limits.concurrency({ name: 'provider', max: 1 })
    const fatal = there.defineJob({ name: 'fatal', retry }, ({ step }) =>
      step.run('stop', () => {
        bodies.push('fatal')
        throw new there.FatalError('stop')
      }),
    )
    const between = there.defineJob({ name: 'between', retry }, () => {
      bodies.push('between')
      throw new Error('wrapped', { cause: new there.StepFailedError('elsewhere', 1, new Error('x')) })
    })
    const later = there.defineJob({ name: 'later', retry }, ({ step }) =>
      step.run(
        'pause',
        ({ attempt }) => {
          bodies.push('later')
          if (attempt === 1) throw new there.RetryAfterError(0)
          return attempt
        },
        { retry: { maxAttempts: 2, initialInterval: '1d' } },
      ),
    )
    const limited = there.defineJob({ name: 'limited', limits: [provider] }, ({ step }) =>
      step.run(
        'ask',
        ({ attempt }) => {
          bodies.push('limited')
          if (bodies.filter((name) => name === 'limited').length === 1) throw new there.RateLimitedError(1)
          return attempt
        },
        {
          retry: false,
          limits: [there.limits.tokenBucket({ name: 't', capacity: 5, refill: 5, every: '1s' })],
        },
      ),
    )
    const again = there.defineJob({ name: 'again' }, ({ step }) =>
      step.run(
        'ask',
        ({ signal, attempt }) => {
          bodies.push('again')
          return attempt === 1 ? aborted(signal) : 'asked'
        },
        { atMostOnce: true, timeout: 1, onUnknown: () => step.again },
      ),
    )
    await shop.work([fatal, between, later, limited, again])

    const failures = [fatal, between].map(async (job) =>
      rejection((await shop.jobs.enqueue(job)).result({ timeout: '20s' })),
    )
    expect(await Promise.all(failures)).toMatchObject([
      { cause: { code: 'STEP_FAILED', path: 'stop', attempts: 1 } },
      { cause: { message: 'wrapped', cause: { code: 'STEP_FAILED' } } },
    ])
    const results = [
      (await shop.jobs.enqueue(later)).result({ timeout: '20s' }),
      (await shop.jobs.enqueue(limited)).result({ timeout: '20s' }),
      (await shop.jobs.enqueue(again)).result({ timeout: '20s' }),
    ]
    expect(await Promise.all(results)).toEqual([2, 1, 'asked'])
    expect(bodies.sort()).toEqual([
      'again',
      'again',
      'between',
      'fatal',
      'later',
      'later',
      'limited',
      'limited',
    ])
    const cause = await rejection((await shop.jobs.enqueue(fatal)).result({ timeout: '20s' }))
    expect(there.RunFailedError.is(cause) && there.StepFailedError.is(cause.cause)).toBe(true)
  })
})

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
}
