import type { WaitingFor } from '../../../model/run.ts'
import { wokenAtOnce } from '../../limiters.ts'
import { applyTransition, countWake } from '../apply-transition.ts'
import { type RunRow, runBySeq } from '../run-row.ts'
import { isServed } from '../takers.ts'
import type { Transaction } from '../transaction.ts'
import { forgetTimer, type LimitKey, nextTimer, readKey, ruleOf, setTimer } from './limit-key.ts'
import {
  attemptOf,
  type LimitRequest,
  limitRequestOf,
  limitRequestsOf,
  saveLimitRequest,
} from './limit-request.ts'
import {
  firstClosed,
  forgetAging,
  joinWaitlist,
  leaveWaitlist,
  makeReservations,
  servedAgedWaiter,
} from './take-limits.ts'
import {
  behind,
  firstKeeper,
  firstOlder,
  headOf,
  isBefore,
  removeWaiter,
  type WaitlistEntry,
} from './waitlist.ts'

/** Checks the waitlists of all changed keys until no more can be woken (Q4, Q5). */
export function wakeWaiters(tx: Transaction): void {
  let left = wokenAtOnce
  for (const [name, at] of tx.changedKeys) {
    tx.changedKeys.delete(name)
    left = wakeFrom(tx, at, left)
  }
}

/** Before a transaction ends: checks all keys that it opened; the next claim handles the rest. */
export function wakeWaitersAtCommit(tx: Transaction): void {
  if (!tx.allWaitlistsChanged) {
    wakeWaiters(tx)
    return
  }
  tx.allWaitlistsChanged = false
  wakeDueWaiters(tx)
}

/** Wakes one worker, idle if there is one, to continue: the next claim, for any run, checks more waitlists. */
function wakeOne(tx: Transaction): void {
  const one = tx.sql.get<{ lease: string }>(
    'SELECT lease FROM workers ORDER BY idle > 0 DESC, random() LIMIT 1',
  )
  if (one !== undefined) tx.woken.add(one.lease)
}

/** Checks the waitlists whose time has come. */
export function wakeDueWaiters(tx: Transaction): void {
  const due = tx.sql.all<LimitKey>(
    'SELECT limiter, key FROM limit_keys WHERE timer_at <= ? ORDER BY timer_at LIMIT +?',
    tx.now,
    wokenAtOnce,
  )
  for (const at of due) tx.changedKeys.set(`${at.limiter}\0${at.key}`, at)
  wakeWaiters(tx)
  const isLeft = due.length === wokenAtOnce && (nextTimer(tx) ?? Number.POSITIVE_INFINITY) <= tx.now
  if (isLeft) wakeOne(tx)
}

/** Wakes from the head of one waitlist while its key is open. Returns how many more may be woken. */
function wakeFrom(tx: Transaction, at: LimitKey, budget: number): number {
  const rule = ruleOf(tx, at.limiter)
  if (rule === undefined) {
    // A worker's code opens it, no clock.
    forgetTimer(tx, at)
    return budget
  }
  let left = budget
  const passed: Passed = { by: undefined, from: undefined }
  for (let next = firstWaiter(tx, at, passed); next !== undefined; next = firstWaiter(tx, at, passed)) {
    if (left === 0) {
      setTimer(tx, rule, at, 0)
      return left
    }
    left--
    const looked = look(tx, at, next)
    if (looked.kind === 'waits') {
      const sooner = setTimer(tx, rule, at, looked.opensInMs)
      if (sooner) tellTimer(tx, next.run)
      return left
    }
  }
  if (readKey(tx, rule, at).timerAt !== null) setTimer(tx, rule, at, undefined)
  return left
}

/** Workers know the earliest timer; an earlier one is news to them, and to a step that got a later one. */
function tellTimer(tx: Transaction, run: RunRow): void {
  if (run.state === 'waiting') countWake(tx, run)
  else if (run.state === 'running' && run.seq !== tx.asking) orderToAsk(tx, run)
}

interface Waiter {
  readonly run: RunRow
  readonly limitRequest: LimitRequest
  /** It is aged and keeps younger runs out of this key, on any waitlist. */
  readonly keepsOut?: boolean
}

/** Where one pass continues with the waiters that the aged run `by` lets pass: no older one is ahead of `from`. */
interface Passed {
  by: number | undefined
  from: WaitlistEntry | undefined
}

/** If an aged waiter can be served: the first that it lets pass, or itself (Q6). Otherwise the head of the waitlist. */
function firstWaiter(tx: Transaction, at: LimitKey, passed: Passed): Waiter | undefined {
  const aged = servedAgedWaiter(tx, at)
  if (aged !== undefined) {
    const passing = firstPassing(tx, at, aged, passed)
    if (passing !== undefined) return passing
    const limitRequest = limitRequestsOf(tx, aged.seq).find((each) => each.senior && each.line !== undefined)
    if (limitRequest !== undefined) return { run: aged, limitRequest, keepsOut: true }
  }
  return firstPresent(tx, at, () => headOf(tx, at))
}

/** Q6: the first waiter that `standing` lets pass, at any depth: it is older than the aged waiter, or keeps slots. */
function firstPassing(tx: Transaction, at: LimitKey, { seq }: RunRow, passed: Passed): Waiter | undefined {
  if (passed.by !== seq) Object.assign(passed, { by: seq, from: undefined })
  let older: Waiter | undefined
  for (;;) {
    older = firstPresent(tx, at, () => firstOlder(tx, at, seq, passed.from))
    if (older === undefined) break
    passed.from = entryOf(older)
    if (older.run.seq !== seq || !older.limitRequest.senior) break
    // What is aged of the same run does not pass itself.
    passed.from = behind(passed.from)
  }
  const keeper = firstPresent(tx, at, () => firstKeeper(tx, at, seq))
  if (older === undefined || keeper === undefined) return older ?? keeper
  return isBefore(entryOf(older), entryOf(keeper)) ? older : keeper
}

function entryOf({ run: { seq, priority }, limitRequest: { path } }: Waiter): WaitlistEntry {
  return { seq, priority, path }
}

/**
 * Returns the waiter of an entry, past entries of runs that are gone: the sweep removes these, but a waitlist must not
 * stop at one.
 */
function firstPresent(
  tx: Transaction,
  at: LimitKey,
  find: () => WaitlistEntry | undefined,
): Waiter | undefined {
  for (let entry = find(); entry !== undefined; entry = find()) {
    const run = runBySeq(tx.sql, entry.seq)
    const limitRequest = run && limitRequestOf(tx, run.seq, entry.path)
    if (run !== undefined && limitRequest !== undefined) return { run, limitRequest }
    removeWaiter(tx, at, entry)
  }
  return undefined
}

/** Wakes the first waiter, or moves it on to the waitlist of the other closed limit, or says how long to wait. */
function look(
  tx: Transaction,
  at: LimitKey,
  { run, limitRequest, keepsOut }: Waiter,
): { readonly kind: 'done' } | { readonly kind: 'waits'; readonly opensInMs: number | undefined } {
  const held = run.state === 'running' || run.state === 'cancelling'
  if (!held && !isServed(tx, run)) {
    // No worker would take it: others may pass. It is ready, and gets its old position again once a claim refuses it.
    leaveWaitlist(tx, run, limitRequest)
    saveLimitRequest(tx, run.seq, limitRequest)
    wake(tx, run, limitRequest, 'unserved')
    return { kind: 'done' }
  }
  const attempt = attemptOf(limitRequest, run)
  const closed = firstClosed(tx, run, limitRequest, { as: 'in order', attempt })
  if (closed === undefined) {
    leaveWaitlist(tx, run, limitRequest)
    // Only a claim is sure to come; a step that its code no longer calls must not keep others out.
    if (limitRequest.path !== '') forgetAging(tx, run, limitRequest)
    makeReservations(tx, run, limitRequest, attempt)
    wake(tx, run, limitRequest, 'served')
    return { kind: 'done' }
  }
  const take = limitRequest.takes[closed.index]
  const here = take?.limiter === at.limiter && take.key === at.key
  if (here || keepsOut) return { kind: 'waits', opensInMs: closed.opensInMs }
  joinWaitlist(tx, run, limitRequest, closed)
  updateStoredWait(tx, run, { from: at.limiter, to: closed.limiter })
  const other = take && ruleOf(tx, take.limiter)
  if (take !== undefined && other !== undefined && closed.opensInMs !== undefined) {
    setTimer(tx, other, take, closed.opensInMs)
  }
  return { kind: 'done' }
}

/** The stored wait of a run names the waitlist it is on. */
function updateStoredWait(
  tx: Transaction,
  run: RunRow,
  line: { readonly from: string; readonly to: string },
): void {
  if (run.state !== 'waiting' || run.waiting === null) return
  const told = JSON.parse(run.waiting) as WaitingFor
  if (told.kind !== 'limit' || told.name !== line.from) return
  const waiting = { kind: 'limit', name: line.to } satisfies WaitingFor
  tx.sql.run('UPDATE runs SET waiting = ? WHERE seq = ?', JSON.stringify(waiting), run.seq)
}

function wake(tx: Transaction, run: RunRow, { path }: LimitRequest, as: 'served' | 'unserved'): void {
  if (run.state === 'waiting') applyTransition(tx, run, 'wake', as === 'unserved' ? { pastLimits: true } : {})
  else if (run.state === 'running' && path !== '') orderToAsk(tx, run)
}

function orderToAsk(tx: Transaction, run: RunRow): void {
  if (run.lease === null) return
  tx.sql.run('UPDATE runs SET granted = 1 WHERE seq = ?', run.seq)
  tx.woken.add(run.lease)
}
