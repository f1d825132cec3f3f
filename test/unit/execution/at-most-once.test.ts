import { describe, expect, test } from 'vitest'
import {
  defineJob,
  FatalError,
  RunStateError,
  type StepContext,
  StepFailedError,
  StepUnknownError,
} from '../../../sdk/index.ts'
import {
  abortOf,
  type Fixture,
  failureOf,
  gate,
  journalOf,
  openFixture,
  rejection,
} from '../../support/fixture.ts'

const once = { atMostOnce: true } as const

describe('an at-most-once step', () => {
  test('stores its intent before its body begins', async () => {
    const shop = await openFixture()
    let before: readonly string[] = []
    const job = defineJob({ name: 'charge' }, async ({ step, run }) =>
      step.run(
        'pay',
        async () => {
          before = await journalOf(shop.jobs, run.id)
          return 'paid'
        },
        once,
      ),
    )
    await shop.work(job)
    const handle = await shop.jobs.enqueue(job)

    await expect(handle.result({ timeout: '2m' })).resolves.toBe('paid')
    expect(before).toEqual(['pay intent'])
    expect(await journalOf(shop.jobs, handle.id)).toEqual(['pay intent', 'pay done'])
  })

  test('that throws is not retried', async () => {
    const shop = await openFixture()
    let calls = 0
    const job = defineJob({ name: 'charge', retry: 5 }, async ({ step }) =>
      step.run(
        'pay',
        () => {
          calls++
          throw new Error('declined')
        },
        once,
      ),
    )
    await shop.work(job)
    const failure = await failureOf(await shop.jobs.enqueue(job))

    expect(failure.message).toBe("step 'pay' failed after 1 attempt: declined")
    expect(calls).toBe(1)
  })

  // An error thrown after its signal has aborted, but for another reason.
  test.each(['another step has failed', 'its run was cancelled'])(
    'that throws after %s has its failure stored',
    async (why) => {
      const shop = await openFixture()
      const begun = gate()
      const pay = ({ signal }: StepContext): Promise<never> =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(new Error('declined')))
          begun.open()
        })
      const stock = async (): Promise<never> => {
        await begun.opened
        throw new FatalError('sold out')
      }
      const isCancelled = why === 'its run was cancelled'
      const job = defineJob({ name: 'charge' }, async ({ step }) => {
        const others = isCancelled ? [] : [step.run('stock', stock)]
        await Promise.all([step.run('pay', pay, once), ...others])
      })
      await shop.work(job)
      const handle = await shop.jobs.enqueue(job)
      await begun.opened
      if (isCancelled) await handle.cancel()
      await expect.poll(async () => (await handle.status()).state).toBe(isCancelled ? 'cancelled' : 'failed')
      const failed = isCancelled ? ['pay failed'] : ['stock failed', 'pay failed']
      expect(await journalOf(shop.jobs, handle.id)).toEqual(['pay intent', ...failed])
    },
  )

  test('that throws may be caught by the job', async () => {
    const shop = await openFixture()
    const job = defineJob({ name: 'charge' }, async ({ step }) => {
      const failed = await step
        .run('pay', () => Promise.reject(new Error('declined')), once)
        .catch((error: unknown) => error)
      return [failed instanceof StepFailedError, failed instanceof StepUnknownError]
    })
    await shop.work(job)
    await expect((await shop.jobs.enqueue(job)).result({ timeout: '2m' })).resolves.toEqual([true, false])
  })

  test('is kept by a retry of its run, unless runAgain names it', async () => {
    const shop = await openFixture()
    let calls = 0
    const job = defineJob({ name: 'charge' }, async ({ step }) =>
      step.run(
        'pay',
        () => {
          calls++
          if (calls === 1) throw new Error('declined')
          return calls
        },
        once,
      ),
    )
    await shop.work(job)
    const handle = await shop.jobs.enqueue(job)
    await failureOf(handle)

    const refused = await rejection(handle.retry())
    expect(refused).toBeInstanceOf(RunStateError)
    expect(refused.message).toMatch(/at-most-once steps again: pay;.*runAgain/)
    expect(await handle.retry({ runAgain: ['pay'] })).toEqual({ runsAgain: ['pay'], keeps: [] })
    await expect(handle.result({ timeout: '2m' })).resolves.toBe(2)
  })
})

describe('an at-most-once step whose timeout passes', () => {
  test('fails as unknown without an onUnknown', async () => {
    const shop = await openFixture()
    const job = defineJob({ name: 'charge' }, async ({ step }) =>
      step.run('pay', ({ signal }) => abortOf(signal), { ...once, timeout: 10 }),
    )
    await shop.work(job)
    const failure = await failureOf(await shop.jobs.enqueue(job))

    expect(failure).toMatchObject({ name: 'StepUnknownError', code: 'STEP_UNKNOWN' })
    expect(failure.message).toMatch(/step 'pay' is atMostOnce and was interrupted.*onUnknown/)
  })

  test('takes the result that onUnknown finds, by the same idempotency key', async () => {
    const shop = await openFixture()
    const keys: string[] = []
    const job = defineJob({ name: 'charge' }, async ({ step }) =>
      step.run<unknown>(
        'pay',
        ({ signal, idempotencyKey }) => {
          keys.push(idempotencyKey)
          return abortOf(signal)
        },
        {
          ...once,
          timeout: 10,
          onUnknown: ({ idempotencyKey }) => {
            keys.push(idempotencyKey)
            return { found: true }
          },
        },
      ),
    )
    await shop.work(job)
    await expect((await shop.jobs.enqueue(job)).result({ timeout: '2m' })).resolves.toEqual({ found: true })
    expect(keys).toHaveLength(2)
    expect(keys[0]).toBe(keys[1])
  })

  test('runs again only if onUnknown returns step.again', async () => {
    const shop = await openFixture()
    const attempts: number[] = []
    const job = defineJob({ name: 'charge' }, async ({ step }) =>
      step.run<unknown>(
        'pay',
        ({ signal, attempt }) => {
          attempts.push(attempt)
          return attempt === 1 ? abortOf(signal) : 'paid'
        },
        { ...once, timeout: 10, onUnknown: () => step.again },
      ),
    )
    await shop.work(job)
    const handle = await shop.jobs.enqueue(job)

    await expect(handle.result({ timeout: '2m' })).resolves.toBe('paid')
    expect(attempts).toEqual([1, 2])
    expect(await journalOf(shop.jobs, handle.id)).toEqual(['pay intent', 'pay intent', 'pay done'])
  })

  test('fails with the error that onUnknown throws', async () => {
    const shop = await openFixture()
    const job = defineJob({ name: 'charge' }, async ({ step }) =>
      step.run<unknown>('pay', ({ signal }) => abortOf(signal), {
        ...once,
        timeout: 10,
        onUnknown: () => {
          throw new Error('provider does not know')
        },
      }),
    )
    await shop.work(job)
    const failure = await failureOf(await shop.jobs.enqueue(job))

    expect(failure).toMatchObject({ name: 'StepFailedError', cause: { message: 'provider does not know' } })
  })
})

describe('an at-most-once body whose worker stops in a process that lives on', () => {
  test('keeps the lease until it has ended, and its end is stored', async () => {
    const shop = await openFixture()
    const began = Promise.withResolvers<void>()
    const ends = Promise.withResolvers<string>()
    let bodies = 0
    const job = defineJob({ name: 'charging' }, ({ step }) =>
      step.run(
        'charge',
        () => {
          bodies++
          began.resolve()
          return ends.promise
        },
        { atMostOnce: true },
      ),
    )
    const first = await shop.work(job, { lease: 300, healthPort: 0 })
    const handle = await shop.jobs.enqueue(job)
    await began.promise
    const stopped = first.stop({ timeout: 0 })
    await first.stopped
    const second = await shop.work(job)
    // Two leases of the first worker, in which it must continue to renew.
    for (let i = 0; i < 3; i++) await leaseRenewed(shop, first.name)
    const ready = `http://127.0.0.1:${await first.healthPort()}/ready`
    await expect.poll(async () => (await fetch(ready)).status).toBe(503)
    ends.resolve('charged')
    expect(await handle.result({ timeout: '2m' })).toBe('charged')
    expect(await handle.status()).toMatchObject({ attempt: 1, losses: 0 })
    expect(bodies).toBe(1)
    await stopped
    await second.stop()
  })
})

/** Resolves at the next renewal of the worker. */
async function leaseRenewed(shop: Fixture, name: string): Promise<void> {
  const seen = async (): Promise<number> => {
    const worker = (await shop.jobs.inspector.workers()).find((one) => one.name === name)
    return worker?.leaseLeftMs ?? Number.NaN
  }
  for (let left = await seen(); ; ) {
    const next = await seen()
    if (Number.isNaN(next)) throw new Error('the lease is gone')
    if (next > left) return
    left = next
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
