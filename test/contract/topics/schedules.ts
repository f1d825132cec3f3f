import { expect } from 'vitest'
import type { OverlapPolicy } from '../../../runtime/model/schedule-options.ts'
import type { WorkerDefinition } from '../../../runtime/store/definitions.ts'
import type { NewRun } from '../../../runtime/store/new-run.ts'
import {
  encodeSpec,
  type Fire,
  type FireMove,
  type FireReply,
  type LedgerLine,
  retainedPauses,
  type ScheduleSpec,
} from '../../../runtime/store/schedules.ts'
import type { NewWorker, Store } from '../../../runtime/store/store.ts'
import { byHand, encoded, newRun } from '../../support/stores/store-inputs.ts'
import type { Open } from '../../support/stores/store-under-test.ts'
import { completed, type TestWorker } from '../../support/stores/test-worker.ts'
import { type Contract, contractTest } from '../contract-test.ts'
import { hearsEach } from '../hears-each.ts'

const minute = 60_000

function specOf(over: Partial<ScheduleSpec> = {}): ScheduleSpec {
  const { id: _, start: __, ...run } = newRun({ input: encoded({ file: 'nightly' }), tags: ['eu'] })
  return {
    cron: '* * * * *',
    timeZone: 'UTC',
    missed: 'one',
    cap: 100,
    overlap: 'skip',
    jitterMs: 0,
    run,
    ...over,
  }
}

function declared(spec: ScheduleSpec | undefined, name = 'report'): Partial<NewWorker> {
  const encodedSpec = spec && encodeSpec(name, spec)
  const definition: WorkerDefinition = {
    ...{ kind: 'schedule', name },
    digest: encodedSpec?.digest ?? 'none',
    definition: encodedSpec?.bytes ?? new Uint8Array(),
  }
  return { definitions: [definition], leaseMs: 86_400_000 }
}

/** A leader as a test plays it, on the schedule `report`, whose ticks are whole minutes. */
class TestLeader {
  readonly worker: TestWorker
  readonly store: Store
  readonly term: number

  constructor(worker: TestWorker, store: Store, term: number) {
    this.worker = worker
    this.store = store
    this.term = term
  }

  static async elect({ store, worker }: Contract): Promise<TestLeader> {
    const elected = await worker({ leaseMs: 86_400_000 })
    const answer = await store.campaign('leader', elected.lease, 86_400_000)
    if (answer.kind !== 'leading') throw new Error('somebody else leads')
    return new TestLeader(elected, store, answer.term)
  }

  async fire(move: FireMove, over: Partial<Fire> = {}): Promise<FireReply> {
    const revision = (await this.store.schedules()).find(({ name }) => name === 'report')?.revision ?? 0
    return this.store.fire({ schedule: 'report', revision, fence: this.term, move, ...over })
  }

  plan(tick: number): Promise<FireReply> {
    return this.fire({ kind: 'plan', next: { tick, dueAt: tick } })
  }
}

function runOf(tick: number): NewRun {
  return newRun({ id: `report-${tick}`, scheduledFor: tick, input: encoded({ file: 'nightly' }) })
}

function tickRun(
  tick: number,
  over: { overlap?: OverlapPolicy; caughtUp?: boolean; cap?: number; dueAt?: number; run?: NewRun } = {},
): Extract<FireMove, { kind: 'run' }> {
  const next = { tick: tick + minute, dueAt: tick + minute }
  return {
    kind: 'run',
    tick,
    dueAt: tick,
    caughtUp: false,
    overlap: 'skip',
    cap: 100,
    run: runOf(tick),
    next,
    ...over,
  }
}

async function outcomes(store: Store): Promise<LedgerLine['outcome'][]> {
  return (await store.ledger('report', { limit: 100 })).map(({ outcome }) => outcome).reverse()
}

/** A leader, and the schedule planned for the next minute; returns that tick once it is due. */
async function due(
  contract: Contract,
  over: Partial<ScheduleSpec> = {},
): Promise<{ leader: TestLeader; tick: number }> {
  const { store, now, advance } = contract
  const leader = await TestLeader.elect(contract)
  await store.putSchedule('report', specOf(over), byHand())
  const tick = now() + minute
  await leader.plan(tick)
  advance(minute)
  return { leader, tick }
}

export function schedulesContract(open: Open): void {
  contractTest(open, 'a put schedule waits to be planned, with all its options', async ({ store, now }) => {
    const spec = specOf({ jitterMs: 5_000, overlap: 'queue' })
    await store.putSchedule('report', spec, byHand({ reason: 'nightly' }))
    const answer = await store.dueSchedules(10)
    expect(answer.now).toBe(now())
    expect(answer.schedules).toEqual([
      { name: 'report', revision: 1, since: now(), spec, paused: false, pauses: [] },
    ])
    expect(await store.schedules()).toMatchObject([{ name: 'report', origin: 'hand', overdueMs: 0, spec }])
    expect(await store.ledger('report', { limit: 10 })).toEqual([
      { n: 1, at: now(), outcome: 'declared', by: 'ana', reason: 'nightly' },
    ])
  })

  contractTest(open, 'the leader learns of schedules that may be due sooner', async (contract) => {
    const { store, another, worker } = contract
    const elsewhere = await another()
    let n = 0
    await hearsEach(
      (listener) => elsewhere.onScheduleChange(listener),
      [
        () => store.putSchedule('report', specOf({ cap: ++n }), byHand()),
        () => store.pauseSchedule('report', byHand()),
        () => store.resumeSchedule('report', byHand()),
        () => worker(declared(specOf({ cap: ++n }), 'declared')),
        // A declaration that its code no longer has.
        async () => store.resign((await worker()).lease, []),
      ],
    )
  })

  contractTest(open, 'a planned schedule is due at its time, not before', async (contract) => {
    const { store, now, advance } = contract
    const leader = await TestLeader.elect(contract)
    await store.putSchedule('report', specOf(), byHand())
    const tick = now() + minute
    expect(await leader.plan(tick)).toEqual({ kind: 'done', outcome: 'planned' })
    expect(await store.dueSchedules(10)).toEqual({ now: now(), schedules: [], nextDueInMs: minute })
    advance(minute)
    expect((await store.dueSchedules(10)).schedules).toMatchObject([{ name: 'report', nextTick: tick }])
  })

  contractTest(open, 'a tick becomes a run that carries it, and the schedule moves on', async (contract) => {
    const { store, advance, worker } = contract
    const { leader, tick } = await due(contract)
    advance(999)
    expect(await leader.fire(tickRun(tick))).toEqual({
      kind: 'done',
      outcome: 'fired',
      run: `report-${tick}`,
    })
    expect(await store.run(`report-${tick}`)).toMatchObject({
      state: 'ready',
      schedule: 'report',
      scheduledFor: tick,
    })
    expect(await (await worker()).claimOne()).toMatchObject({
      id: `report-${tick}`,
      schedule: 'report',
      scheduledFor: tick,
    })
    expect(await store.schedules()).toMatchObject([
      { nextTick: tick + minute, last: { outcome: 'fired', tick } },
    ])
    expect(await store.ledger('report', { limit: 1 })).toEqual([
      { n: 2, at: tick + 999, outcome: 'fired', tick, run: `report-${tick}` },
    ])
  })

  contractTest(open, 'a repeat, also a late one, changes nothing', async (contract) => {
    const { store, advance } = contract
    const { leader, tick } = await due(contract, { overlap: 'allow' })
    const first = tickRun(tick, { overlap: 'allow' })
    await leader.fire(first)
    expect(await leader.fire(first)).toEqual({ kind: 'moved' })
    advance(minute)
    await leader.fire(tickRun(tick + minute, { overlap: 'allow' }))
    expect(await leader.fire(first)).toEqual({ kind: 'moved' })
    expect((await store.runs({ limit: 10 })).runs).toHaveLength(2)
    expect(await outcomes(store)).toEqual(['declared', 'fired', 'fired'])
  })

  contractTest(open, 'a late repeat of a put or a resume undoes nothing newer', async ({ store }) => {
    const [put, resume] = [byHand(), byHand()]
    await store.putSchedule('report', specOf(), put)
    await store.putSchedule('report', specOf({ cron: '5 * * * *' }), byHand())
    await store.putSchedule('report', specOf(), put)
    await store.pauseSchedule('report', byHand())
    await store.resumeSchedule('report', resume)
    await store.pauseSchedule('report', byHand())
    await store.resumeSchedule('report', resume)
    expect(await store.schedules()).toMatchObject([{ spec: { cron: '5 * * * *' }, paused: { by: 'ana' } }])
  })

  contractTest(open, 'two leaders at once fire a tick once', async (contract) => {
    const { store, another } = contract
    const { leader, tick } = await due(contract)
    const other = await another()
    const [revision, fence] = [1, leader.term]
    const fire = { schedule: 'report', revision, fence, move: tickRun(tick) }
    const answers = await Promise.all([store.fire(fire), other.fire(fire)])
    expect(answers.map(({ kind }) => kind).sort()).toEqual(['done', 'moved'])
    expect(await outcomes(store)).toEqual(['declared', 'fired'])
  })

  contractTest(open, 'a tick is not fired before it is due', async (contract) => {
    const { store, now } = contract
    const { leader, tick } = await due(contract)
    const late = tickRun(tick, { dueAt: tick + 5_000 })
    expect(await leader.fire(late)).toEqual({ kind: 'early', remainingMs: 5_000 })
    const skip = { kind: 'skip', tick, until: now() + 1, count: 1, why: 'missed' } as const
    expect(await leader.fire(skip)).toEqual({ kind: 'early', remainingMs: 1 })
    expect(await outcomes(store)).toEqual(['declared'])
  })

  contractTest(open, 'only the current term fires', async (contract) => {
    const { store } = contract
    const { leader, tick } = await due(contract)
    expect(await leader.fire(tickRun(tick), { fence: leader.term - 1 })).toEqual({ kind: 'not leading' })
    await store.resignTerm('leader', leader.term, leader.worker.lease)
    expect(await leader.fire(tickRun(tick))).toEqual({ kind: 'not leading' })
    const next = await TestLeader.elect(contract)
    expect(await leader.fire(tickRun(tick))).toEqual({ kind: 'not leading' })
    expect(await next.fire(tickRun(tick))).toMatchObject({ kind: 'done', outcome: 'fired' })
  })

  contractTest(open, 'another revision, tick or schedule counts as moved', async (contract) => {
    const { store } = contract
    const { leader, tick } = await due(contract)
    expect(await leader.fire(tickRun(tick), { revision: 7 })).toEqual({ kind: 'moved' })
    expect(await leader.fire(tickRun(tick + minute))).toEqual({ kind: 'moved' })
    expect(await leader.fire(tickRun(tick), { schedule: 'other' })).toEqual({ kind: 'moved' })
    expect(await leader.plan(tick)).toEqual({ kind: 'moved' })
    expect(await outcomes(store)).toEqual(['declared'])
  })

  contractTest(open, 'a tick is late after a second, or caught up', async (contract) => {
    const { store, advance } = contract
    const { leader, tick } = await due(contract, { overlap: 'allow' })
    advance(1_500)
    await leader.fire(tickRun(tick, { overlap: 'allow' }))
    advance(10 * minute)
    await leader.fire(tickRun(tick + minute, { overlap: 'allow', caughtUp: true }))
    expect(await store.ledger('report', { limit: 2 })).toMatchObject([
      { outcome: 'caught up', tick: tick + minute, lateMs: 9 * minute + 1_500 },
      { outcome: 'late', tick, lateMs: 1_500 },
    ])
  })

  contractTest(
    open,
    'a series of missed ticks is one ledger entry, also when it arrives in parts',
    async (contract) => {
      const { store, advance } = contract
      const { leader, tick } = await due(contract)
      advance(60 * minute)
      const skip = (from: number, n: number): FireMove => {
        const [until, next] = [from + (n - 1) * minute, from + n * minute]
        return { kind: 'skip', tick: from, until, count: n, why: 'missed', next: { tick: next, dueAt: next } }
      }
      expect(await leader.fire(skip(tick, 10))).toEqual({ kind: 'done', outcome: 'skipped' })
      await leader.fire(skip(tick + 10 * minute, 5))
      expect(await leader.fire(skip(tick, 10))).toEqual({ kind: 'moved' })
      expect(await store.ledger('report', { limit: 1 })).toMatchObject([
        { n: 2, outcome: 'skipped', why: 'missed', tick, until: tick + 14 * minute, count: 15 },
      ])
      expect(await store.schedules()).toMatchObject([{ nextTick: tick + 15 * minute }])
    },
  )

  contractTest(open, 'overlap skip names the live run', async (contract) => {
    const { store, advance, worker } = contract
    const { leader, tick } = await due(contract)
    await leader.fire(tickRun(tick))
    advance(minute)
    await leader.fire(tickRun(tick + minute))
    expect(await store.ledger('report', { limit: 1 })).toMatchObject([
      { outcome: 'skipped', why: 'overlap', other: `report-${tick}`, tick: tick + minute },
    ])
    const first = await worker()
    await first.settle(await first.claimOne(), completed)
    advance(minute)
    expect(await leader.fire(tickRun(tick + 2 * minute))).toMatchObject({ outcome: 'fired' })
  })

  contractTest(open, 'overlap queue runs one after the other, and at most the cap wait', async (contract) => {
    const { store, advance, worker } = contract
    const { leader, tick } = await due(contract, { overlap: 'queue', cap: 1 })
    const ticks = [tick, tick + minute, tick + 2 * minute]
    for (const one of ticks) {
      await leader.fire(tickRun(one, { overlap: 'queue', cap: 1 }))
      advance(minute)
    }
    expect(await outcomes(store)).toEqual(['declared', 'fired', 'queued', 'skipped'])
    expect(await store.ledger('report', { limit: 1 })).toMatchObject([
      { why: 'queue full', other: `report-${tick}` },
    ])
    const queued = { kind: 'queued run', tick: tick + minute, run: runOf(tick + minute) } as const
    expect(await leader.fire(queued)).toEqual({ kind: 'waits' })
    expect((await store.dueSchedules(10)).schedules.map(({ queuedTick }) => queuedTick)).toEqual([undefined])
    const first = await worker()
    await first.settle(await first.claimOne(), completed)
    advance(1_000)
    expect((await store.dueSchedules(10)).schedules).toMatchObject([{ queuedTick: tick + minute }])
    expect(await leader.fire(queued)).toMatchObject({ outcome: 'fired', run: `report-${tick + minute}` })
    expect(await leader.fire(queued)).toEqual({ kind: 'moved' })
    expect(await store.schedules()).toMatchObject([{ queued: [] }])
  })

  contractTest(open, 'ticks of a pause are paused, whatever the leader planned', async (contract) => {
    const { store, now } = contract
    const { leader, tick } = await due(contract)
    await store.pauseSchedule('report', byHand({ reason: 'provider is down' }))
    const paused = { by: 'ana', reason: 'provider is down', at: now() }
    expect(await store.schedules()).toMatchObject([{ paused }])
    expect((await store.dueSchedules(10)).schedules).toMatchObject([{ paused: true }])
    expect(await leader.fire(tickRun(tick))).toEqual({ kind: 'done', outcome: 'skipped' })
    expect(await store.ledger('report', { limit: 1 })).toMatchObject([{ why: 'paused', tick }])
    await store.resumeSchedule('report', byHand())
    const [schedule] = await store.schedules()
    expect(schedule).not.toHaveProperty('paused')
    expect(await outcomes(store)).toEqual(['declared', 'paused', 'skipped', 'resumed'])
  })

  contractTest(open, 'the leader learns of an ended pause', async (contract) => {
    const { store, now, advance } = contract
    const { tick } = await due(contract)
    const pause = byHand()
    await store.pauseSchedule('report', pause)
    advance(minute)
    await store.resumeSchedule('report', byHand())
    await store.pauseSchedule('report', pause)
    expect((await store.dueSchedules(10)).schedules).toMatchObject([
      { paused: false, pauses: [{ from: tick, until: now() }] },
    ])
  })

  contractTest(open, 'every pause is reported until the schedule has moved beyond it', async (contract) => {
    const { store, now, advance } = contract
    const { leader, tick } = await due(contract)
    const pauses: { from: number; until: number }[] = []
    for (let n = 0; n < 3; n++) {
      await store.pauseSchedule('report', byHand())
      advance(minute)
      // The same pause again: it begins where it began.
      await store.pauseSchedule('report', byHand({ by: 'ben', reason: 'still' }))
      const from = now() - minute
      expect(await store.schedules()).toMatchObject([{ paused: { by: 'ben', reason: 'still', at: from } }])
      advance(minute)
      await store.resumeSchedule('report', byHand())
      pauses.push({ from, until: now() })
      advance(minute)
    }
    const told = async () => (await store.dueSchedules(10)).schedules.map((one) => one.pauses)
    expect(await told()).toEqual([pauses])
    const skip = (from: number, until: number): Promise<FireReply> => {
      const next = { tick: until + minute, dueAt: until + minute }
      return leader.fire({ kind: 'skip', tick: from, until, count: 2, why: 'paused', next })
    }
    await skip(tick, tick + minute)
    expect(await told()).toEqual([pauses.slice(1)])
    await skip(tick + 2 * minute, tick + 3 * minute)
    expect(await told()).toEqual([pauses.slice(1)])
    await skip(tick + 4 * minute, tick + 8 * minute)
    advance(minute)
    expect(await told()).toEqual([[]])
  })

  contractTest(open, 'beyond the retained number of pauses the oldest become one', async (contract) => {
    const { store, now, advance } = contract
    const { tick } = await due(contract)
    for (let n = 0; n < retainedPauses + 2; n++) {
      await store.pauseSchedule('report', byHand())
      advance(1_000)
      await store.resumeSchedule('report', byHand())
      advance(1_000)
    }
    const [pauses = []] = (await store.dueSchedules(10)).schedules.map((one) => one.pauses)
    expect(pauses).toHaveLength(retainedPauses)
    expect(pauses.slice(0, 2)).toEqual([
      { from: tick, until: tick + 5_000 },
      { from: tick + 6_000, until: tick + 7_000 },
    ])
    expect(pauses.at(-1)).toEqual({ from: now() - 2_000, until: now() - 1_000 })
  })

  contractTest(
    open,
    'a changed pattern is planned anew, other changes keep the tick, the same one changes nothing',
    async (contract) => {
      const { store, now } = contract
      const { tick } = await due(contract)
      await store.putSchedule('report', specOf(), byHand())
      expect(await store.schedules()).toMatchObject([{ revision: 1, nextTick: tick }])
      await store.putSchedule('report', specOf({ missed: 'all' }), byHand())
      expect(await store.schedules()).toMatchObject([{ revision: 2, nextTick: tick }])
      expect(await outcomes(store)).toEqual(['declared', 'changed'])
      const write = byHand()
      await store.putSchedule('report', specOf({ timeZone: 'Asia/Tokyo' }), write)
      await store.putSchedule('report', specOf({ timeZone: 'Asia/Tokyo' }), write)
      const [schedule] = await store.schedules()
      expect(schedule).toMatchObject({ revision: 3, since: now() })
      expect(schedule).not.toHaveProperty('nextTick')
      expect((await store.dueSchedules(10)).schedules).toMatchObject([{ revision: 3 }])
    },
  )

  contractTest(open, 'trigger runs the schedule now, beside its ticks', async (contract) => {
    const { store, advance } = contract
    const { leader, tick } = await due(contract)
    const write = byHand({ reason: 'asked by sales' })
    const run = newRun({ id: 'by-hand' })
    expect(await store.triggerSchedule('report', 7, run, write)).toEqual({ kind: 'moved' })
    expect(await store.triggerSchedule('report', 1, run, write)).toEqual({
      kind: 'triggered',
      run: 'by-hand',
    })
    advance(1)
    expect(await store.triggerSchedule('report', 1, run, write)).toEqual({
      kind: 'triggered',
      run: 'by-hand',
    })
    expect(await store.ledger('report', { limit: 1 })).toMatchObject([
      { n: 2, outcome: 'triggered', run: 'by-hand', by: 'ana', reason: 'asked by sales' },
    ])
    expect(await store.run('by-hand')).toMatchObject({ schedule: 'report' })
    expect(await store.run('by-hand')).not.toHaveProperty('scheduledFor')
    await leader.fire(tickRun(tick))
    expect(await store.ledger('report', { limit: 1 })).toMatchObject([{ why: 'overlap', other: 'by-hand' }])
  })

  contractTest(open, 'a removed schedule is gone with its ledger', async (contract) => {
    const { store } = contract
    const { leader, tick } = await due(contract)
    const write = byHand()
    await store.removeSchedule('report', write)
    await store.removeSchedule('report', write)
    expect(await store.schedules()).toEqual([])
    expect(await store.ledger('report', { limit: 10 })).toEqual([])
    expect((await store.dueSchedules(10)).schedules).toEqual([])
    expect(await leader.fire(tickRun(tick), { revision: 1 })).toEqual({ kind: 'moved' })
    for (const change of [store.removeSchedule, store.pauseSchedule, store.resumeSchedule]) {
      await expect(change.call(store, 'report', byHand())).rejects.toMatchObject({ code: 'UNKNOWN_SCHEDULE' })
    }
  })

  contractTest(
    open,
    'an id of another job becomes a ledger entry, and the schedule moves on',
    async (contract) => {
      const { store } = contract
      const { leader, tick } = await due(contract)
      await store.enqueue([newRun({ id: `report-${tick}`, job: 'another' })])
      expect(await leader.fire(tickRun(tick))).toEqual({ kind: 'done', outcome: 'skipped' })
      expect(await store.ledger('report', { limit: 1 })).toMatchObject([
        { why: 'duplicate', other: `report-${tick}` },
      ])
      expect(await store.schedules()).toMatchObject([{ nextTick: tick + minute }])
    },
  )

  contractTest(
    open,
    'a run that holds the unique key becomes a ledger entry, and the schedule moves on',
    async (contract) => {
      const { store } = contract
      const { leader, tick } = await due(contract)
      for (const [n, onDuplicate] of (['reject', 'join'] as const).entries()) {
        const unique = { key: `k${n}`, until: 'finished', onDuplicate } as const
        await store.enqueue([newRun({ id: `holder-${n}`, unique })])
        const now = tick + n * minute
        const run = { ...runOf(now), unique }
        expect(await leader.fire(tickRun(now, { run }))).toEqual({ kind: 'done', outcome: 'skipped' })
        expect(await store.ledger('report', { limit: 1 })).toMatchObject([
          { why: 'duplicate', other: `holder-${n}`, tick: now },
        ])
        const byHandRun = newRun({ id: `by-hand-${n}`, unique })
        const duplicate = { kind: 'duplicate', run: `holder-${n}` }
        expect(await store.triggerSchedule('report', 1, byHandRun, byHand())).toEqual(duplicate)
        contract.advance(minute)
      }
      expect(await store.schedules()).toMatchObject([{ nextTick: tick + 2 * minute }])
      const replacing = { key: 'k0', until: 'finished', onDuplicate: 'replace' } as const
      const last = tick + 2 * minute
      const run = { ...runOf(last), unique: replacing }
      expect(await leader.fire(tickRun(last, { run }))).toMatchObject({ outcome: 'fired', run: run.id })
      expect(await store.run('holder-0')).toMatchObject({ state: 'cancelled' })
    },
  )

  contractTest(open, 'a run of a schedule keeps to the limits of its job', async (contract) => {
    const { store, worker } = contract
    const { leader, tick } = await due(contract, { overlap: 'allow' })
    const limits = [{ limiter: 'tenant', key: 'a', cost: 1, wholeRun: false }]
    const run = { ...runOf(tick), limits }
    expect(await leader.fire(tickRun(tick, { overlap: 'allow', run }))).toMatchObject({ outcome: 'fired' })
    // The limiter has no numbers yet, so no worker may start it.
    expect(await (await worker()).claim()).toEqual([])
    expect(await store.run(run.id)).toMatchObject({ state: 'waiting', waitingFor: { kind: 'limit' } })
  })

  contractTest(open, 'the ledger is read in pages and retains its last entries', async (contract) => {
    const { store, advance } = contract
    const { leader, tick } = await due(contract)
    for (let n = 0; n < 1_005; n++) {
      await leader.fire(tickRun(tick + n * minute, { overlap: 'allow', run: runOf(tick) }))
      advance(minute)
    }
    const newest = await store.ledger('report', { limit: 3 })
    expect(newest.map(({ n }) => n)).toEqual([1006, 1005, 1004])
    const before = newest.at(-1)?.n ?? 0
    expect((await store.ledger('report', { before, limit: 2 })).map(({ n }) => n)).toEqual([1003, 1002])
    expect(await store.ledger('report', { limit: 5_000 })).toHaveLength(1_000)
  })

  contractTest(
    open,
    'code creates a schedule with its registration, and drops it with a newer one',
    async (contract) => {
      const { store, worker, advance } = contract
      const first = await worker(declared(specOf()))
      expect(await store.schedules()).toMatchObject([
        { name: 'report', origin: 'code', revision: 1, last: { outcome: 'declared', worker: first.name } },
      ])
      advance(minute)
      const newer = await worker(declared(undefined))
      expect(await store.schedules()).toMatchObject([
        { dropped: { worker: newer.name }, last: { outcome: 'dropped', worker: newer.name } },
      ])
      expect((await store.dueSchedules(10)).schedules).toEqual([])
      await store.resign(newer.lease, [])
      expect((await store.dueSchedules(10)).schedules).toMatchObject([{ name: 'report', revision: 3 }])
      const [back] = await store.schedules()
      expect(back).not.toHaveProperty('dropped')
      expect((await outcomes(store)).at(-1)).toBe('declared')
    },
  )

  contractTest(open, 'an old task that restarts does not flip a schedule back', async (contract) => {
    const { store, worker, advance } = contract
    for (const [n, missed] of (['one', 'all', 'one'] as const).entries()) {
      advance(minute)
      await worker(declared(specOf({ missed })))
      expect(await store.schedules()).toMatchObject([{ spec: { missed: n === 0 ? 'one' : 'all' } }])
    }
    expect(await store.schedules()).toMatchObject([{ revision: 2 }])
  })

  contractTest(open, 'the schedule of code continues with no worker alive', async (contract) => {
    const { store, worker, advance } = contract
    const only = await worker(declared(specOf()))
    await store.resign(only.lease, [])
    advance(10 * minute)
    expect((await store.dueSchedules(10)).schedules).toMatchObject([{ name: 'report', revision: 1 }])
    await store.removeSchedule('report', byHand())
    expect(await store.schedules()).toEqual([])
    await worker(declared(specOf()))
    expect(await store.schedules()).toMatchObject([{ name: 'report', origin: 'code' }])
  })

  contractTest(open, 'code and manual changes never overwrite each other', async (contract) => {
    const { store, worker } = contract
    const coded = await worker(declared(specOf()))
    const put = store.putSchedule('report', specOf({ missed: 'all' }), byHand())
    await expect(put).rejects.toMatchObject({ code: 'SCHEDULE_STATE' })
    await expect(store.removeSchedule('report', byHand())).rejects.toMatchObject({ code: 'SCHEDULE_STATE' })
    await store.putSchedule('other', specOf(), byHand())
    await worker(declared(specOf({ missed: 'skip' }), 'other'))
    const other = async () => (await store.schedules()).find(({ name }) => name === 'other')
    expect(await other()).toMatchObject({
      origin: 'hand',
      spec: { missed: 'one' },
      conflict: { at: contract.now() },
    })
    await store.removeSchedule('other', byHand())
    expect(await other()).toMatchObject({ origin: 'code', spec: { missed: 'skip' } })
    expect(coded.name).not.toBe('')
  })

  contractTest(open, 'a pause persists through a deploy', async (contract) => {
    const { store, worker, advance } = contract
    await worker(declared(specOf()))
    await store.pauseSchedule('report', byHand())
    advance(minute)
    await worker(declared(specOf({ cron: '*/5 * * * *' })))
    expect(await store.schedules()).toMatchObject([{ paused: { by: 'ana' }, revision: 2 }])
  })
}
