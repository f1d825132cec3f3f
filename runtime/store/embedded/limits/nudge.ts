import type { WaitingFor } from '../../../model/run.ts'
import { wokenAtOnce } from '../../limiters.ts'
import { countWake, place } from '../place.ts'
import { type RunRow, runBySeq } from '../run-row.ts'
import { isServed } from '../takers.ts'
import type { Transaction } from '../transaction.ts'
import { firstClosed, forgetSeniority, giveTickets, leaveLines, lineUp, servedSenior } from './admission.ts'
import { type Admission, admissionOf, admissionsOf, attemptOf, saveAdmission } from './admission-row.ts'
import { forgetTimer, type LimitKey, nextTimer, readKey, ruleOf, setTimer } from './limit-key.ts'
import { behind, firstKeeper, firstOlder, headOf, isBefore, type LineEntry } from './line.ts'

/** Checks the waitlists of all changed keys until no more can be woken (Q4, Q5). */
export function nudgeTouched(tx: Transaction): void {
  let left = wokenAtOnce
  for (const [name, at] of tx.touchedKeys) {
    tx.touchedKeys.delete(name)
    left = nudge(tx, at, left)
  }
}

/** Before a transaction ends: checks all keys that it opened; the next claim handles the rest. */
export function nudgeOpened(tx: Transaction): void {
  if (!tx.openedLines) {
    nudgeTouched(tx)
    return
  }
  tx.openedLines = false
  nudgeDue(tx)
}

/** Wakes one worker, idle if there is one, to continue: the next claim, for any run, checks more waitlists. */
function wakeOne(tx: Transaction): void {
  const one = tx.sql.get<{ lease: string }>(
    'SELECT lease FROM workers ORDER BY idle > 0 DESC, random() LIMIT 1',
  )
  if (one !== undefined) tx.woken.add(one.lease)
}

/** Checks the waitlists whose time has come. */
export function nudgeDue(tx: Transaction): void {
  const due = tx.sql.all<LimitKey>(
    'SELECT limiter, key FROM limit_keys WHERE timer_at <= ? ORDER BY timer_at LIMIT +?',
    tx.now,
    wokenAtOnce,
  )
  for (const at of due) tx.touchedKeys.set(`${at.limiter}\0${at.key}`, at)
  nudgeTouched(tx)
  const isLeft = due.length === wokenAtOnce && (nextTimer(tx) ?? Number.POSITIVE_INFINITY) <= tx.now
  if (isLeft) wakeOne(tx)
}

/** Wakes from the head of one waitlist while its key is open. Returns how many more may be woken. */
function nudge(tx: Transaction, at: LimitKey, budget: number): number {
  const rule = ruleOf(tx, at.limiter)
  if (rule === undefined) {
    // A worker's code opens it, no clock.
    forgetTimer(tx, at)
    return budget
  }
  let left = budget
  const passed: Passed = { by: undefined, from: undefined }
  for (let next = firstInLine(tx, at, passed); next !== undefined; next = firstInLine(tx, at, passed)) {
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

interface InLine {
  readonly run: RunRow
  readonly admission: Admission
  /** It is aged and keeps younger runs out of this key, on any waitlist. */
  readonly keepsOut?: boolean
}

/** Where one pass continues with the waiters that the aged run `by` lets pass: no older one is ahead of `from`. */
interface Passed {
  by: number | undefined
  from: LineEntry | undefined
}

/** If an aged waiter can be served: the first that it lets pass, or itself (Q6). Otherwise the head of the waitlist. */
function firstInLine(tx: Transaction, at: LimitKey, passed: Passed): InLine | undefined {
  const senior = servedSenior(tx, at)
  if (senior !== undefined) {
    const passing = firstPassing(tx, at, senior, passed)
    if (passing !== undefined) return passing
    const admission = admissionsOf(tx, senior.seq).find((each) => each.senior && each.line !== undefined)
    if (admission !== undefined) return { run: senior, admission, keepsOut: true }
  }
  return firstPresent(tx, at, () => headOf(tx, at))
}

/** Q6: the first waiter that `standing` lets pass, at any depth: it is older than the aged waiter, or keeps slots. */
function firstPassing(tx: Transaction, at: LimitKey, { seq }: RunRow, passed: Passed): InLine | undefined {
  if (passed.by !== seq) Object.assign(passed, { by: seq, from: undefined })
  let older: InLine | undefined
  for (;;) {
    older = firstPresent(tx, at, () => firstOlder(tx, at, seq, passed.from))
    if (older === undefined) break
    passed.from = entryOf(older)
    if (older.run.seq !== seq || !older.admission.senior) break
    // What is aged of the same run does not pass itself.
    passed.from = behind(passed.from)
  }
  const keeper = firstPresent(tx, at, () => firstKeeper(tx, at, seq))
  if (older === undefined || keeper === undefined) return older ?? keeper
  return isBefore(entryOf(older), entryOf(keeper)) ? older : keeper
}

function entryOf({ run: { seq, priority }, admission: { path } }: InLine): LineEntry {
  return { seq, priority, path }
}

/**
 * Returns the waiter of an entry, past entries of runs that are gone: the sweep removes these, but a waitlist must not
 * stop at one.
 */
function firstPresent(tx: Transaction, at: LimitKey, find: () => LineEntry | undefined): InLine | undefined {
  for (let entry = find(); entry !== undefined; entry = find()) {
    const run = runBySeq(tx.sql, entry.seq)
    const admission = run && admissionOf(tx, run.seq, entry.path)
    if (run !== undefined && admission !== undefined) return { run, admission }
    forgetPlace(tx, at, entry)
  }
  return undefined
}

function forgetPlace(tx: Transaction, at: LimitKey, head: LineEntry): void {
  tx.sql.run(
    'DELETE FROM limit_lines WHERE limiter = ? AND key = ? AND seq = ? AND path = ?',
    at.limiter,
    at.key,
    head.seq,
    head.path,
  )
}

/** Wakes the first waiter, or moves it on to the waitlist of the other closed limit, or says how long to wait. */
function look(
  tx: Transaction,
  at: LimitKey,
  { run, admission, keepsOut }: InLine,
): { readonly kind: 'done' } | { readonly kind: 'waits'; readonly opensInMs: number | undefined } {
  const held = run.state === 'running' || run.state === 'cancelling'
  if (!held && !isServed(tx, run)) {
    // No worker would take it: others may pass. It is ready, and gets its old position again once a claim refuses it.
    leaveLines(tx, run, admission)
    saveAdmission(tx, run.seq, admission)
    wake(tx, run, admission, 'unserved')
    return { kind: 'done' }
  }
  const attempt = attemptOf(admission, run)
  const closed = firstClosed(tx, run, admission, { as: 'in order', attempt })
  if (closed === undefined) {
    leaveLines(tx, run, admission)
    // Only a claim is sure to come; a step that its code no longer calls must not keep others out.
    if (admission.path !== '') forgetSeniority(tx, run, admission)
    giveTickets(tx, run, admission, attempt)
    wake(tx, run, admission, 'served')
    return { kind: 'done' }
  }
  const take = admission.takes[closed.index]
  const here = take?.limiter === at.limiter && take.key === at.key
  if (here || keepsOut) return { kind: 'waits', opensInMs: closed.opensInMs }
  lineUp(tx, run, admission, closed)
  tellLine(tx, run, { from: at.limiter, to: closed.limiter })
  const other = take && ruleOf(tx, take.limiter)
  if (take !== undefined && other !== undefined && closed.opensInMs !== undefined) {
    setTimer(tx, other, take, closed.opensInMs)
  }
  return { kind: 'done' }
}

/** The stored wait of a run names the waitlist it is on. */
function tellLine(tx: Transaction, run: RunRow, line: { readonly from: string; readonly to: string }): void {
  if (run.state !== 'waiting' || run.waiting === null) return
  const told = JSON.parse(run.waiting) as WaitingFor
  if (told.kind !== 'limit' || told.name !== line.from) return
  const waiting = { kind: 'limit', name: line.to } satisfies WaitingFor
  tx.sql.run('UPDATE runs SET waiting = ? WHERE seq = ?', JSON.stringify(waiting), run.seq)
}

function wake(tx: Transaction, run: RunRow, { path }: Admission, as: 'served' | 'unserved'): void {
  if (run.state === 'waiting') place(tx, run, 'wake', as === 'unserved' ? { pastLimits: true } : {})
  else if (run.state === 'running' && path !== '') orderToAsk(tx, run)
}

function orderToAsk(tx: Transaction, run: RunRow): void {
  if (run.lease === null) return
  tx.sql.run('UPDATE runs SET granted = 1 WHERE seq = ?', run.seq)
  tx.woken.add(run.lease)
}
