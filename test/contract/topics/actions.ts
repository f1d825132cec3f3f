import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import { nextChunk } from '../../../runtime/client/actions/next-chunk.ts'
import type { RunState } from '../../../runtime/model/run.ts'
import {
  type ActionChunk,
  type ActionInfo,
  keepActionsMs,
  maxChunkRuns,
  maxRefusals,
  type NewAction,
} from '../../../runtime/store/actions.ts'
import type { Store } from '../../../runtime/store/store.ts'
import { byHand, done, failed, intent, mark, newRun, plainError } from '../../support/stores/store-inputs.ts'
import type { Open } from '../../support/stores/store-under-test.ts'
import { completed } from '../../support/stores/test-worker.ts'
import { type Contract, contractTest } from '../contract-test.ts'

export function actionsContract(open: Open): void {
  chunks(open)
  retries(open)
  cancelsAndRemoves(open)
  records(open)
  log(open)
  forecasts(open)
}

function newAction(over: Partial<NewAction> = {}): NewAction {
  const target = { kind: 'filter', filter: { states: ['failed'] } } as const
  return { id: `act_${randomUUID()}`, action: 'retry', target, by: 'ana', ...over }
}

/** Runs that have failed by 'pay', all of them before any action. */
async function failedRuns({ store, worker, advance }: Contract, count: number): Promise<string[]> {
  const runs = Array.from({ length: count }, () => newRun())
  await store.enqueue(runs)
  const first = await worker()
  await failAll(first)
  await store.resign(first.lease, [])
  advance(1)
  return runs.map(({ id }) => id)
}

const cause = mark('the bank is down')

/** Claims every ready run, and fails it. Returns the claimed runs. */
async function failAll(worker: Awaited<ReturnType<Contract['worker']>>): Promise<string[]> {
  const claimed = await worker.claim(100)
  for (const run of claimed) {
    await worker.append(run, done('read'), failed('pay'))
    await worker.settle(run, { kind: 'failed', error: plainError, escaped: 'pay', mark: cause })
  }
  return claimed.map(({ id }) => id)
}

function found(ids: readonly string[], state: RunState = 'failed'): ActionChunk['runs'] {
  return ids.map((run) => ({ run, state }))
}

function named(ids: readonly string[]): ActionChunk['runs'] {
  return ids.map((run) => ({ run }))
}

async function retriesOf(store: Store, id: string): Promise<number> {
  return (await store.history(id)).filter(({ kind }) => kind === 'retry').length
}

function reasonsOf({ refusals }: ActionInfo): Readonly<Record<string, string>> {
  return Object.fromEntries(refusals.map(({ run, reason }) => [run, reason]))
}

function chunks(open: Open): void {
  contractTest(
    open,
    'a chunk applies the action and moves its cursor; the last one ends it',
    async (contract) => {
      const { store, advance, now } = contract
      const ids = await failedRuns(contract, 3)
      const action = newAction({ reason: 'provider is back' })
      const begun = await store.beginAction(action)
      expect(begun).toEqual({ ...action, startedAt: now(), cursor: '', done: 0, refused: 0, refusals: [] })
      const next = { action: action.id, from: '', next: 'two', runs: found(ids.slice(0, 2)) }
      expect(await store.applyAction(next)).toEqual({ ...begun, cursor: 'two', done: 2 })
      advance(5)
      const { cursor: _, ...rest } = begun
      const ended = await store.applyAction({ action: action.id, from: 'two', runs: found(ids.slice(2)) })
      expect(ended).toEqual({ ...rest, done: 3, endedAt: now() })
      expect(await store.action(action.id)).toEqual(ended)
      for (const id of ids) {
        expect(await store.run(id)).toMatchObject({ state: 'ready', attempt: 1 })
        expect(await store.history(id)).toMatchObject([
          { kind: 'retry', by: 'ana', reason: `provider is back; action ${action.id}` },
        ])
      }
    },
  )

  contractTest(open, 'a chunk that is sent twice is applied to its runs once', async (contract) => {
    const { store, worker } = contract
    const ids = await failedRuns(contract, 2)
    const action = newAction()
    await store.beginAction(action)
    const chunk = { action: action.id, from: '', next: 'two', runs: found(ids) }
    const answer = await store.applyAction(chunk)
    await failAll(await worker())
    expect(await store.applyAction(chunk)).toEqual(answer)
    expect(await store.applyAction({ ...chunk, next: 'other' })).toEqual(answer)
    for (const id of ids) {
      expect(await store.run(id)).toMatchObject({ state: 'failed' })
      expect(await retriesOf(store, id)).toBe(1)
    }
  })

  contractTest(
    open,
    'two callers that continue one action at once apply each chunk once',
    async (contract) => {
      const { store, another } = contract
      const ids = await failedRuns(contract, 4)
      const action = newAction()
      await store.beginAction(action)
      const other = await another()
      const chunk = { action: action.id, from: '', next: '2', runs: found(ids.slice(0, 2)) }
      const both = await Promise.all([store.applyAction(chunk), other.applyAction(chunk)])
      expect(both.map(({ cursor, done }) => [cursor, done])).toEqual([
        ['2', 2],
        ['2', 2],
      ])
      const last = { action: action.id, from: '2', runs: found(ids.slice(2)) }
      await Promise.all([store.applyAction(last), other.applyAction(last)])
      expect(await store.action(action.id)).toMatchObject({ done: 4, refused: 0 })
      for (const id of ids) expect(await retriesOf(store, id)).toBe(1)
    },
  )

  contractTest(open, 'a repeated begin changes nothing', async (contract) => {
    const { store, advance } = contract
    const [id = ''] = await failedRuns(contract, 1)
    const action = newAction()
    await store.beginAction(action)
    const moved = await store.applyAction({ action: action.id, from: '', next: '1', runs: found([id]) })
    advance(1_000)
    expect(await store.beginAction({ ...action, action: 'remove', by: 'ben' })).toEqual(moved)
  })

  contractTest(open, 'a chunk may be empty, must move the cursor, and is bounded', async ({ store }) => {
    const action = newAction()
    await store.beginAction(action)
    const chunk = { action: action.id, from: '', next: '1', runs: [] }
    expect(await store.applyAction(chunk)).toMatchObject({ cursor: '1', done: 0, refused: 0 })
    const tooMany = named(Array.from({ length: maxChunkRuns + 1 }, (_, i) => `run ${i}`))
    const wrong = { code: 'INVALID_OPTIONS' }
    await expect(store.applyAction({ ...chunk, from: '1' })).rejects.toMatchObject(wrong)
    await expect(store.applyAction({ ...chunk, from: '1', next: '2', runs: tooMany })).rejects.toMatchObject(
      wrong,
    )
    await expect(store.applyAction({ ...chunk, action: 'act_none' })).rejects.toMatchObject({
      code: 'UNKNOWN_ACTION',
      actionId: 'act_none',
    })
  })
}

function retries(open: Open): void {
  contractTest(open, 'a run that failed again after the begin is not retried', async (contract) => {
    const { store, worker, advance } = contract
    const [again = '', first = ''] = await failedRuns(contract, 2)
    const action = newAction()
    await store.beginAction(action)
    advance(1)
    await store.applyAction({ action: action.id, from: '', next: '1', runs: found([first]) })
    await store.retry(again, {}, byHand())
    const fresh = newRun()
    await store.enqueue([fresh])
    await failAll(await worker())
    const all = found([again, first, fresh.id])
    const ended = await store.applyAction({ action: action.id, from: '1', runs: all })
    // The run that is newer than the action is not part of it.
    expect(ended).toMatchObject({ done: 1, refused: 2 })
    expect(reasonsOf(ended)).toEqual({
      [again]: 'it became failed after it was chosen',
      [first]: 'it became failed after it was chosen',
    })
    expect(await retriesOf(store, again)).toBe(1)
    expect(await retriesOf(store, first)).toBe(1)
    expect(await retriesOf(store, fresh.id)).toBe(0)
  })

  contractTest(open, 'a refused run is counted with the reason and stops no other', async (contract) => {
    const { store, worker } = contract
    const [good = '', taken = '', gone = ''] = await failedRuns(contract, 3)
    const live = newRun()
    const whole = newRun({ unique: { key: 'k', until: 'finished', onDuplicate: 'join' } })
    await store.enqueue([whole])
    const first = await worker()
    await first.settle(await first.claimOne(), { kind: 'failed', error: plainError })
    const holder = newRun({ unique: { key: 'k', until: 'finished', onDuplicate: 'join' } })
    const finished = newRun()
    await store.enqueue([finished])
    await first.settle(await first.claimOne(), completed)
    await store.enqueue([holder, live])
    await store.retry(taken, {}, byHand())
    await store.remove(gone, byHand())
    const action = newAction({ target: { kind: 'runs', ids: [] } })
    await store.beginAction(action)
    const runs = [...found([taken]), ...named([gone, live.id, finished.id, whole.id, good])]
    const ended = await store.applyAction({ action: action.id, from: '', runs })
    expect(ended).toMatchObject({ done: 1, refused: 5 })
    const only = 'only a failed, cancelled, expired or blocked run can be retried'
    expect(ended.refusals).toEqual([
      { run: taken, reason: 'it became ready after it was chosen' },
      { run: gone, reason: 'no such run: it was removed, or never enqueued here' },
      { run: live.id, reason: `it is ready; ${only}` },
      { run: finished.id, reason: `it is completed; ${only}` },
      { run: whole.id, reason: `run '${holder.id}' holds its unique key 'k'` },
    ])
    expect(await store.run(good)).toMatchObject({ state: 'ready' })
    expect(await store.run(whole.id)).toMatchObject({ state: 'failed' })
  })

  contractTest(
    open,
    'only one of two runs with one unique key in a chunk is retried',
    async ({ store, worker, advance }) => {
      const unique = { key: 'k', until: 'finished', onDuplicate: 'join' } as const
      const [one, two] = [newRun({ unique }), newRun({ unique })]
      const first = await worker()
      for (const run of [one, two]) {
        await store.enqueue([run])
        await first.settle(await first.claimOne(), { kind: 'failed', error: plainError })
      }
      advance(1)
      const action = newAction()
      await store.beginAction(action)
      const ended = await store.applyAction({ action: action.id, from: '', runs: found([one.id, two.id]) })
      expect(ended).toMatchObject({ done: 1, refused: 1 })
      expect(reasonsOf(ended)).toEqual({ [two.id]: `run '${one.id}' holds its unique key 'k'` })
      expect(await store.holder('job', 'k')).toBe(one.id)
    },
  )

  contractTest(
    open,
    'at-most-once steps that block a retry must be named; others are kept',
    async (contract) => {
      const { store, worker, advance } = contract
      const [stuck, elsewhere] = [newRun(), newRun()]
      await store.enqueue([stuck, elsewhere])
      const first = await worker()
      const error = { kind: 'failed', error: plainError } as const
      const a = await first.claimOne()
      await first.append(a, done('read'), intent('pay[7]'), failed('pay[7]', true))
      await first.settle(a, { ...error, escaped: 'pay[7]' })
      const b = await first.claimOne()
      await first.append(b, intent('pay[8]'), done('pay[8]', 1, true), failed('ship'))
      await first.settle(b, { ...error, escaped: 'ship' })
      advance(1)
      const refusing = newAction()
      await store.beginAction(refusing)
      const both = found([stuck.id, elsewhere.id])
      const ended = await store.applyAction({ action: refusing.id, from: '', runs: [both[0] ?? { run: '' }] })
      expect(reasonsOf(ended)[stuck.id]).toContain("it would run at-most-once step 'pay' again")
      const allowing = newAction({ runAgain: ['pay'] })
      await store.beginAction(allowing)
      expect(await store.applyAction({ action: allowing.id, from: '', runs: both })).toMatchObject({
        done: 2,
      })
      const paths = async (id: string) =>
        (await store.journal(id, { after: 0, limit: 9 })).map(({ path }) => path)
      expect(await paths(stuck.id)).toEqual(['read'])
      expect(await paths(elsewhere.id)).toEqual(['pay[8]', 'pay[8]'])
      expect(await store.history(stuck.id)).toMatchObject([
        { kind: 'retry', reason: `action ${allowing.id}; may run again: pay` },
      ])
    },
  )

  contractTest(open, 'blocked, cancelled and expired runs are retried, too', async (contract) => {
    const { store, worker, advance } = contract
    const [cancelled, expired, blocked] = [newRun(), newRun({ expiresInMs: 1 }), newRun()]
    await store.enqueue([cancelled, expired])
    await store.cancel(cancelled.id, byHand())
    advance(1)
    const first = await worker()
    await first.claim(0)
    await store.enqueue([blocked])
    await first.settle(await first.claimOne(), { kind: 'blocked', reason: 'why', digest: 'first' })
    advance(1)
    const action = newAction()
    await store.beginAction(action)
    const runs = [cancelled, expired, blocked].map(({ id }) => ({ run: id }))
    expect(await store.applyAction({ action: action.id, from: '', runs })).toMatchObject({ done: 3 })
    expect(await first.claim()).toHaveLength(3)
  })

  contractTest(open, 'a failure group counts the runs that are failed now', async (contract) => {
    const { store, worker } = contract
    const ids = await failedRuns(contract, 3)
    const failedNow = async () => (await store.failures({ limit: 1 }))[0]?.failedNow
    expect(await failedNow()).toBe(3)
    const query = { fingerprint: cause.fingerprint, limit: 10 }
    const matching = async () => (await store.runs(query)).runs.map(({ id }) => id)
    expect(await matching()).toEqual(ids.toReversed())
    const [retried = '', removed = '', left = ''] = ids
    const [retry, remove] = [newAction(), newAction({ action: 'remove' })]
    await store.beginAction(retry)
    await store.applyAction({ action: retry.id, from: '', next: '1', runs: found([retried]) })
    expect(await failedNow()).toBe(2)
    await store.beginAction(remove)
    await store.applyAction({ action: remove.id, from: '', runs: found([removed]) })
    expect(await failedNow()).toBe(1)
    expect(await matching()).toEqual([left])
    await failAll(await worker())
    expect(await matching()).toEqual([left, retried])
  })

  contractTest(open, 'a retry and an action continue after the clock jumped', async (contract) => {
    const { store, moveClock } = contract
    const [one = '', two = ''] = await failedRuns(contract, 2)
    moveClock(-3_600_000)
    await store.enqueue([newRun()])
    await store.retry(one, {}, byHand())
    const action = newAction()
    await store.beginAction(action)
    await store.applyAction({ action: action.id, from: '', runs: found([two]) })
    for (const id of [one, two]) expect(await store.run(id)).toMatchObject({ state: 'ready' })
  })

  const minAgeMs = 60_000
  for (const filter of [{ states: ['failed'] }, { states: ['failed'], minAgeMs }] as const) {
    const parts = Object.keys(filter).join(' and ')
    contractTest(open, `a clock set ahead between two chunks hides no run of ${parts}`, async (contract) => {
      const { store, advance, moveClock } = contract
      await failedRuns(contract, 3)
      advance(minAgeMs)
      const begun = await store.beginAction(newAction({ target: { kind: 'filter', filter } }))
      const first = await nextApplied(store, begun, 1)
      moveClock(3_600_000)
      expect(await allApplied(store, first)).toMatchObject({ done: 3, refused: 0 })
    })
  }

  contractTest(open, 'an age counts from the begin, however long the action takes', async (contract) => {
    const { store, advance } = contract
    const old = await failedRuns(contract, 2)
    advance(minAgeMs)
    const [young = ''] = await failedRuns(contract, 1)
    const action = newAction({ target: { kind: 'filter', filter: { states: ['failed'], minAgeMs } } })
    const begun = await store.beginAction(action)
    advance(2 * minAgeMs)
    expect(await allApplied(store, begun)).toMatchObject({ done: 2, refused: 0 })
    expect(await store.run(young)).toMatchObject({ state: 'failed' })
    for (const id of old) expect(await retriesOf(store, id)).toBe(1)
  })
}

/** Carries out the next chunk of an action, as a client does. */
async function nextApplied(store: Store, action: ActionInfo, size: number): Promise<ActionInfo> {
  const { cursor } = action
  if (cursor === undefined) throw new Error(`action ${action.id} has ended`)
  return store.applyAction(await nextChunk(store, { ...action, cursor }, size))
}

async function allApplied(store: Store, begun: ActionInfo): Promise<ActionInfo> {
  let action = begun
  while (action.cursor !== undefined) action = await nextApplied(store, action, maxChunkRuns)
  return action
}

function cancelsAndRemoves(open: Open): void {
  contractTest(open, 'a cancel ends waiting runs and orders the holders of the rest', async (contract) => {
    const { store, worker, advance } = contract
    const [ready, held, ended, over] = [newRun({ priority: -1 }), newRun(), newRun(), newRun()]
    await store.enqueue([held, ready])
    const first = await worker()
    await first.claimOne()
    await store.enqueue([ended])
    await store.cancel(ended.id, byHand())
    advance(1)
    const action = newAction({ action: 'cancel', reason: 'wrong input', target: { kind: 'runs', ids: [] } })
    await store.beginAction(action)
    await store.enqueue([over])
    advance(1)
    const runs = named([ready.id, held.id, ended.id])
    const state = await store.applyAction({ action: action.id, from: '', next: '3', runs })
    expect(state).toMatchObject({ done: 2, refused: 1 })
    expect(reasonsOf(state)[ended.id]).toMatch(/^it is cancelled; /)
    const told = { by: 'ana', reason: `wrong input; action ${action.id}` }
    expect(await store.run(ready.id)).toMatchObject({ state: 'cancelled', ...told })
    expect(await store.run(held.id)).toMatchObject({ state: 'cancelling', ...told })
    const { orders } = (await first.renew()) as { orders: { cancel: readonly string[] } }
    expect(orders.cancel).toEqual([held.id])
  })

  contractTest(
    open,
    'a cancel by filter skips runs that moved since; a cancel by id applies to their current state',
    async (contract) => {
      const { store, worker, advance } = contract
      const [one, two] = [newRun(), newRun()]
      await store.enqueue([one, two])
      advance(1)
      const action = newAction({ action: 'cancel' })
      await store.beginAction(action)
      advance(1)
      await (await worker()).claim()
      const first = await store.applyAction({
        action: action.id,
        from: '',
        next: '1',
        runs: found([one.id], 'ready'),
      })
      expect(reasonsOf(first)).toEqual({ [one.id]: 'it became running after it was chosen' })
      await store.applyAction({ action: action.id, from: '1', runs: named([two.id]) })
      expect(await store.run(one.id)).toMatchObject({ state: 'running' })
      expect(await store.run(two.id)).toMatchObject({ state: 'cancelling' })
    },
  )

  contractTest(
    open,
    'a remove deletes ended runs with their journals and frees their ids’ keys',
    async (contract) => {
      const { store } = contract
      const [one = '', two = ''] = await failedRuns(contract, 2)
      const live = newRun({ tags: ['eu'] })
      await store.enqueue([live])
      const action = newAction({ action: 'remove' })
      await store.beginAction(action)
      const runs = [...found([one, two]), ...named([live.id, one])]
      const ended = await store.applyAction({ action: action.id, from: '', runs })
      expect(ended).toMatchObject({ done: 2, refused: 2 })
      expect(ended.refusals).toEqual([
        { run: live.id, reason: 'it is ready; cancel it first, then remove it' },
        { run: one, reason: 'no such run: it was removed, or never enqueued here' },
      ])
      for (const id of [one, two]) {
        expect(await store.run(id)).toBeUndefined()
        expect(await store.journal(id, { after: 0, limit: 1 })).toEqual([])
      }
      expect(await store.sweep(1_000)).toEqual({ pruned: 0, repaired: [] })
    },
  )
}

function records(open: Open): void {
  contractTest(open, 'the first hundred refusals are retained, all are counted', async ({ store }) => {
    const action = newAction()
    await store.beginAction(action)
    const missing = Array.from({ length: 130 }, (_, i) => `missing-${i}`)
    for (let at = 0; at < missing.length; at += maxChunkRuns) {
      const runs = named(missing.slice(at, at + maxChunkRuns))
      await store.applyAction({
        action: action.id,
        from: at === 0 ? '' : `${at}`,
        next: `${at + maxChunkRuns}`,
        runs,
      })
    }
    const { refused, refusals } = (await store.action(action.id)) as ActionInfo
    expect(refused).toBe(missing.length)
    expect(refusals.map(({ run }) => run)).toEqual(missing.slice(0, maxRefusals))
  })

  contractTest(open, 'an ended action applies to no further runs', async (contract) => {
    const { store, now, advance } = contract
    const [id = ''] = await failedRuns(contract, 1)
    const action = newAction()
    await store.beginAction(action)
    const ended = await store.endAction(action.id, byHand())
    expect(ended).toMatchObject({ endedAt: now(), done: 0 })
    advance(1)
    expect(await store.endAction(action.id, byHand())).toEqual(ended)
    expect(await store.applyAction({ action: action.id, from: '', runs: found([id]) })).toEqual(ended)
    expect(await store.run(id)).toMatchObject({ state: 'failed' })
    await expect(store.endAction('act_none', byHand())).rejects.toMatchObject({ code: 'UNKNOWN_ACTION' })
  })

  contractTest(
    open,
    'actions are listed by their last chunk, and removed 7 days after it',
    async ({ store, advance }) => {
      const actions = [
        newAction(),
        newAction({ action: 'cancel', reason: 'why' }),
        newAction({ runAgain: ['pay'] }),
      ]
      for (const action of actions) {
        await store.beginAction(action)
        advance(1_000)
      }
      const [first, second, third] = actions.map(({ id }) => id)
      await store.applyAction({ action: first ?? '', from: '', next: '1', runs: [] })
      expect((await store.actions(10)).map(({ id }) => id)).toEqual([first, third, second])
      expect(await store.actions(1)).toEqual([await store.action(first ?? '')])
      expect((await store.actions(10)).map(({ reason, runAgain }) => reason ?? runAgain)).toEqual([
        undefined,
        ['pay'],
        'why',
      ])
      advance(keepActionsMs - 500)
      await store.sweep(10)
      expect((await store.actions(10)).map(({ id }) => id)).toEqual([first])
      advance(500)
      await store.sweep(10)
      expect(await store.actions(10)).toEqual([])
      expect(await store.action(first ?? '')).toBeUndefined()
      await expect(store.actions(0)).rejects.toMatchObject({ code: 'INVALID_OPTIONS' })
    },
  )
}

function log(open: Open): void {
  contractTest(open, 'the log has the begin and the end of an action, not its runs', async (contract) => {
    const { store } = contract
    const ids = await failedRuns(contract, 2)
    const action = newAction({ reason: 'the bank is back', matching: 2 })
    const before = await store.events({ log: 'operations', limit: 10 })
    await store.beginAction(action)
    await store.beginAction(action)
    await store.applyAction({ action: action.id, from: '', next: '1', runs: found(ids) })
    const last = { action: action.id, from: '1', runs: named(['none']) }
    await store.applyAction(last)
    await store.applyAction(last)
    const dropped = newAction({ action: 'cancel' })
    await store.beginAction(dropped)
    await store.endAction(dropped.id, byHand({ by: 'ben', reason: 'wrong ones' }))
    await store.endAction(dropped.id, byHand({ by: 'ben' }))
    const { events } = await store.events({ log: 'operations', after: before.cursor, limit: 10 })
    const told = events.map(({ cursor: _, at: __, ...event }) => event)
    const of = { kind: 'operation', subject: action.id, by: 'ana', reason: 'the bank is back', count: 2 }
    expect(told).toEqual([
      { ...of, operation: 'begin action', details: { kind: 'retry' } },
      { ...of, operation: 'end action', details: { kind: 'retry', refused: 1 } },
      {
        ...{ kind: 'operation', operation: 'begin action', subject: dropped.id, by: 'ana' },
        details: { kind: 'cancel' },
      },
      {
        ...{
          kind: 'operation',
          operation: 'end action',
          subject: dropped.id,
          by: 'ben',
          reason: 'wrong ones',
        },
        ...{ count: 0, details: { kind: 'cancel', refused: 0 } },
      },
    ])
    const moves = await store.events({ log: 'runs', after: before.cursor, limit: 10 })
    expect(moves.events).toMatchObject(ids.map((run) => ({ run, transition: 'retry' })))
  })
}

function forecasts(open: Open): void {
  contractTest(open, 'a plan shows what happens to each run, and changes nothing', async (contract) => {
    const { store, worker } = contract
    const [plain = ''] = await failedRuns(contract, 1)
    const [once, live] = [newRun(), newRun()]
    await store.enqueue([once])
    const first = await worker()
    const run = await first.claimOne()
    await first.append(run, intent('pay'))
    await first.settle(run, { kind: 'failed', error: plainError, escaped: 'pay' })
    await store.enqueue([live])
    const before = await store.run(plain)
    const ids = [plain, once.id, live.id, 'none']
    const retry = await store.planAction('retry', ids, [])
    const nothing = { inTheWay: [], runsAgain: [], limiters: [] }
    expect(retry).toEqual([
      { ...nothing, run: plain, state: 'failed', runsAgain: ['pay'] },
      {
        ...nothing,
        run: once.id,
        state: 'failed',
        inTheWay: ['pay'],
        refused: expect.stringContaining("step 'pay'"),
      },
      { ...nothing, run: live.id, state: 'ready', refused: expect.stringMatching(/^it is ready; only/) },
      { ...nothing, run: 'none', refused: expect.stringContaining('no such run') },
    ])
    expect((await store.planAction('retry', ids, ['pay']))[1]).toEqual({
      ...nothing,
      run: once.id,
      state: 'failed',
      runsAgain: ['pay'],
    })
    const refused = async (kind: 'cancel' | 'remove') =>
      (await store.planAction(kind, ids, [])).map((one) => one.refused !== undefined)
    expect(await refused('cancel')).toEqual([true, true, false, true])
    expect(await refused('remove')).toEqual([false, false, true, true])
    expect(await store.run(plain)).toEqual(before)
    const tooMany = Array.from({ length: 201 }, () => plain)
    await expect(store.planAction('retry', tooMany, [])).rejects.toMatchObject({ code: 'INVALID_OPTIONS' })
  })
}
