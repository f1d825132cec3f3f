import { describe, expect, test } from 'vitest'
import { defineJob, FatalError, RetryAfterError } from '../../../sdk/index.ts'
import { abortOf, failureOf, openFixture } from '../../support/fixture.ts'

const quick = { initialInterval: 1, maxInterval: 1 }

describe('an error thrown by code between steps', () => {
  test('is retried by the policy of the job; stored steps do not run again', async () => {
    const shop = await openFixture()
    const attempts: number[] = []
    let bodies = 0
    const job = defineJob({ name: 'between', retry: quick }, async ({ step, run }) => {
      attempts.push(run.attempt)
      const value = await step.run('one', () => ++bodies)
      if (run.attempt < 3) throw new Error('between steps')
      return value
    })
    await shop.work(job)

    await expect((await shop.jobs.enqueue(job)).result({ timeout: '2m' })).resolves.toBe(1)
    expect(attempts).toEqual([1, 2, 3])
    expect(bodies).toBe(1)
  })

  test('fails the run when no attempt is left', async () => {
    const shop = await openFixture()
    const job = defineJob({ name: 'between', retry: { maxAttempts: 2, ...quick } }, ({ run }) => {
      throw new TypeError(`attempt ${run.attempt}`)
    })
    await shop.work(job)
    const handle = await shop.jobs.enqueue(job)

    expect(await failureOf(handle)).toMatchObject({ name: 'TypeError', message: 'attempt 2' })
    expect(await handle.status()).toMatchObject({
      state: 'failed',
      attempt: 2,
      error: { message: 'attempt 2' },
    })
  })

  test('may be larger than any value, and delays no other run', async () => {
    const shop = await openFixture({ maxValueBytes: 10_000 })
    const text = 'é'.repeat(15_000)
    const tree = (depth: number): Error =>
      new AggregateError(
        Array.from({ length: 20 }, () => (depth > 0 ? tree(depth - 1) : new Error(text))),
        text,
      )
    const huge = defineJob({ name: 'huge', retry: false }, () => {
      throw tree(1)
    })
    const small = defineJob({ name: 'small' }, () => 'done')
    await shop.work([huge, small])
    const failing = await shop.jobs.enqueue(huge)
    expect(await failureOf(failing)).toMatchObject({ name: 'AggregateError' })
    expect(await (await shop.jobs.enqueue(small)).result({ timeout: '2m' })).toBe('done')
  })

  test('is final if it is a FatalError', async () => {
    const shop = await openFixture()
    let calls = 0
    const job = defineJob({ name: 'fatal' }, () => {
      calls++
      throw new FatalError('never')
    })
    await shop.work(job)

    expect(await failureOf(await shop.jobs.enqueue(job))).toMatchObject({
      name: 'FatalError',
      message: 'never',
    })
    expect(calls).toBe(1)
  })

  test('waits as long as a RetryAfterError says', async () => {
    const shop = await openFixture()
    const job = defineJob(
      { name: 'after', retry: { initialInterval: '1h', maxInterval: '1h' } },
      ({ run }) => {
        if (run.attempt === 1) throw new RetryAfterError(1, 'busy')
        return run.attempt
      },
    )
    await shop.work(job)
    await expect((await shop.jobs.enqueue(job)).result({ timeout: '2m' })).resolves.toBe(2)
  })

  test('while it waits, the status reports the last error and when it continues', async () => {
    const shop = await openFixture()
    const left = Promise.withResolvers<string>()
    const job = defineJob({ name: 'waiting' }, () => {
      throw new RetryAfterError('1h', 'closed until noon')
    })
    await shop.work(job, {
      middleware: [{ run: (_context, next) => next().finally(() => left.resolve('left')) }],
    })
    const handle = await shop.jobs.enqueue(job)
    await left.promise

    const status = await handle.status()
    expect(status).toMatchObject({ state: 'waiting', attempt: 2, waitingFor: { kind: 'retry' } })
    expect(status.error?.message).toBe('closed until noon')
    expect(status.waitingFor?.until).toBeInstanceOf(Date)
  })

  test('is not retried if it only wraps the failure of a step', async () => {
    const shop = await openFixture()
    let calls = 0
    const job = defineJob({ name: 'wrapping', retry: quick }, async ({ step }) => {
      calls++
      await step
        .run('one', () => Promise.reject(new Error('inner')), { retry: false })
        .catch((cause: unknown) => Promise.reject(new Error('wrapped', { cause })))
    })
    await shop.work(job)

    expect(await failureOf(await shop.jobs.enqueue(job))).toMatchObject({ message: 'wrapped' })
    expect(calls).toBe(1)
  })

  test('aborts the signals of the steps beside it', async () => {
    const shop = await openFixture()
    const reasons: unknown[] = []
    const job = defineJob({ name: 'siblings', retry: false }, async ({ step }) => {
      const begun = Promise.withResolvers<void>()
      const listening = step.run('listening', async ({ signal }) => {
        begun.resolve()
        reasons.push(await abortOf(signal))
      })
      await Promise.all([listening, begun.promise.then(() => Promise.reject(new Error('beside')))])
    })
    await shop.work(job)

    expect(await failureOf(await shop.jobs.enqueue(job))).toMatchObject({ message: 'beside' })
    expect(reasons).toEqual([expect.objectContaining({ reason: 'sibling failed' })])
  })
})

describe('the timeout of a job', () => {
  test('fails a run that takes longer, and aborts its signals', async () => {
    const shop = await openFixture()
    const reasons: unknown[] = []
    const job = defineJob({ name: 'late', timeout: 50 }, async ({ step, abortSignal }) => {
      await step.run('wait', async ({ signal }) => {
        reasons.push(await abortOf(signal))
        throw signal.reason
      })
      reasons.push(await abortOf(abortSignal))
    })
    await shop.work(job)
    const failure = await failureOf(await shop.jobs.enqueue(job))

    expect(failure).toMatchObject({ name: 'RunTimeoutError', code: 'RUN_TIMEOUT' })
    expect(reasons).toEqual([expect.objectContaining({ reason: 'timeout' })])
  })

  test('also ends a run that reaches no step', async () => {
    const shop = await openFixture()
    const job = defineJob({ name: 'stuck', timeout: 20 }, () => new Promise(() => undefined))
    await shop.work(job)

    expect(await failureOf(await shop.jobs.enqueue(job))).toMatchObject({ code: 'RUN_TIMEOUT' })
  })

  test('does not count the time before the first claim', async () => {
    const shop = await openFixture()
    const job = defineJob({ name: 'patient', timeout: '2s' }, () => 'in time')
    const handle = await shop.jobs.enqueue(job, undefined, { delay: 30 })
    await shop.work(job)
    await expect(handle.result({ timeout: '2m' })).resolves.toBe('in time')
  })
})
