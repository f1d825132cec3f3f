import { describe, expect, test } from 'vitest'
import { defineJob, FatalError, RetryAfterError, StepFailedError } from '../../../sdk/index.ts'
import { failureOf, journalOf, openFixture } from '../../support/fixture.ts'

const quick = { initialInterval: 1, maxInterval: 1 }

describe('a step whose body throws', () => {
  test('is retried, and each failed attempt is stored', async () => {
    const shop = await openFixture()
    const attempts: number[] = []
    const job = defineJob({ name: 'flaky' }, async ({ step }) =>
      step.run(
        'call',
        ({ attempt }) => {
          attempts.push(attempt)
          if (attempt < 3) throw new Error('busy')
          return 'answered'
        },
        { retry: quick },
      ),
    )
    await shop.work(job)
    const handle = await shop.jobs.enqueue(job)

    await expect(handle.result({ timeout: '2m' })).resolves.toBe('answered')
    expect(attempts).toEqual([1, 2, 3])
    expect(await journalOf(shop.jobs, handle.id)).toEqual(['call retrying', 'call retrying', 'call done'])
  })

  test('fails with its last error when no attempt is left, and the job is not retried', async () => {
    const shop = await openFixture()
    let calls = 0
    const job = defineJob({ name: 'broken', retry: { maxAttempts: 5, ...quick } }, async ({ step }) => {
      await step.run(
        'call',
        ({ attempt }) => {
          calls++
          throw new RangeError(`broken ${attempt}`)
        },
        { retry: { maxAttempts: 2, ...quick } },
      )
    })
    await shop.work(job)
    const handle = await shop.jobs.enqueue(job)

    const failure = await failureOf(handle)
    expect(failure).toMatchObject({ name: 'StepFailedError', code: 'STEP_FAILED' })
    expect(failure.message).toBe("step 'call' failed after 2 attempts: broken 2")
    expect(failure.cause).toBeInstanceOf(RangeError)
    expect(calls).toBe(2)
    expect(await journalOf(shop.jobs, handle.id)).toEqual(['call retrying', 'call failed'])
  })

  test.each([
    ['false', false],
    ['1', 1],
  ] as const)('is tried once with retry: %s', async (_name, retry) => {
    const shop = await openFixture()
    let calls = 0
    const body = (): never => {
      calls++
      throw new Error('no')
    }
    const job = defineJob({ name: 'once' }, async ({ step }) => step.run('call', body, { retry }))
    await shop.work(job)
    await failureOf(await shop.jobs.enqueue(job))

    expect(calls).toBe(1)
  })

  test('may be caught by the job, with its path, attempts and cause', async () => {
    const shop = await openFixture()
    const job = defineJob({ name: 'catching' }, async ({ step }) => {
      try {
        await step.run('pay', () => Promise.reject(new TypeError('declined')), { retry: false })
        return 'paid'
      } catch (error) {
        if (!(error instanceof StepFailedError)) throw error
        await step.run('note', () => 'noted')
        return [error.path, error.attempts, String(error.cause), error.cause instanceof TypeError]
      }
    })
    await shop.work(job)
    const result = (await shop.jobs.enqueue(job)).result({ timeout: '2m' })

    await expect(result).resolves.toEqual(['pay', 1, 'TypeError: declined', true])
  })

  test('a thrown non-Error still fails by name', async () => {
    const shop = await openFixture()
    const job = defineJob({ name: 'text-thrown' }, async ({ step }) =>
      step.run('call', () => Promise.reject('out of paper'), { retry: false }),
    )
    await shop.work(job)
    const failure = await failureOf(await shop.jobs.enqueue(job))

    expect(failure.message).toBe("step 'call' failed after 1 attempt: out of paper")
  })

  test('gets the same idempotency key on every attempt, different from other steps', async () => {
    const shop = await openFixture()
    const keys: string[] = []
    const job = defineJob({ name: 'keys' }, async ({ step }) => {
      const note = ({ attempt, idempotencyKey }: { attempt: number; idempotencyKey: string }): void => {
        keys.push(idempotencyKey)
        if (attempt < 3) throw new Error('again')
      }
      await step.run('a', note, { retry: quick })
      await step.run('b', ({ idempotencyKey }) => keys.push(idempotencyKey))
    })
    await shop.work(job)
    const [one, two] = [await shop.jobs.enqueue(job), await shop.jobs.enqueue(job)]
    await Promise.all([one.result({ timeout: '2m' }), two.result({ timeout: '2m' })])

    expect(keys).toHaveLength(8)
    expect(new Set(keys).size).toBe(4)
    expect(keys.every((key) => /^[0-9a-f]{32}$/.test(key))).toBe(true)
  })
})

describe('the retry of a step, as its author decides', () => {
  test('a FatalError ends it', async () => {
    const shop = await openFixture()
    let calls = 0
    const job = defineJob({ name: 'fatal' }, async ({ step }) => {
      await step.run('call', () => {
        calls++
        throw new FatalError('no such customer')
      })
    })
    await shop.work(job)
    const failure = await failureOf(await shop.jobs.enqueue(job))

    expect(calls).toBe(1)
    expect(failure).toMatchObject({ name: 'StepFailedError', cause: { name: 'FatalError', code: 'FATAL' } })
  })

  test('a RetryAfterError replaces the pause of the policy, and spends an attempt', async () => {
    const shop = await openFixture()
    const attempts: number[] = []
    const job = defineJob({ name: 'after' }, async ({ step }) =>
      step.run(
        'call',
        ({ attempt }) => {
          attempts.push(attempt)
          throw new RetryAfterError(1, 'busy')
        },
        { retry: { maxAttempts: 3, initialInterval: '1h', maxInterval: '1h' } },
      ),
    )
    await shop.work(job)
    const failure = await failureOf(await shop.jobs.enqueue(job))

    expect(attempts).toEqual([1, 2, 3])
    expect(failure.message).toContain('after 3 attempts: busy')
  })

  test('a long pause frees the slot, and the status says what it waits for and why', async () => {
    const shop = await openFixture()
    const job = defineJob({ name: 'long-pause' }, async ({ step }) =>
      step.run('call', () => Promise.reject(new RetryAfterError('1h', 'closed'))),
    )
    const left = Promise.withResolvers<string>()
    await shop.work(job, {
      middleware: [
        {
          run: async (_context, next) => {
            const stay = await next()
            left.resolve(stay.outcome)
            return stay
          },
        },
      ],
    })
    const handle = await shop.jobs.enqueue(job)

    expect(await left.promise).toBe('waiting')
    const status = await handle.status()
    expect(status).toMatchObject({
      state: 'waiting',
      waitingFor: { kind: 'retry', name: 'call' },
      attempt: 1,
    })
    expect(status.waitingFor?.until?.getTime()).toBeGreaterThan(Date.now() + 3_000_000)
    expect(status.error?.message).toBe('closed')
  })
})
