import { expect } from 'vitest'
import type { NewRun } from '../../../runtime/store/new-run.ts'
import { type Overview, overviewBounds } from '../../../runtime/store/overview.ts'
import { isNotable, type ScheduleSpec } from '../../../runtime/store/schedules.ts'
import type { StatisticsRange } from '../../../runtime/store/statistics.ts'
import type { Store } from '../../../runtime/store/store.ts'
import { acquire, limited, limitedRun, one, two, use, window } from '../../support/stores/limit-inputs.ts'
import { byHand, encoded, newRun, plainError } from '../../support/stores/store-inputs.ts'
import type { Open } from '../../support/stores/store-under-test.ts'
import { completed } from '../../support/stores/test-worker.ts'
import { type Contract, contractTest } from '../contract-test.ts'

const minuteMs = 60_000

function overview(store: Store, range: StatisticsRange = '5m'): Promise<Overview> {
  return store.overview({ range })
}

/** The results of the single reads. */
async function singleReads(
  { store, now }: Contract,
  range: StatisticsRange,
): Promise<Omit<Overview, 'longestHeld' | 'cut' | 'limiters'>> {
  const { events, cursor } = await store.events({ log: 'operations', limit: overviewBounds.operations })
  return {
    now: now(),
    ...{ cursor, epoch: cursor.split('-')[0] ?? '' },
    operations: events.filter((event) => event.kind === 'operation'),
    counts: await store.counts(),
    queues: await store.queues(),
    workers: await store.workers(),
    leaders: await store.leaders(),
    schedules: (await store.schedules()).filter((schedule) => isNotable(schedule, now())),
    failures: await store.failures({ limit: overviewBounds.failures }),
    mutes: await store.mutes(),
    statistics: await store.statistics(range),
  }
}

async function expectSingleReads(contract: Contract): Promise<void> {
  const { store } = contract
  for (const range of ['5m', '1h', '24h'] as const) {
    const { longestHeld: _, cut, limiters, ...told } = await overview(store, range)
    expect(told).toEqual(await singleReads(contract, range))
    const waiting = (await store.limiters()).filter((limiter) => limiter.waiting > 0)
    expect(limiters.filter((limiter) => limiter.waiting > 0)).toMatchObject(waiting)
    expect(cut).toEqual([])
  }
}

function specOf(over: Partial<ScheduleSpec> = {}): ScheduleSpec {
  const { id: _, start: __, ...run } = newRun({ input: encoded({ file: 'nightly' }) })
  const rules = { missed: 'one', cap: 100, overlap: 'skip', jitterMs: 0 } as const
  return { cron: '* * * * *', timeZone: 'UTC', ...rules, run, ...over }
}

/** Names of the schedules in an overview. */
async function notable(store: Store): Promise<string[]> {
  return (await overview(store)).schedules.map(({ name }) => name)
}

export function overviewContract(open: Open): void {
  contractTest(open, 'an empty store has nothing to report', async (contract) => {
    await expectSingleReads(contract)
    expect(await overview(contract.store)).toMatchObject({
      ...{ counts: [], queues: [], workers: [], leaders: [], limiters: [], schedules: [], longestHeld: [] },
    })
    const refused = overview(contract.store, '2h' as StatisticsRange)
    await expect(refused).rejects.toMatchObject({ code: 'INVALID_OPTIONS' })
  })

  contractTest(open, 'each part matches its own read', async (contract) => {
    const { store, worker, advance } = contract
    await store.enqueue([
      ...Array.from({ length: 5 }, () => newRun()),
      ...[newRun({ queue: 'mail' }), newRun({ queue: 'mail', job: 'other', priority: 5 })],
      newRun({ start: { kind: 'in', ms: 10 * minuteMs } }),
    ])
    const first = await worker({ queues: ['default'], leaseMs: 10 * minuteMs })
    await worker({ name: 'lost', leaseMs: minuteMs })
    expect(await store.campaign('leader', first.lease, 10 * minuteMs)).toMatchObject({ kind: 'leading' })
    const [done, failing, cancelling] = await first.claim(4)
    if (!done || !failing || !cancelling) throw new Error('runs were to be claimed')
    advance(1_500)
    await first.settle(done, completed)
    const mark = { fingerprint: 'f1:1', step: 'pay', name: 'Error', text: 'broken', version: 1 }
    await first.settle(failing, { kind: 'failed', error: plainError, mark })
    await store.muteFinding('paused-queue:mail', 60_000, byHand({ reason: 'known' }))
    await store.muteFinding('ended', 1, byHand())
    await store.cancel(cancelling.id, byHand())
    await store.pauseQueue('mail', byHand({ reason: 'too fast' }))
    await store.putSchedule('paused', specOf(), byHand())
    await store.pauseSchedule('paused', byHand())
    await store.putSchedule('fresh', specOf(), byHand())
    await expectSingleReads(contract)
    for (let i = 0; i < 8; i++) {
      advance(minuteMs / 4)
      await first.renew()
    }
    await expectSingleReads(contract)
    const { workers, failures, operations } = await overview(store)
    expect(failures).toMatchObject([{ fingerprint: 'f1:1', failedNow: 1 }])
    expect(operations.map(({ operation }) => operation)).toEqual(
      expect.arrayContaining(['worker joined', 'pause queue']),
    )
    expect(workers.filter(({ lost }) => lost).map(({ name }) => name)).toEqual(['lost'])
    contract.moveClock(3 * minuteMs)
    await expectSingleReads(contract)
  })

  contractTest(open, 'limiters that have waiters or are closed are listed', async (contract) => {
    const { store, advance } = contract
    const worker = await limited(contract)
    const told = async (): Promise<unknown[]> =>
      (await overview(store)).limiters.map(({ name, waiting, keys, closedMs }) => [
        name,
        waiting,
        keys,
        closedMs,
      ])
    await store.enqueue([limitedRun(two), newRun()])
    const [holder, free] = await worker.claim(2)
    if (!holder || !free) throw new Error('two runs were to be claimed')
    expect(await told()).toEqual([])
    await store.enqueue([
      ...Array.from({ length: 3 }, () => limitedRun(one)),
      limitedRun(one, { use: { key: 'a' } }),
      limitedRun(two),
      limitedRun(two),
    ])
    await worker.claim(10)
    expect(await told()).toEqual([
      ['one', 2, 2, undefined],
      ['two', 1, 1, undefined],
    ])
    expect(await acquire(worker, free, 'call', [use(window)])).toEqual({ kind: 'granted' })
    const turn = { run: free.id, fence: free.fence, path: 'call', turn: 1 }
    await store.closeKeys(worker.lease, { ...turn, closedMs: 5_000 })
    await store.setLimiter('two', { max: 1 }, byHand())
    advance(1_000)
    expect(await told()).toEqual([
      ['one', 2, 2, undefined],
      ['two', 1, 1, undefined],
      ['window', 0, 1, 4_000],
    ])
    const { limiters } = await overview(store)
    expect(limiters).toMatchObject(
      (await store.limiters()).filter(({ name }) => ['one', 'two', 'window'].includes(name)),
    )
    advance(4_000)
    expect(await told()).toHaveLength(2)
  })

  contractTest(
    open,
    'schedules that are paused, overdue, or missed a tick lately are listed',
    async (contract) => {
      const { store, worker, now, advance } = contract
      const leader = await worker({ leaseMs: 86_400_000 })
      const elected = await store.campaign('leader', leader.lease, 86_400_000)
      if (elected.kind !== 'leading') throw new Error('somebody else leads')
      const names = ['fine', 'late', 'missed', 'waits']
      for (const name of names) await store.putSchedule(name, specOf(), byHand())
      const tick = now() + minuteMs
      const fire = async (name: string, move: Parameters<Store['fire']>[0]['move']): Promise<void> => {
        const fires = { schedule: name, revision: 1, fence: elected.term, move }
        expect(await store.fire(fires)).toMatchObject({ kind: 'done' })
      }
      for (const name of names) await fire(name, { kind: 'plan', next: { tick, dueAt: tick } })
      expect(await notable(store)).toEqual([])
      advance(minuteMs + 999)
      expect(await notable(store)).toEqual([])
      advance(1)
      expect(await notable(store)).toEqual(names)
      const later = { tick: tick + 600 * minuteMs, dueAt: tick + 600 * minuteMs }
      const runOf = (name: string) => newRun({ id: `${name}-${tick}`, scheduledFor: tick })
      const run = { kind: 'run', tick, caughtUp: false, overlap: 'allow', cap: 100, next: later } as const
      // Jitter may put a tick off: it isn't late then.
      await fire('fine', { ...run, dueAt: now(), run: runOf('fine') })
      await fire('late', { ...run, dueAt: tick, run: runOf('late') })
      await fire('missed', { kind: 'skip', tick, until: tick, count: 1, why: 'missed', next: later })
      expect(await notable(store)).toEqual(['late', 'missed', 'waits'])
      await fire('waits', { ...run, dueAt: now(), run: runOf('waits') })
      await store.pauseSchedule('fine', byHand())
      expect(await notable(store)).toEqual(['fine', 'late', 'missed'])
      await store.resumeSchedule('fine', byHand())
      expect(await notable(store)).toEqual(['late', 'missed'])
      advance(60 * minuteMs + 1)
      expect(await notable(store)).toEqual([])
    },
  )

  contractTest(open, 'the longest-held runs are listed, the longest first', async (contract) => {
    const { store, worker, advance } = contract
    const first = await worker({ concurrency: 100, leaseMs: 10 * minuteMs })
    const claimed: string[] = []
    for (let i = 0; i < overviewBounds.longestHeld + 5; i++) {
      await store.enqueue([newRun()])
      claimed.push((await first.claimOne()).id)
      advance(10)
    }
    await store.cancel(claimed[1] ?? '', byHand())
    const { longestHeld, cut } = await overview(store)
    expect(cut).toEqual([])
    expect(longestHeld.map(({ run }) => run)).toEqual(claimed.slice(0, overviewBounds.longestHeld))
    const base = { job: 'job', queue: 'default', version: 1, worker: first.name }
    expect(longestHeld.slice(0, 2)).toEqual([
      { ...base, run: claimed[0], heldMs: 550 },
      { ...base, run: claimed[1], heldMs: 540 },
    ])
  })

  contractTest(open, 'items beyond the bounds are left out, and the part is named', async (contract) => {
    const { store, worker, advance } = contract
    const jobs = Array.from({ length: Math.ceil(overviewBounds.counts / 3) + 1 }, (_, i) => `job ${i}`)
    const enqueue = async (over: Partial<NewRun> = {}): Promise<void> => {
      await store.enqueue(jobs.map((job) => newRun({ job, ...over })))
      advance(minuteMs)
    }
    // Of each job three counters and three cells.
    await enqueue({ queue: 'a' })
    await enqueue({ start: { kind: 'in', ms: 10 * minuteMs } })
    const served = jobs.map((name) => ({ name, version: 1, queue: 'a', digest: '' }))
    const first = await worker({ jobs: served, queues: ['a'] })
    await first.claim(100)
    await enqueue({ queue: 'b', start: { kind: 'in', ms: 10 * minuteMs } })
    for (let i = 0; i <= overviewBounds.schedules; i++) {
      await store.putSchedule(`schedule ${i}`, specOf(), byHand())
      await store.pauseSchedule(`schedule ${i}`, byHand())
    }
    const { counts, schedules, statistics, cut, longestHeld } = await overview(store, '1h')
    expect(cut.toSorted()).toEqual(['counts', 'queues', 'schedules', 'statistics'])
    expect(counts).toHaveLength(overviewBounds.counts)
    expect(schedules).toHaveLength(overviewBounds.schedules)
    expect(statistics.cut).toBe(true)
    expect(longestHeld).toHaveLength(overviewBounds.longestHeld)
  })

  contractTest(open, 'as many schedules with large inputs are listed as fit', async ({ store }) => {
    const half = overviewBounds.scheduleBytes / 2
    for (const name of ['a', 'b', 'c']) {
      const run = { ...specOf().run, input: encoded('x'.repeat(half - 10_000)) }
      await store.putSchedule(name, specOf({ run }), byHand())
      await store.pauseSchedule(name, byHand())
    }
    const { schedules, cut } = await overview(store)
    expect(cut).toEqual(['schedules'])
    expect(schedules).toHaveLength(2)
  })
}
