import { expect } from 'vitest'
import { retainedOperations, retainedTransitions } from '../../../runtime/store/events.ts'
import { encodeSpec, type ScheduleSpec } from '../../../runtime/store/schedules.ts'
import type { Store } from '../../../runtime/store/store.ts'
import { limited } from '../../support/stores/limit-inputs.ts'
import { byHand, encoded, leaseMs, newRun, newWorker } from '../../support/stores/store-inputs.ts'
import type { Open } from '../../support/stores/store-under-test.ts'
import { completed } from '../../support/stores/test-worker.ts'
import { type Contract, contractTest } from '../contract-test.ts'
import { hearsEach } from '../hears-each.ts'
import { maxEvents, numberIn, readAllEvents, readOperations, readRunEvents } from '../read-events.ts'

const write = byHand({ requestId: 'request', reason: 'storm' })
const told = { kind: 'operation', by: 'ana', reason: 'storm' } as const
const ofJob = { job: 'job', queue: 'default' } as const

/** An operation, its target, and the events it logs, whether it is called once or again. */
interface Case {
  readonly prepare?: (contract: Contract) => Promise<unknown>
  readonly call: (store: Store) => Promise<unknown>
  readonly events: readonly object[]
  /** No other process can call it. */
  readonly own?: true
}

function spec(): ScheduleSpec {
  const { id: _, start: __, ...run } = newRun({ input: encoded({}) })
  const ticks = { cron: '0 0 1 1 *', timeZone: 'UTC', missed: 'one', cap: 1, overlap: 'skip' } as const
  return { ...ticks, jitterMs: 0, run }
}

async function put({ store }: Contract): Promise<void> {
  await store.putSchedule('nightly', spec(), byHand({ by: 'bo' }))
}

async function enqueueOne({ store }: Contract): Promise<void> {
  await store.enqueue([newRun({ id: 'one' })])
}

async function cancelOne(contract: Contract): Promise<void> {
  await enqueueOne(contract)
  await contract.store.cancel('one', byHand())
}

const registration = newWorker({
  name: 'first',
  lease: 'lease-of-first'.padEnd(36, '-'),
  jobs: [
    { name: 'send', version: 17, queue: 'mail', digest: 'a' },
    { name: 'sort', version: 3, queue: 'mail', digest: 'b' },
  ],
})
const register = ({ store }: Pick<Contract, 'store'>): Promise<void> => store.register(registration)
const versions = { send: 17, sort: 3 }

/** Leads the role with the worker `first`. */
async function lead(contract: Contract): Promise<void> {
  await register(contract)
  await contract.store.campaign('leader', registration.lease, 15_000)
}

const cases: Readonly<Record<string, Case>> = {
  'cancel of a run': {
    prepare: enqueueOne,
    call: (store) => store.cancel('one', write),
    events: [
      { ...told, operation: 'cancel run', subject: 'one', details: ofJob },
      { kind: 'run', run: 'one', transition: 'cancel' },
    ],
  },
  'retry of a run': {
    prepare: cancelOne,
    call: (store) => store.retry('one', {}, write),
    events: [
      { ...told, operation: 'retry run', subject: 'one', details: ofJob },
      { kind: 'run', run: 'one', transition: 'retry' },
    ],
  },
  'removal of a run': {
    prepare: cancelOne,
    call: (store) => store.remove('one', write),
    events: [{ ...told, operation: 'remove run', subject: 'one', details: ofJob }],
  },
  'pause of a queue': {
    call: (store) => store.pauseQueue('mail', write),
    events: [{ ...told, operation: 'pause queue', subject: 'mail' }],
  },
  'resumption of a queue': {
    prepare: ({ store }) => store.pauseQueue('mail', byHand()),
    call: (store) => store.resumeQueue('mail', write),
    events: [{ ...told, operation: 'resume queue', subject: 'mail' }],
  },
  'change of a limiter': {
    prepare: (contract) => limited(contract),
    call: (store) => store.setLimiter('one', { max: 5 }, write),
    events: [
      {
        ...{ ...told, operation: 'change limiter', subject: 'one' },
        details: expect.objectContaining({ kind: 'concurrency', max: 5 }),
      },
    ],
  },
  'reset of a limiter': {
    prepare: async (contract) => {
      await limited(contract)
      await contract.store.setLimiter('one', { max: 5 }, byHand())
    },
    call: (store) => store.setLimiter('one', undefined, write),
    events: [
      {
        ...{ ...told, operation: 'reset limiter', subject: 'one' },
        details: expect.objectContaining({ kind: 'concurrency', max: 1 }),
      },
    ],
  },
  'put of a schedule': {
    call: (store) => store.putSchedule('nightly', spec(), write),
    events: [{ ...told, operation: 'put schedule', subject: 'nightly' }],
  },
  'pause of a schedule': {
    prepare: put,
    call: (store) => store.pauseSchedule('nightly', write),
    events: [{ ...told, operation: 'pause schedule', subject: 'nightly' }],
  },
  'resumption of a schedule': {
    prepare: async (contract) => {
      await put(contract)
      await contract.store.pauseSchedule('nightly', byHand())
    },
    call: (store) => store.resumeSchedule('nightly', write),
    events: [{ ...told, operation: 'resume schedule', subject: 'nightly' }],
  },
  'removal of a schedule': {
    prepare: put,
    call: (store) => store.removeSchedule('nightly', write),
    events: [{ ...told, operation: 'remove schedule', subject: 'nightly' }],
  },
  'trigger of a schedule': {
    prepare: put,
    call: (store) => store.triggerSchedule('nightly', 1, newRun({ id: 'one' }), write),
    events: [
      { kind: 'run', run: 'one', transition: 'enqueue' },
      { ...told, operation: 'trigger schedule', subject: 'nightly', details: { run: 'one' } },
    ],
  },
  'trigger of a schedule whose run has its like': {
    prepare: async (contract) => {
      await put(contract)
      const unique = { key: 'k', until: 'finished', onDuplicate: 'reject' } as const
      await contract.store.enqueue([newRun({ id: 'other', unique })])
    },
    call: (store) => {
      const unique = { key: 'k', until: 'finished', onDuplicate: 'reject' } as const
      return store.triggerSchedule('nightly', 1, newRun({ id: 'one', unique }), write)
    },
    events: [
      { ...told, operation: 'trigger schedule', subject: 'nightly', details: { duplicateOf: 'other' } },
    ],
  },
  'drain of a worker': {
    prepare: register,
    call: (store) => store.drainWorker('first', write),
    events: [{ ...told, operation: 'drain worker', subject: 'first' }],
  },
  'worker that joins': {
    call: (store) => store.register(registration),
    own: true,
    events: [{ kind: 'operation', operation: 'worker joined', subject: 'first', details: versions }],
  },
  'worker that leaves': {
    prepare: register,
    call: (store) => store.resign(registration.lease, []),
    events: [{ kind: 'operation', operation: 'worker left', subject: 'first', details: versions }],
  },
  'worker that leads': {
    prepare: register,
    call: (store) => store.campaign('leader', registration.lease, 15_000),
    events: [
      {
        ...{ kind: 'operation', operation: 'leader changed', subject: 'leader', by: 'first' },
        details: { term: expect.any(Number) },
      },
    ],
  },
  'leader that resigns': {
    prepare: lead,
    call: async (store) => {
      const [leader] = await store.leaders()
      await store.resignTerm('leader', leader?.term ?? 0, registration.lease)
    },
    events: [
      {
        ...{ kind: 'operation', operation: 'leader resigned', subject: 'leader', by: 'first' },
        details: { term: expect.any(Number) },
      },
    ],
  },
}

export function operationsContract(open: Open): void {
  for (const [name, { prepare, call, events, own }] of Object.entries(cases)) {
    contractTest(open, `a ${name} is logged once, also when it is repeated`, async (contract) => {
      const { store, another, now, advance } = contract
      await prepare?.(contract)
      const { cursor: after } = await store.events({ limit: 1 })
      advance(5)
      await call(store)
      const expected = events.map((event) => ({ ...event, at: now() }))
      expect((await store.events({ after, limit: maxEvents })).events).toMatchObject(expected)
      await call(store)
      advance(5)
      await call(own ? store : await another())
      const page = await store.events({ after, limit: maxEvents })
      expect(page.events).toMatchObject(expected)
      expect(page.events).toHaveLength(expected.length)
    })
  }

  contractTest(
    open,
    'a loss is logged once, with its cause and the number of held runs',
    async (contract) => {
      const { store, worker, letLeaseExpire } = contract
      await store.enqueue([newRun(), newRun(), newRun()])
      const [victim, idle, bodyLog] = [await worker(), await worker(), await worker()]
      await victim.claim(3)
      const { cursor: after } = await store.events({ limit: 1 })
      await letLeaseExpire(bodyLog)
      await bodyLog.claim(0)
      await bodyLog.claim(0)
      const cause = { details: { cause: 'lease' } }
      const lost = (subject: string, count: number) => ({
        operation: 'worker lost',
        subject,
        count,
        ...cause,
      })
      const operations = await readOperations(store, { after })
      expect(operations).toHaveLength(2)
      expect(operations).toEqual(
        expect.arrayContaining([
          expect.objectContaining(lost(victim.name, 3)),
          expect.objectContaining(lost(idle.name, 0)),
        ]),
      )
      // Its consequences follow it.
      const all = (await store.events({ after, limit: maxEvents })).events
      const at = all.findIndex((event) => event.kind === 'operation' && event.subject === victim.name)
      expect(all.slice(at + 1, at + 4)).toMatchObject(Array(3).fill({ kind: 'run', transition: 'lose' }))
    },
  )

  contractTest(open, 'a lease that held hundreds of runs is lost once', async (contract) => {
    const { store, worker, letLeaseExpire } = contract
    const [victim, bodyLog] = [await worker(), await worker()]
    for (let i = 0; i < 6; i++) await store.enqueue(Array.from({ length: 100 }, () => newRun()))
    expect(await victim.claim(600)).toHaveLength(600)
    const { cursor: after } = await store.events({ limit: 1 })
    await letLeaseExpire(bodyLog)
    for (let i = 0; i < 3; i++) await bodyLog.claim(0)
    expect(await readOperations(store, { after })).toMatchObject([
      { operation: 'worker lost', subject: victim.name, count: 600 },
    ])
  })

  contractTest(open, 'the operations of one call are logged in order', async (contract) => {
    const { store, worker, letLeaseExpire } = contract
    await store.enqueue([newRun(), newRun()])
    const [victim, bodyLog] = [await worker(), await worker()]
    await victim.claimOne()
    const run = await bodyLog.claimOne()
    const { cursor: after } = await store.events({ limit: 1 })
    await letLeaseExpire(bodyLog)
    await bodyLog.claimReply(0, [bodyLog.settlement(run, completed)])
    const { events } = await store.events({ after, limit: maxEvents })
    expect(events.map((event) => (event.kind === 'run' ? event.transition : event.operation))).toEqual([
      ...['complete', 'worker lost', 'lose'],
    ])
  })

  contractTest(open, 'a worker that keeps runs has not left', async ({ store, worker }) => {
    const run = newRun()
    await store.enqueue([run])
    const first = await worker()
    await first.claimOne()
    await store.resign(first.lease, [run.id])
    expect(await readOperations(store)).toMatchObject([{ operation: 'worker joined' }])
    await store.resign(first.lease, [])
    expect(await readOperations(store)).toMatchObject([
      { operation: 'worker joined' },
      { operation: 'worker left', subject: first.name },
    ])
  })

  contractTest(open, 'calls that change nothing or are refused are not logged', async (contract) => {
    const { store, worker } = contract
    const [ended, live] = [newRun(), newRun()]
    await store.enqueue([ended, live])
    const first = await limited(contract)
    await first.settle(await first.claimOne(), completed)
    await put(contract)
    const campaign = await store.campaign('leader', first.lease, 15_000)
    const term = campaign.kind === 'leading' ? campaign.term : 0
    const other = await worker()
    await other.settle(await other.claimOne(), { kind: 'released' })
    const { cursor: after } = await store.events({ limit: 1 })

    await store.cancel(ended.id, byHand())
    await store.resumeQueue('mail', byHand())
    await store.setLimiter('one', undefined, byHand())
    await store.resumeSchedule('nightly', byHand())
    await store.putSchedule('nightly', spec(), byHand())
    expect(await store.triggerSchedule('nightly', 9, newRun(), byHand())).toEqual({ kind: 'moved' })
    await store.campaign('leader', first.lease, 15_000)
    await store.campaign('leader', other.lease, 15_000)
    await store.renewTerm('leader', term, first.lease, {})
    await store.resignTerm('leader', term, other.lease)
    await store.resignTerm('leader', term - 1, first.lease)
    await first.renew()
    for (const refused of [
      () => store.retry(ended.id, {}, byHand()),
      () => store.remove(live.id, byHand()),
      () => store.remove('unknown', byHand()),
      () => store.cancel('unknown', byHand()),
      () => store.drainWorker('unknown', byHand()),
      () => store.setLimiter('one', { max: 0 }, byHand()),
      () => store.setLimiter('unknown', { max: 1 }, byHand()),
      () => store.removeSchedule('unknown', byHand()),
    ]) {
      await expect(refused()).rejects.toThrow()
    }
    expect((await store.events({ after, limit: maxEvents })).events).toEqual([])
  })

  contractTest(open, 'an unknown reason or operator is left out', async ({ store }) => {
    await store.pauseQueue('a', byHand())
    await store.pauseQueue('b', byHand({ reason: '' }))
    for (const operation of await readOperations(store)) {
      expect(Object.keys(operation).sort()).toEqual(['at', 'by', 'cursor', 'kind', 'operation', 'subject'])
    }
  })

  contractTest(open, 'fifty of a worker’s many jobs are logged', async ({ store, worker }) => {
    const jobs = Array.from({ length: 60 }, (_, i) => ({
      name: `job-${i}`,
      version: i,
      queue: 'q',
      digest: 'd',
    }))
    await worker({ jobs })
    await worker({ jobs: [] })
    const [many, none] = await readOperations(store)
    expect(many?.details).toEqual(Object.fromEntries(jobs.slice(0, 50).map((job) => [job.name, job.version])))
    expect(none).not.toHaveProperty('details')
  })

  contractTest(open, 'both logs share one numbering, in the order of events', async (contract) => {
    const { store, worker } = contract
    const runs = Array.from({ length: 3 }, () => newRun())
    await store.pauseQueue('mail', byHand())
    await store.enqueue(runs)
    const first = await worker()
    const [claimed] = await first.claim(1)
    if (claimed === undefined) expect.unreachable('a run was to be claimed')
    await store.resumeQueue('mail', byHand())
    await first.settle(claimed, completed)
    await store.remove(claimed.id, byHand())
    await store.cancel(runs[1]?.id ?? '', byHand())
    const { events, cursor } = await store.events({ limit: maxEvents })
    expect(events.map((event) => (event.kind === 'run' ? event.transition : event.operation))).toEqual([
      ...['pause queue', 'enqueue', 'enqueue', 'enqueue', 'worker joined', 'claim'],
      ...['resume queue', 'complete', 'remove run', 'cancel run', 'cancel'],
    ])
    expect(events.map((event) => numberIn(event.cursor))).toEqual(events.map((_, i) => i + 1))
    expect(cursor).toBe(events.at(-1)?.cursor)
    expect(await readRunEvents(store)).toEqual(events.filter(({ kind }) => kind === 'run'))
    expect(await readOperations(store)).toEqual(events.filter(({ kind }) => kind === 'operation'))
    for (const limit of [1, 2, 4]) {
      expect((await store.events({ limit })).events).toEqual(events.slice(-limit))
      expect(await readOperations(store, { limit })).toEqual(
        events.filter(({ kind }) => kind === 'operation').slice(-limit),
      )
    }
  })

  contractTest(
    open,
    'a cursor passes the events of the other log and never rereads them',
    async ({ store }) => {
      const { cursor: begin } = await store.events({ limit: 1 })
      expect(numberIn(begin)).toBe(0)
      await store.enqueue([newRun(), newRun()])
      const page = await store.events({ log: 'operations', after: begin, limit: 1 })
      expect(page).toEqual({ events: [], cursor: expect.stringMatching(/-2$/) })
      expect(await store.events({ after: page.cursor, limit: 1 })).toEqual({
        events: [],
        cursor: page.cursor,
      })
      await store.pauseQueue('mail', byHand())
      expect(await readOperations(store, { after: page.cursor })).toMatchObject([
        { operation: 'pause queue' },
      ])
      expect((await readAllEvents(store, { after: begin })).events).toHaveLength(3)
    },
  )

  contractTest(
    open,
    'all cursors name the epoch of their store, and no other store has it',
    async (contract) => {
      const { store, another } = contract
      const other = await open()
      const epochs: string[] = []
      try {
        for (const one of [store, other.store, await another()]) {
          await one.pauseQueue('mail', byHand())
          const { events, cursor } = await one.events({ limit: 1 })
          const [epoch = '', number] = cursor.split('-')
          expect(events[0]?.cursor).toBe(`${epoch}-${number}`)
          expect(epoch).toMatch(/^[\da-z]{2,20}$/)
          epochs.push(epoch)
        }
        expect(epochs[2]).toBe(epochs[0])
        expect(epochs[1]).not.toBe(epochs[0])

        // A cursor of another store, or of writes that this one has lost, continues with the newest events.
        const newest = await store.events({ limit: 1 })
        for (const after of [`${epochs[1]}-1`, `${epochs[0]}-3`, `${epochs[0]}-99999`]) {
          expect(await store.events({ after, limit: 1 })).toEqual({ ...newest, gap: true })
        }
        expect(await store.events({ after: `${epochs[0]}-1`, limit: 1 })).toEqual(newest)
      } finally {
        await other.close()
      }
    },
  )

  contractTest(
    open,
    'transitions are dropped after an hour, a few hundred at a time, and the gap is reported',
    async (contract) => {
      const { store, advance } = contract
      await store.pauseQueue('mail', byHand())
      const { cursor: begin } = await store.events({ limit: 1 })
      const enqueue = async (n: number): Promise<string[]> => {
        const runs = Array.from({ length: n }, () => newRun())
        for (let i = 0; i < n; i += 20) await store.enqueue(runs.slice(i, i + 20))
        return runs.map(({ id }) => id)
      }
      const old = await enqueue(1_000)
      advance(retainedTransitions.ms)
      await enqueue(200)
      expect(await readAllEvents(store, { after: begin, log: 'runs' })).toMatchObject({ gap: false })
      advance(1)
      const young = await enqueue(1_100)
      const read = await readAllEvents(store, { after: begin })
      expect(read.gap).toBe(true)
      const ids = read.events.map((event) => (event.kind === 'run' ? event.run : event.operation))
      expect(ids.slice(-young.length)).toEqual(young)
      // A whole part of the log is dropped at once: its last one may remain.
      expect(ids.filter((id) => old.includes(id)).length).toBeLessThan(500)
      // Only that log has dropped any.
      expect(await readAllEvents(store, { after: begin, log: 'operations' })).toMatchObject({ gap: false })
      const [oldest] = read.events
      expect(await readAllEvents(store, { after: oldest?.cursor ?? '' })).toMatchObject({ gap: false })
    },
  )

  contractTest(
    open,
    'operations are dropped after 90 days, a few at a time, and the gap is reported',
    async (contract) => {
      const { store, advance } = contract
      await store.enqueue([newRun()])
      const { cursor: begin } = await store.events({ limit: 1 })
      for (let i = 0; i < 25; i++) await store.pauseQueue(`queue-${i}`, byHand())
      const { cursor: middle } = await store.events({ limit: 1 })
      advance(retainedOperations.ms + 1)
      const left = async (): Promise<(string | undefined)[]> =>
        (await readOperations(store)).map(({ subject }) => subject)
      await store.pauseQueue('young', byHand())
      expect(await left()).toEqual(['queue-20', 'queue-21', 'queue-22', 'queue-23', 'queue-24', 'young'])
      await store.pauseQueue('younger', byHand())
      expect(await left()).toEqual(['young', 'younger'])
      const isGap = async (after: string, log?: 'runs' | 'operations'): Promise<boolean> =>
        (await store.events({ after, limit: 10, ...(log ? { log } : {}) })).gap ?? false
      expect([await isGap(begin), await isGap(begin, 'operations'), await isGap(begin, 'runs')]).toEqual([
        ...[true, true, false],
      ])
      expect(await isGap(middle)).toBe(false)
    },
  )

  contractTest(open, 'a hint announces operations as it does transitions', async (contract) => {
    const { store, another } = contract
    const other = await another()
    await register(contract)
    let roles = 0
    await hearsEach(
      (listener) => other.onChange(listener),
      [
        () => contract.worker(),
        () => store.campaign(`role ${++roles}`, registration.lease, 15_000),
        () => store.drainWorker('first', byHand()),
      ],
    )
  })

  contractTest(open, 'a schedule of code is logged only as the join of its worker', async (contract) => {
    const { digest, bytes } = encodeSpec('report', spec())
    const definition = { kind: 'schedule', name: 'report', digest, definition: bytes } as const
    await contract.worker({ definitions: [definition], leaseMs: leaseMs * 10 })
    expect(await readOperations(contract.store)).toMatchObject([{ operation: 'worker joined' }])
  })
}
