import { isRate } from '../../../model/limiter.ts'
import { weight } from '../../limiter-math.ts'
import { agedAfter, reservationMs } from '../../limiters.ts'
import { type RunRow, runBySeq } from '../run-row.ts'
import { canStart, isServed, isSuspect } from '../takers.ts'
import type { Transaction } from '../transaction.ts'
import {
  addUse,
  changeReservations,
  changeUse,
  hasLapsed,
  type LimitKey,
  openingOf,
  ruleOf,
} from './limit-key.ts'
import { type LimitedRun, type LimitHold, type LimitRequest, saveLimitRequest } from './limit-request.ts'
import { addWaiter, agedWaitersOf, headOf, isBehind, keepsSlots, removeWaiter } from './waitlist.ts'

/** The first closed limit of a request. */
export interface Closed {
  readonly index: number
  readonly limiter: string
  readonly opensInMs: number | undefined
}

/**
 * How a request is checked. `in order`: the waiters before it on the waitlists of its limits go first. `to take`, for a
 * claim with a free slot: as if its limits were reserved for it.
 */
export type RequestMode = 'in order' | 'to take'

/** Returns the limits that are not yet taken for this attempt. */
function missing(tx: Transaction, { takes }: LimitRequest, attempt: number): LimitHold[] {
  return takes.filter((hold) => {
    const rule = ruleOf(tx, hold.limiter)
    return rule !== undefined && isRate(rule) ? hold.paid !== attempt : hold.held === undefined
  })
}

export function firstClosed(
  tx: Transaction,
  run: LimitedRun,
  limitRequest: LimitRequest,
  mode: { readonly as: RequestMode; readonly attempt: number },
): Closed | undefined {
  for (const hold of missing(tx, limitRequest, mode.attempt)) {
    const { limiter } = hold
    const opensInMs = openingFor(tx, run, limitRequest, hold, mode.as)
    if (opensInMs !== 0) return { index: limitRequest.takes.indexOf(hold), limiter, opensInMs }
  }
  return undefined
}

function openingFor(
  tx: Transaction,
  run: LimitedRun,
  { path, senior }: LimitRequest,
  hold: LimitHold,
  as: RequestMode,
): number | undefined {
  const rule = ruleOf(tx, hold.limiter)
  // A limiter that no worker has registered stays closed until one does: its limit must not be exceeded meanwhile.
  if (rule === undefined) return undefined
  const stands = standing(tx, hold, run)
  if (stands === 'kept out') return undefined
  // No event reports that a lease can take a poison suspect again, so the request is checked again after this time.
  if (stands === 'kept out by a suspect') return reservationMs
  const reserved = as === 'to take' || (hold.ticket !== undefined && !hasLapsed(tx, hold.ticket))
  const skipsWaitlist = reserved || senior || stands === 'passes'
  if (!skipsWaitlist && isBehind(tx, hold, run, path)) return undefined
  return openingOf(tx, rule, hold, { cost: hold.cost, reserved })
}

/** Q6: returns the oldest of a key's aged waiters that can be served, skipping older ones that can't. */
export function servedAgedWaiter(tx: Transaction, at: LimitKey): RunRow | undefined {
  for (const seq of agedWaitersOf(tx, at)) {
    const run = runBySeq(tx.sql, seq)
    if (run !== undefined && canStart(tx, run)) return run
  }
  return undefined
}

/**
 * Q6. An aged waiter that can be served keeps younger runs out. Older runs pass, whatever their position on the waitlist.
 * A run that keeps slots while it waits passes too: the aged waiter may be waiting for those very slots.
 */
function standing(tx: Transaction, at: LimitKey, run: LimitedRun): Standing {
  const aged = servedAgedWaiter(tx, at)
  if (aged === undefined) return 'in order'
  if (run.seq <= aged.seq) return 'passes'
  if (keepsSlots(tx, run)) return 'passes'
  return isSuspect(aged) ? 'kept out by a suspect' : 'kept out'
}

type Standing = 'in order' | 'passes' | 'kept out' | 'kept out by a suspect'

/** Takes all missing limits. The caller has checked in the same transaction that all of them are open (Q1). */
export function takeAll(tx: Transaction, run: LimitedRun, limitRequest: LimitRequest, attempt: number): void {
  dropReservations(tx, limitRequest)
  for (const hold of missing(tx, limitRequest, attempt)) {
    const rule = ruleOf(tx, hold.limiter)
    if (rule === undefined) continue
    addUse(tx, rule, hold, hold.cost)
    if (isRate(rule)) {
      hold.paid = attempt
      hold.charged = Math.min(hold.cost, rule.max)
    } else {
      hold.held = weight(rule, hold.cost)
      hold.heldAt = tx.now
      tx.sql.run(
        'INSERT OR REPLACE INTO limit_holders VALUES (?, ?, ?, ?, ?)',
        hold.limiter,
        hold.key,
        run.seq,
        limitRequest.path,
        hold.cost,
      )
    }
    markChanged(tx, hold)
  }
  leaveWaitlist(tx, run, limitRequest)
  forgetAging(tx, run, limitRequest)
  saveLimitRequest(tx, run.seq, limitRequest)
}

/**
 * Makes reservations for all missing limits (Q4). A run that waits for a worker slot gets no reservation if no worker can
 * take it, or if it is a poison suspect (R17). Such a run starts if its keys are open when a worker claims it.
 */
export function makeReservations(
  tx: Transaction,
  run: LimitedRun,
  limitRequest: LimitRequest,
  attempt: number,
): void {
  if (run.state !== 'running' && (isSuspect(run) || !isServed(tx, run))) return
  for (const hold of missing(tx, limitRequest, attempt)) {
    const rule = ruleOf(tx, hold.limiter)
    if (rule === undefined || hold.ticket !== undefined) continue
    hold.ticket = changeReservations(tx, rule, hold, weight(rule, hold.cost))
  }
  saveLimitRequest(tx, run.seq, limitRequest)
}

export function dropReservations(tx: Transaction, { takes }: LimitRequest): void {
  for (const hold of takes) {
    if (hold.ticket === undefined) continue
    const rule = ruleOf(tx, hold.limiter)
    // A lapsed reservation is counted nowhere.
    const counts = !hasLapsed(tx, hold.ticket)
    delete hold.ticket
    if (rule !== undefined && counts) changeReservations(tx, rule, hold, -weight(rule, hold.cost))
    markChanged(tx, hold)
  }
}

/**
 * Adds the request to the waitlist of the closed limit, or moves it there from another waitlist. `again`: the refusal of
 * this request has been counted before.
 */
export function joinWaitlist(
  tx: Transaction,
  run: LimitedRun,
  limitRequest: LimitRequest,
  closed: Closed,
  again = false,
): void {
  dropReservations(tx, limitRequest)
  const hold = limitRequest.takes[closed.index]
  if (hold === undefined) return
  if (limitRequest.line !== closed.index) leaveWaitlist(tx, run, limitRequest)
  limitRequest.line = closed.index
  addWaiter(tx, hold, run, limitRequest.path)
  if (!again) countRefusal(tx, run, limitRequest)
  saveLimitRequest(tx, run.seq, limitRequest)
  // Only a new head can be woken: behind other waiters the request changes nothing.
  const head = headOf(tx, hold)
  if (head?.seq === run.seq && head.path === limitRequest.path) markChanged(tx, hold)
}

export function leaveWaitlist(tx: Transaction, run: LimitedRun, limitRequest: LimitRequest): void {
  const hold = limitRequest.line === undefined ? undefined : limitRequest.takes[limitRequest.line]
  delete limitRequest.line
  if (hold === undefined) return
  removeWaiter(tx, hold, { seq: run.seq, path: limitRequest.path })
  markChanged(tx, hold)
}

/**
 * Q6: counts a refusal. Only runs that can be overtaken need a count: those with several limits, and poison suspects.
 */
function countRefusal(tx: Transaction, run: LimitedRun, limitRequest: LimitRequest): void {
  if ((limitRequest.takes.length < 2 && !isSuspect(run)) || limitRequest.senior) return
  limitRequest.refused ??= { count: 0, since: tx.now }
  limitRequest.refused.count++
  const { count, since } = limitRequest.refused
  if (count < agedAfter.refusals && tx.now - since < agedAfter.waitedMs) return
  limitRequest.senior = true
  for (const { limiter, key } of limitRequest.takes) {
    tx.sql.run('INSERT OR IGNORE INTO limit_seniors VALUES (?, ?, ?)', limiter, key, run.seq)
  }
}

export function forgetAging(tx: Transaction, run: LimitedRun, limitRequest: LimitRequest): void {
  delete limitRequest.refused
  if (!limitRequest.senior) return
  delete limitRequest.senior
  for (const hold of limitRequest.takes) {
    tx.sql.run(
      'DELETE FROM limit_seniors WHERE limiter = ? AND key = ? AND seq = ?',
      hold.limiter,
      hold.key,
      run.seq,
    )
    markChanged(tx, hold)
  }
}

/** Frees the slots of a request. Slots that are held for the whole run are freed only at its end (Q2). */
export function freeSlots(
  tx: Transaction,
  run: LimitedRun,
  limitRequest: LimitRequest,
  ended: boolean,
): void {
  for (const hold of limitRequest.takes) {
    if (hold.held === undefined || (hold.wholeRun && !ended)) continue
    const rule = ruleOf(tx, hold.limiter)
    if (rule !== undefined) changeUse(tx, rule, hold, -hold.held)
    delete hold.held
    delete hold.heldAt
    tx.sql.run(
      'DELETE FROM limit_holders WHERE limiter = ? AND key = ? AND seq = ? AND path = ?',
      hold.limiter,
      hold.key,
      run.seq,
      limitRequest.path,
    )
    markChanged(tx, hold)
  }
}

/** Q5: marks the key as changed, so that its waitlist is checked before the transaction ends. */
export function markChanged(tx: Transaction, { limiter, key }: LimitKey): void {
  tx.changedKeys.set(`${limiter}\0${key}`, { limiter, key })
}
