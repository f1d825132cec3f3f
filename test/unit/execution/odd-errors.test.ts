import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import {
  defineJob,
  FatalError,
  RetryAfterError,
  type RunHandle,
  StepFailedError,
} from '../../../sdk/index.ts'
import { type Fixture, openFixture, rejection } from '../../support/fixture.ts'
import { oddThrown, withGetter } from '../../support/odd-thrown.ts'
import { bothStores } from '../../support/stores/both-stores.ts'

const retry = { maxAttempts: 4, initialInterval: 1, maxInterval: 1 }

/** Errors whose meaning must hold although they can't be read. */
const oddFinal: Readonly<Record<string, () => unknown>> = {
  'a FatalError that can’t be read': () =>
    withGetter(new FatalError('refused'), 'name', 'message', 'code', 'stack', 'cause'),
  'a FatalError with a code of its own': () => Object.assign(new FatalError('refused'), { code: 'CARD' }),
}
const thrown = { ...oddThrown, ...oddFinal }

const bodies = new Map<string, number>()

/** A body that ends in this way, and is counted. */
function toss(kind: string, run: { readonly id: string }): never {
  bodies.set(run.id, (bodies.get(run.id) ?? 0) + 1)
  throw thrown[kind]?.()
}

/** The error that failed the run. */
async function failureOf(handle: RunHandle<unknown>): Promise<Error> {
  const { cause } = await rejection(handle.result({ timeout: '20s' }))
  if (cause instanceof Error) return cause
  throw new Error('the run failed without a cause')
}

const noRetry = defineJob<string>({ name: 'no-retry', retry }, ({ input, step, run }) =>
  step.run('charge', () => toss(input, run), { retry: false }),
)
const once = defineJob<string>({ name: 'once', retry }, ({ input, step, run }) =>
  step.run('charge', () => toss(input, run), { atMostOnce: true }),
)
const unknown = defineJob<string>({ name: 'unknown', retry }, ({ input, step, run }) =>
  step.run('charge', ({ signal }) => listening(signal), {
    atMostOnce: true,
    timeout: 1,
    onUnknown: () => toss(input, run),
  }),
)
const retried = defineJob<string>({ name: 'retried', retry: false }, ({ input, step, run }) =>
  step.run('charge', () => toss(input, run), { retry: { ...retry, maxAttempts: 2 } }),
)
const between = defineJob<string>({ name: 'between', retry: false }, ({ input, run }) => toss(input, run))
const caught = defineJob<string, string>({ name: 'caught', retry: false }, async ({ input, step, run }) => {
  const error: unknown = await step
    .run('charge', () => toss(input, run), { retry: false })
    .catch((error: unknown) => error)
  return step.run('compensate', () => (StepFailedError.is(error) ? error.path : 'something else'))
})

function listening(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
}

describe.each(bothStores)('an unreadable thrown value does not change the verdict, %s', (_kind, options) => {
  let shop: Fixture
  let close = (): void => undefined
  beforeAll(async () => {
    shop = await openFixture(await options(), (end) => {
      close = end
    })
    await shop.work([noRetry, once, unknown, retried, between, caught], { concurrency: 50 })
  }, 60_000)
  afterAll(() => close())

  test.each(Object.keys(thrown))('%s', { timeout: 60_000 }, async (kind) => {
    const failing = [noRetry, once, unknown, retried, between]
    const handles = await Promise.all(failing.map((job) => shop.jobs.enqueue(job, kind)))
    const failures = await Promise.all(handles.map(failureOf))
    const final = kind in oddFinal
    expect(handles.map(({ id }) => bodies.get(id))).toEqual([1, 1, 1, final ? 1 : 2, 1])
    expect(failures.slice(0, 4).map((failure) => StepFailedError.is(failure))).toEqual([
      true,
      true,
      true,
      true,
    ])
    expect(failures.map(({ message }) => message).join()).not.toContain('its effect is unknown')

    const handle = await shop.jobs.enqueue(caught, kind)
    expect(await handle.result({ timeout: '20s' })).toBe('charge')
    expect(bodies.get(handle.id)).toBe(1)
  })
})

describe('a failed Promise.any', () => {
  const all = (): Promise<never> => Promise.any([Promise.reject(new Error('no route')), Promise.reject(5n)])
  const inStep = defineJob({ name: 'in-step' }, ({ step }) => step.run('ask', all, { retry: false }))
  const inJob = defineJob({ name: 'in-job', retry: false }, all)

  test('names its reasons to a caller that awaits the result', { timeout: 60_000 }, async () => {
    const shop = await openFixture()
    await shop.work([inStep, inJob])
    const [step, job] = await Promise.all([
      failureOf(await shop.jobs.enqueue(inStep)),
      failureOf(await shop.jobs.enqueue(inJob)),
    ])
    const errors = [{ message: 'no route' }, { name: 'NonError', message: '5n' }]
    expect(step).toMatchObject({
      message: "step 'ask' failed after 1 attempt: All promises were rejected (no route; 5n)",
      cause: { name: 'AggregateError', errors },
    })
    expect(job).toMatchObject({ name: 'AggregateError', errors })
    const explained = await shop.jobs.explain((await failedRun(shop, 'in-job')).id)
    expect(explained.sentences[0]).toContain('All promises were rejected (no route; 5n)')
  })
})

describe('an unreadable pause', () => {
  const odd = (delayMs: unknown): Error =>
    Object.defineProperty(new RetryAfterError('1d'), 'delayMs', { get: () => delayMs })
  const pauses = [Number.NaN, -1, Number.POSITIVE_INFINITY, '5 fortnights', Symbol('x'), undefined]
  const job = defineJob<number, number>({ name: 'pause' }, ({ input, step }) =>
    step.run(
      'ask',
      ({ attempt }) => {
        if (attempt === 1) throw odd(pauses[input])
        return attempt
      },
      { retry },
    ),
  )

  test('falls back to the pause of the policy', { timeout: 60_000 }, async () => {
    const shop = await openFixture()
    await shop.work(job)
    const handles = await Promise.all(pauses.map((_, i) => shop.jobs.enqueue(job, i)))
    const results = await Promise.all(handles.map((handle) => handle.result({ timeout: '20s' })))
    expect(results).toEqual(pauses.map(() => 2))
  })
})

describe('onFailed', () => {
  test('gets an error that it can read', { timeout: 60_000 }, async () => {
    const shop = await openFixture()
    const told: string[] = []
    const job = defineJob(
      { name: 'told', retry: false, onFailed: ({ error }) => void told.push(error.message) },
      ({ run }) => toss('nothing that can be read', run),
    )
    await shop.work(job)
    await failureOf(await shop.jobs.enqueue(job))
    expect(told).toEqual(['(its message can’t be read)'])
  })
})

describe('a logger that throws', () => {
  test('does not change the verdict, and is a warning of the process once', { timeout: 60_000 }, async () => {
    const shop = await openFixture()
    const warnings: string[] = []
    const heard = (warning: Error): void => void warnings.push(warning.message)
    process.on('warning', heard)
    onTestFinished(() => void process.off('warning', heard))
    const log = (): never => toss('nothing that can be read', { id: 'a log line' })
    await shop.work([retried, noRetry], { logger: { debug: log, info: log, warn: log, error: log } })
    const handles = [
      await shop.jobs.enqueue(retried, 'a BigInt'),
      await shop.jobs.enqueue(noRetry, 'a BigInt'),
    ]
    await Promise.all(handles.map(failureOf))
    expect(handles.map(({ id }) => bodies.get(id))).toEqual([2, 1])
    expect(warnings.filter((text) => text.includes('logger'))).toEqual([
      'the logger given to createWorker threw: (its message can’t be read)',
    ])
  })
})

describe('a step middleware that throws before it returns a promise', () => {
  test('fails the attempt, as a body would', { timeout: 60_000 }, async () => {
    const shop = await openFixture()
    const job = defineJob({ name: 'wrapped', retry: false }, ({ step }) =>
      step.run('ask', () => 'asked', { retry: false }),
    )
    const step = (): never => {
      throw new Error('in the way')
    }
    await shop.work(job, { middleware: [{ step }] })
    const failure = await failureOf(await shop.jobs.enqueue(job))
    expect(failure.message).toBe("step 'ask' failed after 1 attempt: in the way")
  })
})

async function failedRun(shop: Fixture, job: string): Promise<{ readonly id: string }> {
  const { runs } = await shop.jobs.inspector.runs({ job, limit: 1 })
  const [run] = runs
  if (run === undefined) throw new Error(`no run of ${job}`)
  return run
}
