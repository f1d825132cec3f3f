import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { defineJob, FatalError, type Limiter, limits, RateLimitedError } from '../../../sdk/index.ts'
import { failureOf, gate, openFixture } from '../../support/fixture.ts'

/** Counts concurrent executions, per key. */
class Meter {
  readonly most = new Map<string, number>()
  readonly #now = new Map<string, number>()

  async during(key: string, ms = 10): Promise<void> {
    const now = (this.#now.get(key) ?? 0) + 1
    this.#now.set(key, now)
    this.most.set(key, Math.max(now, this.most.get(key) ?? 0))
    await wait(ms)
    this.#now.set(key, (this.#now.get(key) ?? 0) - 1)
  }
}

describe('limits of a job', () => {
  test('runs of one key take turns, those of another do not wait', async () => {
    const { jobs, work } = await openFixture()
    const meter = new Meter()
    const tenant = limits.concurrency({ name: 'tenant', max: 2 })
    const job = defineJob<{ tenant: string }, void>(
      { name: 'job', limits: [{ limiter: tenant, key: ({ tenant: key }) => key }] },
      ({ input }) => meter.during(input.tenant),
    )
    const inputs = Array.from({ length: 40 }, (_, i) => ({ tenant: `t${i % 4}` }))
    const results = await jobs.enqueueMany(job, inputs)
    await work(job, { concurrency: 20 })
    await Promise.all(results.map((result) => 'handle' in result && result.handle.result({ timeout: '2m' })))
    expect(Object.fromEntries(meter.most)).toEqual({ t0: 2, t1: 2, t2: 2, t3: 2 })
  })

  test('an invalid key or cost is bad input, and nothing is stored', async () => {
    const { jobs } = await openFixture()
    const limiter = limits.concurrency({ name: 'one', max: 3 })
    const keyed = defineJob<{ key: string }>(
      { name: 'keyed', limits: [{ limiter, key: ({ key }) => key }] },
      () => 1,
    )
    await expect(jobs.enqueue(keyed, { key: '' })).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    const named = jobs.enqueue(keyed, undefined as never)
    await expect(named).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringMatching(
        /^the input of job 'keyed' does not fit its limits: the key of limiter 'one' threw/,
      ),
      cause: expect.any(TypeError),
    })
    const promised = defineJob<{ key: string }>(
      {
        name: 'promised',
        limits: [{ limiter, key: (async () => Promise.reject(new Error('late'))) as never }],
      },
      () => 1,
    )
    await expect(jobs.enqueue(promised, { key: 'a' })).rejects.toThrow(
      "the key of limiter 'one' is a promise",
    )
    const costly = defineJob<{ cost: number }>(
      { name: 'costly', limits: [{ limiter, cost: ({ cost }) => cost }] },
      () => 1,
    )
    await expect(jobs.enqueue(costly, { cost: 4 })).rejects.toThrow(/from 1 to 3/)
    expect((await jobs.inspector.runs({ limit: 10 })).runs).toEqual([])
  })

  test('wrong options are named', () => {
    const limiter = limits.concurrency({ name: 'one', max: 1 })
    const rate = limits.fixedWindow({ name: 'rate', limit: 1, window: '1s' })
    const define = (limit: unknown) => () => defineJob({ name: 'job', limits: [limit as never] }, () => 1)
    expect(define('one')).toThrow(/job 'job': limits\[0\]/)
    expect(define({ limiter: 'one' })).toThrow(/limits\[0\].limiter/)
    expect(define({ limiter, key: 'a' })).toThrow(/limits\[0\].key: write a function/)
    expect(define({ limiter, cost: 2 })).toThrow(/limits\[0\].cost is 2/)
    expect(define({ limiter: rate, hold: 'run' })).toThrow(/limits\[0\].hold/)
    expect(() => limits.concurrency({ name: '', max: 1 })).toThrow(/give the limiter a name/)
    expect(() => limits.concurrency({ name: 'x', max: 0 })).toThrow(/limiter 'x': max/)
    expect(() => limits.tokenBucket({ name: 'x', capacity: 1, refill: 1, every: 0 })).toThrow(/every/)
  })
})

describe('limiters', () => {
  const name = 'x'

  test.each([
    [limits.concurrency({ name, max: 3 }), { kind: 'concurrency', max: 3, everyMs: 0, refill: 0 }],
    [
      limits.fixedWindow({ name, limit: 4, window: '1s' }),
      { kind: 'fixedWindow', max: 4, everyMs: 1_000, refill: 0 },
    ],
    [
      limits.slidingWindow({ name, limit: 4, window: 20 }),
      { kind: 'slidingWindow', max: 4, everyMs: 20, refill: 0 },
    ],
    [
      limits.tokenBucket({ name, capacity: 9, refill: 2, every: '1m' }),
      { kind: 'tokenBucket', max: 9, everyMs: 60_000, refill: 2 },
    ],
    [
      limits.leakyBucket({ name, limit: 5, every: '1s' }),
      { kind: 'leakyBucket', max: 1, everyMs: 1_000, refill: 5 },
    ],
    [
      limits.leakyBucket({ name, limit: 5, every: '1s', burst: 7 }),
      { kind: 'leakyBucket', max: 7, everyMs: 1_000, refill: 5 },
    ],
    [
      limits.points({ name, points: 30, every: '1s' }),
      { kind: 'points', max: 30, everyMs: 1_000, refill: 30 },
    ],
  ])('limiter %#: its options become its rule', (limiter, rule) => {
    expect(limiter).toMatchObject({ name, rule })
  })

  test('each takes only the numbers of its kind', () => {
    const strange = { name, limit: 1, window: '1s', max: 2 } as const
    expect(() => limits.fixedWindow(strange)).toThrow(
      "limits.fixedWindow: unknown option 'max'; known are name, limit, window",
    )
    expect(() => limits.leakyBucket('mail' as never)).toThrow('write an object of options')
    expect(() => limits.points({ name, points: 2, every: '36500d' })).not.toThrow()
    expect(() => limits.tokenBucket({ name, capacity: 1e9, refill: 1, every: '36500d' })).toThrow(
      /so large a bucket/,
    )
  })
})

describe('limits of a step', () => {
  test('parallel steps of one run take turns', async () => {
    const { jobs, work } = await openFixture()
    const meter = new Meter()
    const api = limits.concurrency({ name: 'api', max: 2 })
    const job = defineJob<undefined, number[]>({ name: 'job' }, ({ step }) =>
      Promise.all(
        Array.from({ length: 8 }, (_, i) =>
          step.run('call', () => meter.during('api').then(() => i), { key: i, limits: [api] }),
        ),
      ),
    )
    await work(job)
    const handle = await jobs.enqueue(job)
    expect(await handle.result({ timeout: '2m' })).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    expect(meter.most.get('api')).toBe(2)
  })

  test('a long wait frees the slot: the run waits for the limit and continues when it opens', async () => {
    const { jobs, work } = await openFixture()
    const api = limits.concurrency({ name: 'api', max: 1 })
    const { opened, open } = gate()
    const holder = defineJob({ name: 'holder' }, ({ step }) =>
      step.run('call', () => opened, { limits: [api] }),
    )
    const waiter = defineJob({ name: 'waiter' }, ({ step }) =>
      step.run('call', () => 'went', { limits: [api] }),
    )
    await work([holder, waiter], { concurrency: 2 })
    const held = await jobs.enqueue(holder)
    await expect.poll(() => jobs.inspector.limiterKeys('api', 1)).toMatchObject([{ used: 1 }])
    const waits = await jobs.enqueue(waiter)
    await expect
      .poll(() => waits.status())
      .toMatchObject({
        state: 'waiting',
        waitingFor: { kind: 'limit', name: 'api' },
      })
    open()
    expect(await waits.result({ timeout: '2m' })).toBe('went')
    await held.result({ timeout: '2m' })
    expect((await waits.status()).losses).toBe(0)
  })

  test('a RateLimitedError closes the key for all runs and spends no attempt', async () => {
    const { jobs, work } = await openFixture()
    const api = limits.concurrency({ name: 'api', max: 5 })
    const attempts: number[] = []
    let calls = 0
    const job = defineJob({ name: 'job' }, ({ step }) =>
      step.run(
        'call',
        ({ attempt }) => {
          attempts.push(attempt)
          if (++calls === 1) throw new RateLimitedError('300ms')
          return calls
        },
        { limits: [api], retry: { maxAttempts: 2 } },
      ),
    )
    await work(job)
    const handle = await jobs.enqueue(job)
    await expect
      .poll(() => jobs.inspector.limiterKeys('api', 1))
      .toMatchObject([{ closedMs: expect.any(Number) }])
    expect(await handle.result({ timeout: '2m' })).toBe(2)
    expect(attempts).toEqual([1, 1])
  })

  test('without limits a RateLimitedError is a RetryAfterError', async () => {
    const { jobs, work } = await openFixture()
    let calls = 0
    const job = defineJob({ name: 'job' }, ({ step }) =>
      step.run(
        'call',
        ({ attempt }) => {
          if (++calls < 3) throw new RateLimitedError('20ms')
          return attempt
        },
        { retry: 3 },
      ),
    )
    await work(job)
    expect(await (await jobs.enqueue(job)).result({ timeout: '2m' })).toBe(3)
  })

  test('the true cost replaces the estimate', async () => {
    const { jobs, work } = await openFixture()
    // So slow that no cost is refilled while the test runs.
    const points = limits.points({ name: 'points', points: 1_000, every: '365d' })
    const job = defineJob({ name: 'job' }, ({ step }) =>
      step.run('query', async ({ correctCost }) => correctCost(120), {
        limits: [{ limiter: points, cost: 50 }],
      }),
    )
    await work(job)
    await (await jobs.enqueue(job)).result({ timeout: '2m' })
    expect(await jobs.inspector.limiterKeys('points', 1)).toMatchObject([{ used: 120 }])
  })

  test('another limiter with a known name is refused, on a job and on a step', async () => {
    const { jobs, work } = await openFixture()
    const [ten, one] = [10, 1].map((max) => limits.concurrency({ name: 'api', max }))
    const first = defineJob({ name: 'first' }, ({ step }) =>
      step.run('call', () => 1, { limits: [ten as Limiter] }),
    )
    const second = defineJob({ name: 'second', retry: false }, ({ step }) =>
      step.run('call', () => 2, { limits: [one as Limiter] }),
    )
    await work([first, second])
    expect(await (await jobs.enqueue(first)).result({ timeout: '2m' })).toBe(1)
    const parked = await jobs.enqueue(second)
    await expect
      .poll(() => parked.status())
      .toMatchObject({
        state: 'blocked',
        error: { message: expect.stringMatching(/two limiters are named 'api' and differ/) },
      })
    const both = [ten, one].map((limiter, i) =>
      defineJob({ name: `job ${i}`, limits: [limiter as Limiter] }, () => i),
    )
    await expect(work(both)).rejects.toThrow(/two limiters are named 'api' and differ/)
  })

  test('correctCost without points says what is missing', async () => {
    const { jobs, work } = await openFixture()
    const job = defineJob({ name: 'job' }, ({ step }) =>
      step.run('query', ({ correctCost }) => correctCost(1), { retry: false }),
    )
    await work(job)
    expect((await failureOf(await jobs.enqueue(job))).cause).toMatchObject({ code: 'INVALID_OPTIONS' })
  })

  test('a failed step gives its slot to the next', async () => {
    const { jobs, work } = await openFixture()
    const api = limits.concurrency({ name: 'api', max: 1 })
    const job = defineJob<{ fails: boolean }, string>({ name: 'job' }, ({ step, input }) =>
      step.run(
        'call',
        () => {
          if (input.fails) throw new FatalError('no')
          return 'went'
        },
        { limits: [api] },
      ),
    )
    await work(job)
    const [bad, good] = [await jobs.enqueue(job, { fails: true }), await jobs.enqueue(job, { fails: false })]
    await failureOf(bad)
    expect(await good.result({ timeout: '2m' })).toBe('went')
  })
})
