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

/** How a request comes to a limit: in the order of its waitlist, or with a free slot of a worker. */
type Comes = 'in order' | 'to take'

/** Returns the limits that are not yet taken for this attempt. */
function missing(tx: Transaction, { takes }: LimitRequest, attempt: number): LimitHold[] {
  return takes.filter((take) => {
    const rule = ruleOf(tx, take.limiter)
    return rule !== undefined && isRate(rule) ? take.paid !== attempt : take.held === undefined
  })
}

export function firstClosed(
  tx: Transaction,
  run: LimitedRun,
  limitRequest: LimitRequest,
  come: { readonly as: Comes; readonly attempt: number },
): Closed | undefined {
  for (const take of missing(tx, limitRequest, come.attempt)) {
    const { limiter } = take
    const opensInMs = openingFor(tx, run, limitRequest, take, come.as)
    if (opensInMs !== 0) return { index: limitRequest.takes.indexOf(take), limiter, opensInMs }
  }
  return undefined
}

function openingFor(
  tx: Transaction,
  run: LimitedRun,
  { path, senior }: LimitRequest,
  take: LimitHold,
  as: Comes,
): number | undefined {
  const rule = ruleOf(tx, take.limiter)
  // The safe side: a limiter that no worker here has registered stays closed until one does.
  if (rule === undefined) return undefined
  const stands = standing(tx, take, run)
  if (stands === 'kept out') return undefined
  // No event reports that a lease becomes free for a poison suspect.
  if (stands === 'kept out by a suspect') return reservationMs
  const reserved = as === 'to take' || (take.ticket !== undefined && !hasLapsed(tx, take.ticket))
  const first = reserved || senior || stands === 'passes'
  if (!first && isBehind(tx, take, run, path)) return undefined
  return openingOf(tx, rule, take, { cost: take.cost, reserved })
}

/** Q6: returns the oldest aged waiter of a key that can be served; one that can't must not hide it. */
export function servedAgedWaiter(tx: Transaction, at: LimitKey): RunRow | undefined {
  for (const seq of agedWaitersOf(tx, at)) {
    const run = runBySeq(tx.sql, seq)
    if (run !== undefined && canStart(tx, run)) return run
  }
  return undefined
}

/**
 * Q6. An aged waiter that can be served keeps younger runs out, and the runs that it lets pass wait for none of those.
 * A run that keeps slots while it waits gives way to none: the aged waiter may be waiting for just those.
 */
function standing(tx: Transaction, at: LimitKey, run: LimitedRun): Standing {
  const aged = servedAgedWaiter(tx, at)
  if (aged === undefined) return 'in order'
  if (run.seq <= aged.seq) return 'passes'
  if (keepsSlots(tx, run)) return 'passes'
  return isSuspect(aged) ? 'kept out by a suspect' : 'kept out'
}

type Standing = 'in order' | 'passes' | 'kept out' | 'kept out by a suspect'

/** Takes all missing limits: the caller has checked them, in the same transaction (Q1). */
export function takeAll(tx: Transaction, run: LimitedRun, limitRequest: LimitRequest, attempt: number): void {
  dropReservations(tx, limitRequest)
  for (const take of missing(tx, limitRequest, attempt)) {
    const rule = ruleOf(tx, take.limiter)
    if (rule === undefined) continue
    addUse(tx, rule, take, take.cost)
    if (isRate(rule)) {
      take.paid = attempt
      take.charged = Math.min(take.cost, rule.max)
    } else {
      take.held = weight(rule, take.cost)
      take.heldAt = tx.now
      tx.sql.run(
        'INSERT OR REPLACE INTO limit_holders VALUES (?, ?, ?, ?, ?)',
        take.limiter,
        take.key,
        run.seq,
        limitRequest.path,
        take.cost,
      )
    }
    markChanged(tx, take)
  }
  leaveWaitlist(tx, run, limitRequest)
  forgetAging(tx, run, limitRequest)
  saveLimitRequest(tx, run.seq, limitRequest)
}

/**
 * Makes reservations for all missing limits (Q4), unless the run waits for a worker and no worker takes it, or only one
 * that holds no other poison suspects (R17): then it starts without, if its keys are open at that time.
 */
export function makeReservations(
  tx: Transaction,
  run: LimitedRun,
  limitRequest: LimitRequest,
  attempt: number,
): void {
  if (run.state !== 'running' && (isSuspect(run) || !isServed(tx, run))) return
  for (const take of missing(tx, limitRequest, attempt)) {
    const rule = ruleOf(tx, take.limiter)
    if (rule === undefined || take.ticket !== undefined) continue
    take.ticket = changeReservations(tx, rule, take, weight(rule, take.cost))
  }
  saveLimitRequest(tx, run.seq, limitRequest)
}

export function dropReservations(tx: Transaction, { takes }: LimitRequest): void {
  for (const take of takes) {
    if (take.ticket === undefined) continue
    const rule = ruleOf(tx, take.limiter)
    // A lapsed reservation is counted nowhere.
    const counts = !hasLapsed(tx, take.ticket)
    delete take.ticket
    if (rule !== undefined && counts) changeReservations(tx, rule, take, -weight(rule, take.cost))
    markChanged(tx, take)
  }
}

/**
 * Adds the request to the waitlist of the closed limit; a second time it moves to another one. `again`: the repeat of a
 * request whose refusal is counted.
 */
export function joinWaitlist(
  tx: Transaction,
  run: LimitedRun,
  limitRequest: LimitRequest,
  closed: Closed,
  again = false,
): void {
  dropReservations(tx, limitRequest)
  const take = limitRequest.takes[closed.index]
  if (take === undefined) return
  if (limitRequest.line !== closed.index) leaveWaitlist(tx, run, limitRequest)
  limitRequest.line = closed.index
  addWaiter(tx, take, run, limitRequest.path)
  if (!again) countRefusal(tx, run, limitRequest)
  saveLimitRequest(tx, run.seq, limitRequest)
  // Behind others it changes nothing.
  const head = headOf(tx, take)
  if (head?.seq === run.seq && head.path === limitRequest.path) markChanged(tx, take)
}

export function leaveWaitlist(tx: Transaction, run: LimitedRun, limitRequest: LimitRequest): void {
  const take = limitRequest.line === undefined ? undefined : limitRequest.takes[limitRequest.line]
  delete limitRequest.line
  if (take === undefined) return
  removeWaiter(tx, take, run, limitRequest.path)
  markChanged(tx, take)
}

/** Q6: a run that needs only one limit is passed over by no other, unless it is a poison suspect. */
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
  for (const take of limitRequest.takes) {
    tx.sql.run(
      'DELETE FROM limit_seniors WHERE limiter = ? AND key = ? AND seq = ?',
      take.limiter,
      take.key,
      run.seq,
    )
    markChanged(tx, take)
  }
}

/** Frees slots; those for the whole run only at its end (Q2). */
export function freeSlots(
  tx: Transaction,
  run: LimitedRun,
  limitRequest: LimitRequest,
  ended: boolean,
): void {
  for (const take of limitRequest.takes) {
    if (take.held === undefined || (take.wholeRun && !ended)) continue
    const rule = ruleOf(tx, take.limiter)
    if (rule !== undefined) changeUse(tx, rule, take, -take.held)
    delete take.held
    delete take.heldAt
    tx.sql.run(
      'DELETE FROM limit_holders WHERE limiter = ? AND key = ? AND seq = ? AND path = ?',
      take.limiter,
      take.key,
      run.seq,
      limitRequest.path,
    )
    markChanged(tx, take)
  }
}

/** Q5: marks the key as changed, so that its waitlist is checked before the transaction ends. */
export function markChanged(tx: Transaction, { limiter, key }: LimitKey): void {
  tx.changedKeys.set(`${limiter}\0${key}`, { limiter, key })
}
