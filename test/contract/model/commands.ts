import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { expect } from 'vitest'
import { isEnd, type Run } from '../../../runtime/model/run.ts'
import { keysOf, type UniqueClaim } from '../../../runtime/model/unique.ts'
import { type ActionKind, actionKinds } from '../../../runtime/store/actions.ts'
import { durationsIn } from '../../../runtime/store/duration-histogram.ts'
import type { RunQuery } from '../../../runtime/store/run-filter.ts'
import {
  type ClaimedRun,
  type EnqueueReply,
  keepRepliesMs,
  type Store,
} from '../../../runtime/store/store.ts'
import { inTask } from '../../support/stores/in-task.ts'
import {
  byHand,
  done,
  failure,
  leaseMs,
  mark,
  newRun,
  plainError,
  waiting,
} from '../../support/stores/store-inputs.ts'
import type { StoreUnderTest } from '../../support/stores/store-under-test.ts'
import { completed, type Protection, TestWorker } from '../../support/stores/test-worker.ts'
import { expectSearch } from '../expect-search.ts'
import type { KnownLoss, Oracle } from './oracle.ts'
import type { ToldEvents } from './told-events.ts'

/** The real side: a store, workers that play on it, and every claim they ever got. */
export interface Fleet {
  readonly under: StoreUnderTest
  readonly store: Store
  readonly workers: TestWorker[]
  readonly claims: { readonly worker: number; readonly lease: string; readonly run: ClaimedRun }[]
  readonly told: ToldEvents
}

type Command = fc.AsyncCommand<Oracle, Fleet>

/** Of the runs with a unique key. */
const keys = ['k1', 'k2', 'k3'] as const

/** Of failures with a mark. */
const causes = ['a', 'b', 'ab'] as const
type Cause = (typeof causes)[number]

/** Settlements an author's run can come to. */
const kinds = ['completed', 'failed', 'retrying', 'released', 'marked', 'blocked', 'waiting'] as const

function command(name: string, run: (oracle: Oracle, fleet: Fleet) => Promise<void>): Command {
  return {
    check: () => true,
    run: async (oracle, fleet) => {
      await run(oracle, fleet)
      await agree(oracle, fleet)
    },
    toString: () => name,
  }
}

/** After every command the store reports each run as the oracle does, and each live run is in one place. */
async function agree(oracle: Oracle, { store, workers, told }: Fleet): Promise<void> {
  const counts = new Map<string, number>()
  const runs: Run[] = []
  for (const known of oracle.runs.values()) {
    const { id, state, attempt, losses, position, fingerprint } = known
    const run = await store.run(id)
    expect(run).toMatchObject({ id, state, attempt, losses, position })
    expect(run?.orphans).toEqual(known.orphans)
    expect(run?.protect === true).toBe(known.protect)
    if (!isEnd(state)) expect((run && 'lossStreak' in run ? run.lossStreak : 0) ?? 0).toBe(known.streak)
    expect(run && 'fingerprint' in run ? run.fingerprint : undefined).toBe(fingerprint)
    const { input: _, ...shown } = run ?? {}
    runs.push(shown as Run)
    const group = `${known.queue} ${state}`
    counts.set(group, (counts.get(group) ?? 0) + 1)
    const held = state === 'running' || state === 'cancelling'
    expect(held).toBe(known.holder !== undefined)
    if (held && known.holder !== undefined) expect(run).toMatchObject({ worker: workers[known.holder]?.name })
    expect(run && 'step' in run ? run.step : undefined).toEqual(oracle.stepOf(known))
  }
  for (const key of keys) expect(await store.holder('job', key)).toBe(oracle.holder(key))
  await told.read(store)
  for (const { id, state } of oracle.runs.values()) expect(told.states.get(id)).toBe(state)
  expect(told.operations).toEqual(oracle.operations)
  const groups = await store.failures({ limit: 100 })
  const counted = groups.map(({ fingerprint, tries, runs, failedNow }) => [
    fingerprint,
    { tries, runs, failedNow },
  ])
  expect(Object.fromEntries(counted)).toEqual(oracle.groups())
  await statisticsAgree(oracle, store)
  // Due where a recount is under way.
  const { recountDue: _, ...swept } = await store.sweep(1_000)
  expect(swept).toEqual({ pruned: 0, repaired: [] })
  const counters = (await store.counts()).map(({ queue, state, count }) => [`${queue} ${state}`, count])
  expect(Object.fromEntries(counters)).toEqual(Object.fromEntries(counts))
  const query = ++oracle.agreed % 3 === 0 ? pick(queries, oracle.agreed / 3) : undefined
  if (query !== undefined) await expectSearch(store, runs, query, oracle.now)
}

/** Backlogs are those of the oracle; every count has its time. */
async function statisticsAgree(oracle: Oracle, store: Store): Promise<void> {
  const { jobs, backlogs } = await store.statistics('24h')
  const live = [...oracle.runs.values()].filter(({ state }) => state !== 'scheduled' && !isEnd(state))
  for (const { queue, now } of backlogs) {
    expect([queue, now]).toEqual([queue, live.filter((run) => run.queue === queue).length])
  }
  expect(backlogs.reduce((sum, { now }) => sum + now, 0)).toBe(live.length)
  for (const { started, completed, failed, cancelled, expired, wait, total } of jobs) {
    expect(durationsIn(wait)).toBe(started)
    expect(durationsIn(total)).toBe(completed + failed + cancelled + expired)
  }
}
/** Searches that rotate after every third command; each reads other indexes. */
const queries: readonly RunQuery[] = [
  { limit: 7 },
  { states: ['ready', 'waiting', 'running', 'cancelling'], order: 'longest', limit: 3 },
  { queue: 'a', order: 'oldest', limit: 5 },
  { states: ['failed', 'cancelled', 'blocked', 'waiting', 'scheduled'], job: 'job', limit: 4 },
  { states: ['ready'], queue: 'b', order: 'longest', limit: 2 },
  { minAgeMs: 3_000, limit: 5 },
]

function pick<T>(items: readonly T[], choice: number): T | undefined {
  return items[choice % Math.max(1, items.length)]
}

async function advance(oracle: Oracle, fleet: Fleet, ms: number, silent?: number): Promise<void> {
  fleet.under.advance(ms)
  oracle.now += ms
  for (const [i, worker] of fleet.workers.entries()) if (i !== silent) await worker.renew()
}

function enqueueCommand(queue: string, delayMs: number, protect: boolean): Command {
  const title = `enqueue ${protect ? 'a protected run ' : ''}into ${queue} in ${delayMs} ms`
  return command(title, async (oracle, { store }) => {
    const marked = protect ? { protect } : {}
    const run = newRun({ queue, ...marked, ...(delayMs > 0 ? { start: { kind: 'in', ms: delayMs } } : {}) })
    expect(await store.enqueue([run])).toMatchObject([{ outcome: 'created' }])
    expect(await store.enqueue([run])).toMatchObject([{ outcome: 'joined' }])
    oracle.enqueue(run.id, queue, delayMs, undefined, protect)
  })
}

function enqueueUniqueCommand(unique: UniqueClaim, delayMs: number): Command {
  const until = typeof unique.until === 'string' ? unique.until : `${unique.until.ms} ms`
  const title = `enqueue key ${keysOf(unique).join(' and ')} until ${until} in ${delayMs} ms, else ${unique.onDuplicate}`
  return command(title, async (oracle, { store }) => {
    const run = newRun({ unique, ...(delayMs > 0 ? { start: { kind: 'in', ms: delayMs } } : {}) })
    const expected = oracle.enqueueUnique(run.id, run.queue, delayMs, unique)
    const again: EnqueueReply = expected.outcome === 'created' ? { outcome: 'joined', id: run.id } : expected
    // Concurrent calls share a round trip, and get their replies as if they were sequential.
    const [first, second] = [store.enqueue([run]), store.enqueue([run])]
    expect([await first, await second]).toEqual([[expected], [again]])
    oracle.sent.push({ run, answer: again, at: oracle.now })
  })
}

/** An enqueue that is delivered once more, long after. */
function lateEnqueueCommand(choice: number): Command {
  return command(`enqueue ${choice} once more`, async (oracle, { store }) => {
    const late = pick(oracle.sent, choice)
    // The store may have forgotten it by then.
    if (late === undefined || oracle.now - late.at >= keepRepliesMs) return
    expect(await store.enqueue([late.run])).toEqual([late.answer])
  })
}

function claimCommand(which: number, max: number, says: Protection): Command {
  return command(`worker ${which} claims ${max}, of protected runs it says: ${says}`, (oracle, fleet) =>
    claimRuns(oracle, fleet, { which, max, says }),
  )
}

async function claimRuns(
  oracle: Oracle,
  fleet: Fleet,
  { which, max, says }: { readonly which: number; readonly max: number; readonly says: Protection },
): Promise<void> {
  const worker = fleet.workers[which]
  if (worker === undefined) return
  oracle.promote()
  const expected = oracle.claimable(which, max, says === 'takes')
  const { runs, protectedLeft, ask } = await worker.claimAs(says, max)
  expect(runs).toHaveLength(expected)
  for (const run of runs) {
    oracle.claim(run.id, which)
    expect(run.position).toBe(oracle.get(run.id).position)
    fleet.claims.push({ worker: which, lease: worker.lease, run })
  }
  expect(protectedLeft).toBe(says === 'takes' || max === 0 ? 0 : oracle.protectedLeft(which))
  expect(ask).toBe(says === 'may ask' && oracle.isToAsk(protectedLeft))
  expect(await worker.claimReply(max, [], worker.n, says)).toMatchObject({ runs, protectedLeft, ask })
}

/** The worker reports all its runs, as they are or as they were earlier; a late repeat changes nothing. */
function tellCommand(which: number, agoMs: number): Command {
  return command(`worker ${which} tells of its open steps of ${agoMs} ms ago`, async (oracle, fleet) => {
    const worker = fleet.workers[which]
    if (worker === undefined) return
    const held = fleet.claims.filter((claim) => isCurrent(oracle, fleet, claim) && claim.worker === which)
    const steps = held.map(({ run }) => ({
      run: run.id,
      fence: run.fence,
      path: `in ${run.id}`,
      openMs: 5_000,
    }))
    const n = ++oracle.told
    await worker.renew({ openSteps: { n, agoMs, steps } })
    await worker.renew({ openSteps: { n: n - 1, agoMs: 0, steps: [] } })
    oracle.tell(which, agoMs)
  })
}

function checkpointCommand(choice: number, twice: boolean): Command {
  return command(`claim ${choice} stores a step`, async (oracle, fleet) => {
    const claim = pick(fleet.claims, choice)
    if (claim === undefined) return
    const { run, lease } = claim
    const current = isCurrent(oracle, fleet, claim)
    const position = oracle.get(run.id).position + 1
    const record = done(`step ${position}`)
    const entry = { kind: 'checkpoint', run: run.id, fence: run.fence, position, record } as const
    for (let i = 0; i < (twice ? 2 : 1); i++) {
      const { answers } = await fleet.store.commit(lease, [entry])
      expect(answers).toEqual([{ kind: current ? 'stored' : 'gone' }])
    }
    if (current) oracle.checkpoint(run.id)
  })
}

/** A step's attempt fails, finally or with a retry; the entry is sent twice. */
function failureCommand(choice: number, cause: Cause, pauseMs: number | undefined): Command {
  const title = `claim ${choice} stores a failed attempt for ${cause}`
  return command(title, async (oracle, fleet) => {
    const claim = pick(fleet.claims, choice)
    if (claim === undefined) return
    const { run, lease } = claim
    const current = isCurrent(oracle, fleet, claim)
    const position = oracle.get(run.id).position + 1
    const record = failure(cause, pauseMs)
    const entry = { kind: 'checkpoint', run: run.id, fence: run.fence, position, record } as const
    for (let i = 0; i < 2; i++) {
      const { answers } = await fleet.store.commit(lease, [entry])
      expect(answers).toEqual([{ kind: current ? 'stored' : 'gone' }])
    }
    if (!current) return
    oracle.checkpoint(run.id)
    oracle.fail(run.id, `f1:${cause}`, 'step')
  })
}

function settleCommand(
  choice: number,
  kind: (typeof kinds)[number],
  pauseMs: number,
  cause: Cause | undefined,
): Command {
  return command(`claim ${choice} settles as ${kind}, for ${cause ?? 'no mark'}`, async (oracle, fleet) => {
    const claim = pick(fleet.claims, choice)
    if (claim === undefined) return
    const { run, lease } = claim
    const held = isCurrent(oracle, fleet, claim)
    const position = oracle.get(run.id).position + (kind === 'waiting' && held ? 1 : 0)
    const base = { run: run.id, fence: run.fence } as const
    if (kind === 'waiting' && held) {
      const record = waiting(`wait ${position}`, pauseMs)
      await fleet.store.commit(lease, [{ ...base, kind: 'checkpoint', position, record }])
      oracle.checkpoint(run.id)
    }
    const marked = cause === undefined ? {} : { mark: mark(cause) }
    const outcome = {
      completed,
      failed: { kind: 'failed', error: plainError, ...marked },
      retrying: { kind: 'retrying', error: plainError, delayMs: pauseMs, ...marked },
      released: { kind: 'released' },
      marked: { kind: 'released', protect: true },
      blocked: { kind: 'blocked', reason: 'why', digest: 'first' },
      waiting: { kind: 'waiting', waits: [{ kind: 'time', path: `wait ${position}`, position }] },
    } as const
    const orphans = choice % 3 === 0 ? { orphans: [position] } : {}
    const settlement = { ...base, kind: 'settle', position, outcome: outcome[kind], ...orphans } as const
    const known = oracle.get(run.id)
    if (held) {
      const state = oracle.settle(run.id, kind, pauseMs, orphans.orphans)
      known.lastStay = { fence: run.fence, state }
      if (cause !== undefined && kind === 'failed') oracle.fail(run.id, `f1:${cause}`, 'end')
      if (cause !== undefined && kind === 'retrying') oracle.fail(run.id, `f1:${cause}`, 'try')
    }
    const repeated = known.lastStay?.fence === run.fence
    const expected = repeated ? { kind: 'settled', state: known.lastStay?.state } : { kind: 'gone' }
    for (let i = 0; i < 2; i++) {
      expect((await fleet.store.commit(lease, [settlement])).answers).toEqual([expected])
    }
  })
}

/** Whether this claim still owns its run. */
function isCurrent(oracle: Oracle, { workers, claims }: Fleet, claim: Fleet['claims'][number]): boolean {
  const newest = claims.findLast(({ run }) => run.id === claim.run.id)
  return (
    newest === claim &&
    oracle.get(claim.run.id).holder === claim.worker &&
    workers[claim.worker]?.lease === claim.lease
  )
}

function replaceCommand(which: number, how: 'resigns' | 'vanishes'): Command {
  return command(`worker ${which} ${how}`, async (oracle, fleet) => {
    const { store, workers } = fleet
    const old = workers[which]
    if (old === undefined) return
    if (how === 'vanishes') return vanish(oracle, fleet, which)
    await store.resign(old.lease, [])
    await store.resign(old.lease, [])
    oracle.resign(which)
    oracle.operations.push(`worker left ${old.name}`)
    await join(oracle, fleet, which)
  })
}

async function vanish(oracle: Oracle, fleet: Fleet, which: number): Promise<void> {
  const { workers } = fleet
  const old = workers[which]
  const bodyLog = workers[(which + 1) % workers.length]
  if (old === undefined || bodyLog === undefined) return
  for (let passed = 0; passed <= leaseMs; passed += leaseMs / 4)
    await advance(oracle, fleet, leaseMs / 4, which)
  oracle.promote()
  await bodyLog.claim(0)
  oracle.lose(which, { lease: old.lease, worker: old.name })
  oracle.operations.push(`worker lost ${old.name}`)
  await join(oracle, fleet, which)
}

async function join(oracle: Oracle, { store, workers }: Fleet, which: number): Promise<void> {
  const next = await TestWorker.register(store, inTask('a'))
  workers[which] = next
  oracle.operations.push(`worker joined ${next.name}`)
}

/** The cause of death of a lost worker's task becomes known, and is reported twice. */
function explainCommand(choice: number, isBlameless: boolean): Command {
  return command(`loss ${choice} is explained as ${deathOf(isBlameless)}`, async (oracle, { store }) => {
    const loss = pick(oracle.losses, choice)
    if (loss !== undefined) await explain(oracle, store, loss, isBlameless)
  })
}

/** Workers claim and vanish, one after the other; one of these losses is explained, the last one as 0. */
function lossesCommand(which: number, times: number, ago: number, isBlameless: boolean): Command {
  const title = `worker ${which} claims and vanishes ${times} times, and a loss is explained as ${deathOf(isBlameless)}`
  return command(title, async (oracle, fleet) => {
    for (let i = 0; i < times; i++) {
      await claimRuns(oracle, fleet, { which, max: 2, says: 'takes' })
      await vanish(oracle, fleet, which)
    }
    const loss = oracle.losses.at(-1 - (ago % times))
    if (loss !== undefined) await explain(oracle, fleet.store, loss, isBlameless)
  })
}

const deathOf = (isBlameless: boolean) => (isBlameless ? 'scale-in' : 'out of memory')

async function explain(oracle: Oracle, store: Store, loss: KnownLoss, isBlameless: boolean): Promise<void> {
  const death = { kind: deathOf(isBlameless), text: '' } as const
  for (let i = 0; i < 2; i++) expect(await store.explainLoss(loss.lease, death)).toBe('explained')
  if (loss.isExplained) return
  loss.isExplained = true
  oracle.explain(loss, isBlameless)
  oracle.operations.push(`loss explained ${loss.worker}`)
}

function operatorCommand(kind: 'cancel' | 'retry', choice: number): Command {
  return command(`${kind} run ${choice}`, async (oracle, { store }) => {
    const run = pick([...oracle.runs.values()], choice)
    if (run === undefined) return
    const write = byHand()
    if (kind === 'cancel') {
      const before = run.state
      const state = oracle.cancel(run.id)
      if (state !== before) oracle.operations.push(`cancel run ${run.id}`)
      for (let i = 0; i < 2; i++) expect(await store.cancel(run.id, write)).toEqual({ state })
    } else if (oracle.canRetry(run.id)) {
      const runId = oracle.keyHolderBeside(run.id)
      if (runId !== undefined) {
        const refused = { code: 'DUPLICATE_RUN', runId }
        await expect(store.planRetry(run.id, {})).rejects.toMatchObject(refused)
        await expect(store.retry(run.id, {}, write)).rejects.toMatchObject(refused)
        return
      }
      const answer = await store.retry(run.id, {}, write)
      expect(await store.retry(run.id, {}, write)).toEqual(answer)
      oracle.retry(run.id)
      oracle.operations.push(`retry run ${run.id}`)
    } else {
      await expect(store.retry(run.id, {}, write)).rejects.toMatchObject({ code: 'RUN_STATE' })
    }
  })
}

function removeCommand(choice: number): Command {
  return command(`remove run ${choice}`, async (oracle, { store, claims }) => {
    const run = pick([...oracle.runs.values()], choice)
    if (run === undefined) return
    if (!isEnd(run.state)) {
      await expect(store.remove(run.id, byHand())).rejects.toMatchObject({ code: 'RUN_STATE' })
      return
    }
    await store.remove(run.id, byHand())
    expect(await store.run(run.id)).toBeUndefined()
    oracle.remove(run.id)
    oracle.operations.push(`remove run ${run.id}`)
    forgetClaims(claims, [run.id])
  })
}

/** Several runs at once, sent twice; a refused run stops no other. */
function actionCommand(action: ActionKind, choices: readonly number[]): Command {
  return command(`${action} runs ${choices}`, async (oracle, { store, claims }) => {
    const all = [...oracle.runs.values()]
    const ids = [...new Set(choices.flatMap((choice) => pick(all, choice)?.id ?? []))]
    const id = `act_${randomUUID()}`
    await store.beginAction({ id, action, target: { kind: 'runs', ids }, by: 'ana' })
    oracle.operations.push(`begin action ${id}`)
    const chunk = { action: id, from: '', next: '1', runs: ids.map((run) => ({ run })) }
    const answer = await store.applyAction(chunk)
    const done = ids.filter((run) => actOn(oracle, action, run))
    expect(answer).toMatchObject({ done: done.length, refused: ids.length - done.length })
    expect(await store.applyAction(chunk)).toEqual(answer)
    if (action === 'remove') forgetClaims(claims, done)
  })
}

/** Whether the action is for the run, which is moved then. */
function actOn(oracle: Oracle, action: ActionKind, id: string): boolean {
  const { state } = oracle.get(id)
  if (action === 'retry') {
    if (!oracle.canRetry(id) || oracle.keyHolderBeside(id) !== undefined) return false
    oracle.retry(id)
    return true
  }
  if (action === 'cancel') {
    if (isEnd(state) || state === 'cancelling') return false
    oracle.cancel(id)
    return true
  }
  if (!isEnd(state)) return false
  oracle.remove(id)
  return true
}

function forgetClaims(claims: Fleet['claims'], ids: readonly string[]): void {
  for (let i = claims.length - 1; i >= 0; i--) if (ids.includes(claims[i]?.run.id ?? '')) claims.splice(i, 1)
}

function queueCommand(queue: string, pause: boolean): Command {
  return command(`${pause ? 'pause' : 'resume'} ${queue}`, async (oracle, { store }) => {
    if (pause) await store.pauseQueue(queue, byHand())
    else await store.resumeQueue(queue, byHand())
    if (pause || oracle.paused.has(queue))
      oracle.operations.push(`${pause ? 'pause' : 'resume'} queue ${queue}`)
    if (pause) oracle.paused.add(queue)
    else oracle.paused.delete(queue)
  })
}

/** Between its steps the other commands move, make and remove runs. */
function recountCommand(limit: number): Command {
  return command(`recount ${limit} runs`, async (_, { store }) => {
    expect(await store.recount(limit)).toMatchObject({ miscounts: [] })
  })
}

const queue = fc.constantFrom('a', 'b')
const worker = fc.nat({ max: 2 })
const claimOfKey: fc.Arbitrary<UniqueClaim> = fc.record({
  key: fc.constantFrom(...keys),
  until: fc.constantFrom<UniqueClaim['until']>('finished', 'finished', 'started', 'started', { ms: 3_000 }),
  onDuplicate: fc.constantFrom('join', 'reject', 'replace'),
})
/** A run that holds a second key, which may be the first one of others. */
const claimOfKeys: fc.Arbitrary<UniqueClaim> = fc
  .tuple(claimOfKey, fc.constantFrom(undefined, ...keys))
  .map(([claim, canonicalKey]) =>
    canonicalKey === undefined || canonicalKey === claim.key ? claim : { ...claim, canonicalKey },
  )
const choice = fc.nat({ max: 99 })

export const commands: fc.Arbitrary<Command>[] = [
  fc
    .tuple(queue, fc.constantFrom(0, 0, 3_000), fc.constantFrom(false, false, true))
    .map(([name, delayMs, protect]) => enqueueCommand(name, delayMs, protect)),
  fc
    .tuple(claimOfKeys, fc.constantFrom(0, 3_000))
    .map(([unique, delayMs]) => enqueueUniqueCommand(unique, delayMs)),
  choice.map(lateEnqueueCommand),
  fc
    .tuple(worker, fc.constantFrom(0, 1, 2, 5), fc.constantFrom<Protection>('takes', 'may ask', 'none'))
    .map(([which, max, says]) => claimCommand(which, max, says)),
  fc.tuple(worker, fc.constantFrom(1, 3)).map(([which, max]) => claimCommand(which, max, 'takes')),
  fc.tuple(worker, fc.constantFrom(0, 1_500)).map(([which, agoMs]) => tellCommand(which, agoMs)),
  fc.tuple(choice, fc.boolean()).map(([which, twice]) => checkpointCommand(which, twice)),
  fc
    .tuple(choice, fc.constantFrom(...causes), fc.constantFrom(undefined, 500))
    .map(([which, cause, pauseMs]) => failureCommand(which, cause, pauseMs)),
  fc
    .tuple(
      choice,
      fc.constantFrom(...kinds),
      fc.constantFrom(500, 4_000),
      fc.constantFrom(undefined, ...causes),
    )
    .map(([which, kind, pauseMs, cause]) => settleCommand(which, kind, pauseMs, cause)),
  fc.tuple(worker, fc.constantFrom('resigns', 'vanishes')).map(([which, how]) => replaceCommand(which, how)),
  fc
    .tuple(worker, fc.constantFrom(1, 2, 3), fc.nat({ max: 2 }), fc.constantFrom(true, true, false))
    .map(([which, times, ago, isBlameless]) => lossesCommand(which, times, ago, isBlameless)),
  fc
    .tuple(choice, fc.constantFrom(true, true, false))
    .map(([which, isBlameless]) => explainCommand(which, isBlameless)),
  fc.tuple(fc.constantFrom('cancel', 'retry'), choice).map(([kind, which]) => operatorCommand(kind, which)),
  choice.map(removeCommand),
  fc
    .tuple(fc.constantFrom(...actionKinds), fc.array(choice, { maxLength: 4 }))
    .map(([kind, which]) => actionCommand(kind, which)),
  fc.tuple(queue, fc.boolean()).map(([name, pause]) => queueCommand(name, pause)),
  fc.constantFrom(1, 2, 2, 5).map(recountCommand),
  fc
    .constantFrom(400, 2_000)
    .map((ms) => command(`${ms} ms pass`, (oracle, fleet) => advance(oracle, fleet, ms))),
]
