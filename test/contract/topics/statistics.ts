import { expect } from 'vitest'
import { durationsIn } from '../../../runtime/store/duration-histogram.ts'
import type { JobStatistics, Statistics, StatisticsRange } from '../../../runtime/store/statistics.ts'
import { type Store, throughputMinutes } from '../../../runtime/store/store.ts'
import { byHand, newRun, plainError } from '../../support/stores/store-inputs.ts'
import type { Open } from '../../support/stores/store-under-test.ts'
import { completed, type TestWorker } from '../../support/stores/test-worker.ts'
import { type Contract, contractTest } from '../contract-test.ts'

const minuteMs = 60_000
const hourMs = 3_600_000
const ranges = ['5m', '1h', '24h'] as const
const nothing = { sumMs: 0, buckets: [] }

/** Moves the store's clock to where a minute, or an hour, begins. */
function begin({ advance, now }: Pick<Contract, 'advance' | 'now'>, periodMs = minuteMs): number {
  advance(periodMs - (now() % periodMs))
  return now()
}

/** The only job of a range. */
async function onlyJob(store: Store, range: StatisticsRange = '5m'): Promise<JobStatistics> {
  const { jobs } = await store.statistics(range)
  const [job, ...others] = jobs
  expect(others).toEqual([])
  if (job === undefined) throw new Error('there was to be a job')
  return job
}

async function enqueuedIn(store: Store, range: StatisticsRange): Promise<number> {
  return (await store.statistics(range)).jobs.reduce((sum, { enqueued }) => sum + enqueued, 0)
}

/** Points in which something happened: minutes or hours since `from`, and how many runs were enqueued. */
function busy({ points }: Statistics, from: number, periodMs: number): [period: number, enqueued: number][] {
  return points
    .filter(({ enqueued }) => enqueued > 0)
    .map(({ at, enqueued }) => [(at - from) / periodMs, enqueued])
}

/** Enqueues one run of a job, has it claimed after `waitMs` and completed after `runMs`. */
async function runOnce(
  { store, advance }: Contract,
  worker: TestWorker,
  waitMs: number,
  runMs: number,
): Promise<void> {
  await store.enqueue([newRun()])
  advance(waitMs)
  const run = await worker.claimOne()
  advance(runMs)
  await worker.settle(run, completed)
}

export function statisticsContract(open: Open): void {
  contractTest(open, 'a store without transitions has nothing to report', async ({ store, now }) => {
    for (const range of ranges) {
      const { points, ...rest } = await store.statistics(range)
      expect(rest).toEqual({ range, now: now(), coveredMs: 0, jobs: [], backlogs: [] })
      expect(points.map((point) => Object.keys(point).length)).toEqual(points.map(() => 5))
    }
    await expect(store.statistics('2h' as StatisticsRange)).rejects.toMatchObject({ code: 'INVALID_OPTIONS' })
  })

  contractTest(open, 'each job of each queue has its counts and times', async (contract) => {
    const { store, worker, advance } = contract
    begin(contract)
    const first = await worker()
    await runOnce(contract, first, 2, 5)
    await runOnce(contract, first, 100, 0)
    const [failing, cancelled, expiring] = [newRun(), newRun(), newRun({ expiresInMs: 10 })]
    await store.enqueue([failing])
    await first.settle(await first.claimOne(), { kind: 'failed', error: plainError })
    await store.enqueue([cancelled, expiring, newRun({ queue: 'mail' }), newRun({ job: 'other' })])
    await store.cancel(cancelled.id, byHand())
    advance(10)
    await first.claim(0)
    const none = { started: 0, completed: 0, failed: 0, cancelled: 0, expired: 0 }
    const idle = { ...none, enqueued: 1, wait: nothing, run: nothing, total: nothing }
    expect((await store.statistics('5m')).jobs).toEqual([
      {
        ...{ queue: 'default', job: 'job', enqueued: 5, started: 3, completed: 2, failed: 1, cancelled: 1 },
        ...{ expired: 1 },
        wait: { sumMs: 102, buckets: [1, 0, 1, 0, 0, 0, 0, 1] },
        run: { sumMs: 5, buckets: [2, 0, 0, 1] },
        total: { sumMs: 117, buckets: [2, 0, 0, 1, 1, 0, 0, 1] },
      },
      { queue: 'default', job: 'other', ...idle },
      { queue: 'mail', job: 'job', ...idle },
    ])
  })

  contractTest(
    open,
    'the total time begins at the enqueue, whatever happens in between',
    async (contract) => {
      const { store, worker, advance } = contract
      begin(contract)
      const first = await worker()
      await store.enqueue([newRun({ start: { kind: 'in', ms: 1_000 } })])
      advance(1_000)
      await first.claim(0)
      await first.settle(await first.claimOne(), { kind: 'retrying', error: plainError, delayMs: 500 })
      advance(500)
      await first.settle(await first.claimOne(), { kind: 'released' })
      const run = await first.claimOne()
      await store.cancel(run.id, byHand())
      advance(23)
      await first.settle(run, { kind: 'cancelled' })
      const { wait, total } = await onlyJob(store)
      expect(total).toEqual({ sumMs: 1_523, buckets: [...Array<number>(11).fill(0), 1] })
      expect(wait.sumMs).toBe(0)
    },
  )

  contractTest(open, 'a retry of an ended run counts as its enqueue', async (contract) => {
    const { store, worker, advance } = contract
    begin(contract)
    const run = newRun()
    await store.enqueue([run])
    const first = await worker()
    await first.settle(await first.claimOne(), { kind: 'failed', error: plainError })
    advance(4_000)
    await store.retry(run.id, {}, byHand())
    advance(30)
    await first.settle(await first.claimOne(), { kind: 'blocked', reason: 'why', digest: 'first' })
    advance(30)
    // Blocked is no end: its retry continues with the same time.
    await store.retry(run.id, {}, byHand())
    await first.settle(await first.claimOne(), completed)
    expect((await onlyJob(store)).total).toEqual({ sumMs: 60, buckets: [1, 0, 0, 0, 0, 0, 1] })
  })

  contractTest(open, 'every end has a total time', async (contract) => {
    const { store, worker, advance } = contract
    const first = await worker()
    const runs = [newRun(), newRun({ expiresInMs: 5 }), newRun(), newRun()]
    await store.enqueue(runs)
    await store.cancel(runs[0]?.id ?? '', byHand())
    advance(5)
    for (const run of await first.claim(2)) await first.settle(run, completed)
    const { completed: done, cancelled, expired, total } = await onlyJob(store)
    expect([done, cancelled, expired, durationsIn(total)]).toEqual([2, 1, 1, 4])
  })

  contractTest(open, 'points count each minute, and old events leave the range', async (contract) => {
    const { store, advance } = contract
    const minute = begin(contract)
    await store.enqueue([newRun(), newRun()])
    advance(minuteMs - 1)
    await store.enqueue([newRun()])
    advance(2 * minuteMs + 1)
    await store.enqueue([newRun({ queue: 'mail' })])
    const statistics = await store.statistics('5m')
    expect(busy(statistics, minute, minuteMs)).toEqual([
      [0, 3],
      [3, 1],
    ])
    expect(statistics.points.map(({ at }) => (at - minute) / minuteMs)).toEqual([-1, 0, 1, 2, 3])
    advance(2 * minuteMs - 1)
    expect(await enqueuedIn(store, '5m')).toBe(4)
    advance(1)
    expect(await enqueuedIn(store, '5m')).toBe(1)
    expect(await enqueuedIn(store, '1h')).toBe(4)
    advance(55 * minuteMs)
    expect((await store.statistics('1h')).points).toHaveLength(60)
    expect(busy(await store.statistics('1h'), minute, minuteMs)).toEqual([[3, 1]])
    expect(await enqueuedIn(store, '24h')).toBe(4)
  })

  contractTest(open, 'an hour is the sum of its minutes, at any time', async (contract) => {
    const { store, worker, advance } = contract
    const hour = begin(contract, hourMs)
    // More jobs than one new cell adds to their hours.
    const jobs = Array.from({ length: 25 }, (_, i) => `job ${i}`)
    for (const minutes of [1, 2]) {
      await store.enqueue(jobs.map((job) => newRun({ job })))
      expect(await enqueuedIn(store, '24h')).toBe(25 * minutes + 2 * (minutes - 1))
      advance(minuteMs)
      for (let i = 0; i < 2; i++) {
        await store.enqueue([newRun({ job: `late ${minutes} ${i}` })])
        expect(await enqueuedIn(store, '24h')).toBe(25 * minutes + 2 * (minutes - 1) + i + 1)
      }
    }
    for (const [waitMs, runMs] of [
      [3, 4],
      [0, 1],
      [500, 6],
    ] as const) {
      await runOnce(contract, await worker(), waitMs, runMs)
      advance(minuteMs)
    }
    for (let i = 0; i < 3; i++) await store.enqueue([newRun({ job: `latest ${i}` })])
    const statistics = await store.statistics('24h')
    expect(busy(statistics, hour, hourMs)).toEqual([[0, 60]])
    expect(statistics.points).toHaveLength(24)
    expect(statistics.jobs.find(({ job }) => job === 'job')).toMatchObject({
      ...{ enqueued: 3, started: 3, completed: 3 },
      ...{ wait: { sumMs: 503 }, run: { sumMs: 11 } },
      total: { sumMs: 514, buckets: [0, 1, 0, 1, 0, 0, 0, 0, 0, 1] },
    })
  })

  contractTest(
    open,
    'hours remain when their minutes are gone, over midnight and over quiet hours',
    async (contract) => {
      const { store, advance } = contract
      begin(contract, 24 * hourMs)
      advance(22 * hourMs + 59 * minuteMs)
      const evening = contract.now() - 59 * minuteMs
      await store.enqueue([newRun()])
      advance(59 * minuteMs)
      await store.enqueue([newRun(), newRun()])
      advance(2 * minuteMs)
      await store.enqueue([newRun()])
      // Each new minute drops old ones: those of the night are gone by then.
      advance(throughputMinutes * minuteMs)
      for (let i = 0; i < 3; i++) {
        await store.enqueue([newRun()])
        advance(minuteMs)
      }
      expect(await store.throughput(throughputMinutes)).toHaveLength(3)
      expect(busy(await store.statistics('24h'), evening, hourMs)).toEqual([
        [0, 1],
        [1, 2],
        [2, 1],
        [6, 3],
      ])
      advance(18 * hourMs)
      expect(busy(await store.statistics('24h'), evening, hourMs)).toEqual([
        [1, 2],
        [2, 1],
        [6, 3],
      ])
      advance(6 * hourMs)
      expect(await enqueuedIn(store, '24h')).toBe(0)
    },
  )

  contractTest(open, 'a clock that goes back counts everything once', async (contract) => {
    const { store, advance, moveClock } = contract
    const hour = begin(contract, hourMs)
    for (let i = 0; i < 4; i++) {
      await store.enqueue([newRun()])
      advance(minuteMs)
    }
    moveClock(-3 * minuteMs)
    await store.enqueue([newRun()])
    moveClock(-30 * minuteMs)
    await store.enqueue([newRun()])
    const early = await store.statistics('24h')
    expect(early.jobs[0]?.enqueued).toBe(1)
    expect(early.coveredMs).toBeGreaterThanOrEqual(0)
    advance(40 * minuteMs)
    await store.enqueue([newRun()])
    expect(busy(await store.statistics('1h'), hour, minuteMs)).toEqual([
      [-29, 1],
      [0, 1],
      [1, 2],
      [2, 1],
      [3, 1],
      [11, 1],
    ])
    expect(busy(await store.statistics('24h'), hour, hourMs)).toEqual([
      [-1, 1],
      [0, 6],
    ])
  })

  contractTest(open, 'the covered range grows with the store', async (contract) => {
    const { store, advance } = contract
    begin(contract, hourMs)
    await store.enqueue([newRun()])
    const covered = async (): Promise<number[]> =>
      Promise.all(ranges.map(async (range) => (await store.statistics(range)).coveredMs))
    advance(30_000)
    expect(await covered()).toEqual([30_000, 30_000, 30_000])
    advance(10 * minuteMs)
    expect(await covered()).toEqual([4.5 * minuteMs, 10.5 * minuteMs, 10.5 * minuteMs])
    await store.enqueue([newRun()])
    advance(2 * 24 * hourMs)
    expect(await covered()).toEqual([4.5 * minuteMs, 59.5 * minuteMs, 23 * hourMs + 10.5 * minuteMs])
  })

  contractTest(open, 'a backlog is that of the begin of each period', async (contract) => {
    const { store, worker, advance } = contract
    const hour = begin(contract, hourMs)
    const backlogs = async (range: StatisticsRange): Promise<(number | undefined)[]> => {
      const known = (await store.statistics(range)).points.filter(({ at }) => at >= hour)
      return known.map(({ backlog }) => backlog)
    }
    await store.enqueue([newRun(), newRun(), newRun({ queue: 'mail' })])
    await store.enqueue([newRun({ start: { kind: 'in', ms: 24 * hourMs } })])
    expect(await backlogs('5m')).toEqual([0])
    advance(minuteMs)
    expect(await backlogs('5m')).toEqual([0, 3])
    const first = await worker({ queues: ['default'] })
    await first.settle(await first.claimOne(), completed)
    // A quiet minute starts with the value of the next sample, or with the current one.
    advance(2 * minuteMs)
    expect(await backlogs('5m')).toEqual([0, 3, 2, 2])
    await store.enqueue([newRun({ queue: 'new' })])
    expect(await backlogs('5m')).toEqual([0, 3, 2, 2])
    const { backlogs: queues, points } = await store.statistics('5m')
    expect(points[0]).not.toHaveProperty('backlog')
    expect(queues).toEqual([
      { queue: 'default', now: 1, before: 0, beforeAt: hour },
      { queue: 'mail', now: 1, before: 0, beforeAt: hour },
      { queue: 'new', now: 1, before: 0, beforeAt: hour },
    ])
    advance(hourMs)
    expect(await backlogs('24h')).toEqual([0, 3])
    const second = await worker({ queues: ['default'] })
    await second.settle(await second.claimOne(), completed)
    expect((await store.statistics('5m')).backlogs).toEqual([
      { queue: 'default', now: 0, before: 1, beforeAt: hour + hourMs - minuteMs },
      { queue: 'mail', now: 1, before: 1, beforeAt: hour + hourMs - minuteMs },
      { queue: 'new', now: 1, before: 1, beforeAt: hour + hourMs - minuteMs },
    ])
  })

  contractTest(open, 'the range of an hour shows backlogs of 10 and 5 minutes ago', async (contract) => {
    const { store, advance } = contract
    const from = begin(contract)
    await store.enqueue([newRun({ queue: 'mail' })])
    advance(4 * minuteMs)
    // No transition happens in the minute 10 before the read: the next sample shows its value.
    await store.enqueue([newRun({ queue: 'mail' }), newRun()])
    advance(6 * minuteMs)
    await store.enqueue([newRun({ queue: 'mail' })])
    advance(3 * minuteMs)
    await store.enqueue([newRun({ queue: 'new' })])
    const at = [from + 3 * minuteMs, from + 8 * minuteMs] as const
    const { backlogs } = await store.statistics('1h')
    expect(backlogs).toMatchObject([
      {
        queue: 'default',
        recent: [
          { at: at[0], count: 0 },
          { at: at[1], count: 1 },
        ],
      },
      {
        queue: 'mail',
        recent: [
          { at: at[0], count: 1 },
          { at: at[1], count: 2 },
        ],
      },
      {
        queue: 'new',
        recent: [
          { at: at[0], count: 0 },
          { at: at[1], count: 0 },
        ],
      },
    ])
    for (const range of ['5m', '24h'] as const) {
      for (const backlog of (await store.statistics(range)).backlogs)
        expect(backlog).not.toHaveProperty('recent')
    }
  })

  contractTest(open, 'recent backlogs are shown once the store is that old', async (contract) => {
    const { store, advance } = contract
    begin(contract)
    await store.enqueue([newRun()])
    advance(9 * minuteMs)
    expect((await store.statistics('1h')).backlogs[0]).not.toHaveProperty('recent')
    advance(minuteMs)
    expect((await store.statistics('1h')).backlogs[0]?.recent?.map(({ count }) => count)).toEqual([0, 1])
  })

  contractTest(open, 'every connection reads the same statistics', async ({ store, another, advance }) => {
    await store.enqueue([newRun(), newRun({ queue: 'mail' })])
    advance(minuteMs)
    const other = await another()
    await other.enqueue([newRun()])
    for (const range of ranges) {
      expect(await other.statistics(range)).toEqual(await store.statistics(range))
      expect(await enqueuedIn(other, range)).toBe(3)
    }
  })
}
