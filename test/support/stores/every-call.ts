import { randomUUID } from 'node:crypto'
import { encodeSpec } from '../../../runtime/store/schedules.ts'
import type { Inspector, Store } from '../../../runtime/store/store.ts'
import { acquire, one, sliding, use } from './limit-inputs.ts'
import { reportedTask } from './reported-task.ts'
import { byHand, done, encoded, newRun, newWorker, plainError } from './store-inputs.ts'
import { completed, TestWorker } from './test-worker.ts'

/** The content of a populated store, by the names that reads and actions need. */
export interface Known {
  readonly lease: string
  readonly worker: string
  readonly held: string
  /** Of the held run. */
  readonly fence: number
  /** Of the role `leader`. */
  readonly term: number
  readonly waiting: string
  readonly failed: string
}

/** The reads beside the inspector. */
interface OtherReads
  extends Pick<
    Store,
    'planRetry' | 'readJournal' | 'silentTasks' | 'onWakeup' | 'onVacancy' | 'onScheduleChange'
  > {}

type Read = (store: Store, known: Known) => unknown

/** A call of each read. The type requires a call here for each new read. */
export const everyRead: {
  readonly [Name in keyof Inspector | 'planRetry' | 'readJournal' | 'silentTasks']: Read
} = {
  address: ({ address }) => address,
  run: (store, { held }) => store.run(held),
  holder: (store) => store.holder('job', 'key'),
  heldKeys: async (store) => [
    await store.heldKeys({ limit: 10 }),
    await store.heldKeys({ job: 'job', limit: 1 }),
  ],
  duplicateOf: (store) => store.duplicateOf('duplicate'),
  ended: (store, { failed, held }) => store.ended([failed, held]),
  journal: async (store, { held }) => [
    await store.journal(held, { after: 0, limit: 10 }),
    await store.journal(held, { after: 0, limit: 10, path: 'a' }),
  ],
  journalOutline: (store, { held }) => store.journalOutline(held, { after: 0, limit: 10 }),
  history: (store, { failed }) => store.history(failed),
  executions: async (store, { failed, held }) => [
    await store.executions(failed),
    await store.executions(held),
  ],
  runs: async (store) => [
    await store.runs({ limit: 100 }),
    await store.runs({ limit: 1, states: ['waiting'], job: 'job', queue: 'default', tag: 'eu' }),
    await store.runs({ limit: 1, states: ['waiting'], order: 'longest', minAgeMs: 1 }),
    await store.runs({ limit: 1, fingerprint: 'f1:x', order: 'oldest', text: 'job' }),
    await store.runs({ limit: 1, worker: 'w', since: 1, before: 2, unique: 'key' }),
    await store.runs({ limit: 1, limiter: 'one' }),
    await store.runs({ limit: 1, limiter: 'one', limitKey: 'a' }),
  ],
  counts: (store) => store.counts(),
  isCounted: (store) => store.isCounted(),
  readyClasses: (store) => store.readyClasses(),
  queues: (store) => store.queues(),
  workers: (store) => store.workers(),
  limiters: (store) => store.limiters(),
  limiterKeys: async (store) => [await store.limiterKeys('one', 10), await store.limiterKeys('sliding', 10)],
  limitHolders: (store) => store.limitHolders({ limiter: 'one', key: 'a', limit: 10 }),
  waitlist: (store) => store.waitlist({ limiter: 'one', key: 'a', limit: 10 }),
  linePlaces: (store, { waiting }) => store.linePlaces(waiting),
  waitGraph: async (store, { waiting }) => [
    await store.waitGraph({}),
    await store.waitGraph({ run: waiting }),
  ],
  leaders: (store) => store.leaders(),
  events: async (store, { held }) => {
    const newest = await store.events({ limit: 10 })
    return [
      newest,
      await store.events({ after: newest.cursor, limit: 10 }),
      await store.events({ before: newest.events[0]?.cursor ?? newest.cursor, limit: 10 }),
      await store.events({ run: held, limit: 10 }),
    ]
  },
  throughput: (store) => store.throughput(60),
  statistics: async (store) => [await store.statistics('5m'), await store.statistics('24h')],
  overview: (store) => store.overview({ range: '1h' }),
  failures: async (store) => [
    await store.failures({ limit: 10 }),
    await store.failures({ limit: 1, job: 'job' }),
  ],
  mutes: (store) => store.mutes(),
  lostWorkers: (store) => store.lostWorkers(),
  action: (store) => store.action('act_none'),
  actions: (store) => store.actions(10),
  planAction: (store, { failed }) => store.planAction('retry', [failed], []),
  checks: (store) => store.checks(),
  onChange: (store) => store.onChange(() => undefined)(),
  definitions: (store) => store.definitions('schedule'),
  schedules: (store) => store.schedules(),
  ledger: (store) => store.ledger('report', { limit: 10 }),
  planRetry: (store, { failed }) => store.planRetry(failed, {}),
  readJournal: (store, { lease, held, fence }) => store.readJournal(lease, held, fence, 0),
  silentTasks: (store) => store.silentTasks(),
}

type Action = Exclude<keyof Store, keyof typeof everyRead | keyof OtherReads | 'close'>

/** A call of each operation that writes; a user with the permission would carry each out. */
export const everyAction: { readonly [Name in Action]: (store: Store, known: Known) => Promise<unknown> } = {
  enqueue: (store) => store.enqueue([newRun()]),
  claim: (store, { lease }) => store.claim(lease, 100, { max: 1, protected: true, mayAsk: false }, []),
  commit: (store, { lease, held, fence }) =>
    store.commit(lease, [{ kind: 'checkpoint', run: held, fence, position: 2, record: done('b') }]),
  reconcile: (store, { lease }) => store.reconcile(lease, []),
  cancel: (store, { held }) => store.cancel(held, byHand()),
  retry: (store, { failed }) => store.retry(failed, {}, byHand()),
  remove: (store, { failed }) => store.remove(failed, byHand()),
  register: (store) => store.register(newWorker()),
  renew: (store, { lease }) =>
    store.renew(lease, {
      ...{ draining: true, drain: { cause: 'program', agoMs: 0, leftMs: 1_000 } },
      report: { n: 1, agoMs: 0, task: reportedTask },
    }),
  resign: (store, { lease }) => store.resign(lease, []),
  reportCut: (store, { lease }) => store.reportCut(lease),
  explainLoss: (store, { lease }) => store.explainLoss(lease, { kind: 'spot', text: '' }),
  reclaimStopped: (store, { lease }) => store.reclaimStopped(lease, 0),
  drainWorker: (store, { worker }) => store.drainWorker(worker, byHand()),
  pauseQueue: (store) => store.pauseQueue('default', byHand()),
  resumeQueue: (store) => store.resumeQueue('closed', byHand()),
  defineLimiters: (store, { lease }) => store.defineLimiters(lease, [{ name: one.name, rule: one.rule }]),
  acquire: (store, { lease, held, fence }) =>
    store.acquire(lease, {
      run: held,
      fence,
      path: 'c',
      attempt: 1,
      turn: 9,
      uses: [use(one, { key: 'b' })],
    }),
  closeKeys: (store, { lease, held, fence }) =>
    store.closeKeys(lease, { run: held, fence, path: 'b', turn: 1, closedMs: 1_000 }),
  correctCost: (store, { lease, held, fence }) =>
    store.correctCost(lease, {
      run: held,
      fence,
      path: 'c',
      turn: 9,
      limiter: 'one',
      cost: 1,
      correction: 1,
    }),
  setLimiter: (store) => store.setLimiter('one', { max: 5 }, byHand()),
  campaign: (store, { lease }) => store.campaign('reports', lease, 10_000),
  renewTerm: (store, { lease, term }) => store.renewTerm('leader', term, lease, {}),
  resignTerm: (store, { lease, term }) => store.resignTerm('leader', term, lease),
  putSchedule: (store) => store.putSchedule('other', spec(), byHand()),
  removeSchedule: (store) => store.removeSchedule('report', byHand()),
  pauseSchedule: (store) => store.pauseSchedule('report', byHand()),
  resumeSchedule: (store) => store.resumeSchedule('report', byHand()),
  triggerSchedule: async (store) =>
    store.triggerSchedule('report', await revisionOf(store, 'report'), newRun(), byHand()),
  dueSchedules: (store) => store.dueSchedules(10),
  fire: async (store, { term }) => {
    const revision = await revisionOf(store, 'report')
    return store.fire({
      schedule: 'report',
      revision,
      fence: term,
      move: { kind: 'plan', next: { tick: 1, dueAt: 1 } },
    })
  },
  beginAction: (store) => store.beginAction(newAction()),
  applyAction: async (store, { failed }) => {
    const { id } = await store.beginAction(newAction())
    return store.applyAction({ action: id, from: '', runs: [{ run: failed }] })
  },
  endAction: async (store) => {
    const { id } = await store.beginAction(newAction())
    return store.endAction(id, byHand())
  },
  muteFinding: (store) => store.muteFinding('paused-queue:mail', 60_000, byHand()),
  unmuteFinding: (store) => store.unmuteFinding('paused-queue:mail', byHand()),
  recount: (store) => store.recount(10),
  sweep: (store) => store.sweep(10),
}

function newAction(): Parameters<Store['beginAction']>[0] {
  const id = `act_${randomUUID()}`
  return { id, action: 'retry', target: { kind: 'runs', ids: [] }, by: 'ana' }
}

async function revisionOf(store: Store, schedule: string): Promise<number> {
  return (await store.schedules()).find(({ name }) => name === schedule)?.revision ?? 0
}

function spec(): Parameters<Store['putSchedule']>[1] {
  const { id: _, start: __, ...run } = newRun()
  const timing = {
    cron: '* * * * *',
    timeZone: 'UTC',
    missed: 'one',
    cap: 100,
    overlap: 'skip',
    jitterMs: 0,
  } as const
  return { ...timing, run }
}

/** Stores an example of everything that is read; `pass` lets time pass. */
export async function populate(store: Store, pass: (ms: number) => void = () => undefined): Promise<Known> {
  const declared = encodeSpec('coded', spec())
  const worker = await TestWorker.register(store, {
    limiters: [one, sliding].map(({ name, rule }) => ({ name, rule })),
    definitions: [{ kind: 'schedule', name: 'coded', digest: declared.digest, definition: declared.bytes }],
  })
  const { lease } = worker
  const elected = await store.campaign('leader', lease, 60_000)
  await store.putSchedule('report', spec(), byHand())
  const [held, failed] = [newRun({ tags: ['eu'] }), newRun()]
  await store.enqueue([failed])
  await worker.settle(await worker.claimOne(), { kind: 'failed', error: plainError })
  await store.enqueue([held])
  const run = await worker.claimOne()
  await worker.append(run, done('a', 'x'.repeat(1_000)))
  await worker.renew({
    openSteps: { n: 1, agoMs: 0, steps: [{ run: run.id, fence: run.fence, path: 'b', openMs: 2_000 }] },
  })
  await acquire(worker, run, 'b', [use(one, { key: 'c' })])
  const waiting = await waitForLimit(store, worker)
  const unique = { key: 'key', until: 'finished', onDuplicate: 'join' } as const
  await store.enqueue([newRun({ unique, queue: 'closed', input: encoded('y'.repeat(1_000)) })])
  await store.enqueue([newRun({ id: 'duplicate', unique, queue: 'closed' })])
  await store.enqueue([newRun({ queue: 'closed', start: { kind: 'in', ms: 3_600_000 } })])
  await store.pauseQueue('closed', byHand())
  await fillWindow(store, worker, pass)
  const term = elected.kind === 'leading' ? elected.term : 0
  return { lease, worker: worker.name, term, held: run.id, fence: run.fence, waiting, failed: failed.id }
}

/** A run that keeps one slot and waits for another, on which a second one sits. */
async function waitForLimit(store: Store, worker: TestWorker): Promise<string> {
  const key = (name: string, wholeRun = false) => use(one, { key: name, wholeRun })
  await store.enqueue([newRun({ limits: [key('a', true)] }), newRun({ limits: [key('b', true)] })])
  const [first, second] = await worker.claim(2)
  if (first === undefined || second === undefined) throw new Error('two runs were to be claimed')
  for (const [run, other] of [
    [first, 'b'],
    [second, 'a'],
  ] as const) {
    await acquire(worker, run, 'call', [key(other)])
    await worker.settle(run, { kind: 'waiting', waits: [{ kind: 'limit', path: 'call' }] })
  }
  return first.id
}

/** A window that is full, with starts that have left it and a run that waits for it. */
async function fillWindow(store: Store, worker: TestWorker, pass: (ms: number) => void): Promise<void> {
  const limited = () => newRun({ limits: [use(sliding)], tags: ['eu'] })
  const start = async (): Promise<void> => {
    await store.enqueue([limited(), limited()])
    for (const run of await worker.claim(2)) await worker.settle(run, completed)
  }
  await start()
  pass(900)
  await start()
  pass(500)
  await start()
  await store.enqueue([limited()])
  // Nothing has looked at the window since its starts have left it.
  pass(1_100)
}
