import { isEnd, type RunState, type RunTransition } from '../../../model/run.ts'
import type { Transaction } from '../transaction.ts'
import {
  deleteLimitRequest,
  type LimitedRun,
  type LimitRequest,
  limitRequestOf,
  limitRequestsOf,
  saveLimitRequest,
} from './limit-request.ts'
import {
  dropReservations,
  firstClosed,
  forgetAging,
  freeSlots,
  joinWaitlist,
  leaveWaitlist,
  makeReservations,
  type RequestMode,
  takeAll,
} from './take-limits.ts'

/** Frees the limits of a run, and leaves its waitlists, when it moves from one state to another (Q2). */
export function leaveLimits(tx: Transaction, run: LimitedRun, transition: RunTransition, to: RunState): void {
  const { state: from } = run
  const leavesSlot = (from === 'running' || from === 'cancelling') && to !== 'cancelling'
  const ended = isEnd(to)
  for (const limitRequest of limitRequestsOf(tx, run.seq)) {
    const ofJob = limitRequest.path === ''
    if (leavesSlot) freeSlots(tx, run, limitRequest, ended)
    if (ended || (ofJob && from === 'ready')) dropReservations(tx, limitRequest)
    if (ended || (ofJob && from === 'waiting')) leaveWaitlist(tx, run, limitRequest)
    // Only a suspension that waits for it keeps a step's position; a run that comes back otherwise asks anew, in the
    // same order.
    const waitsOn = transition === 'suspend' && limitRequest.line !== undefined
    if (leavesSlot && !ofJob && !ended && !waitsOn) {
      dropReservations(tx, limitRequest)
      leaveWaitlist(tx, run, limitRequest)
      forgetAging(tx, run, limitRequest)
    }
    if (ended) end(tx, run, limitRequest, to)
    else saveLimitRequest(tx, run.seq, limitRequest)
  }
}

/** A manual retry begins with the job's limits anew; a completed run is never retried. */
function end(tx: Transaction, run: LimitedRun, limitRequest: LimitRequest, to: RunState): void {
  freeSlots(tx, run, limitRequest, true)
  forgetAging(tx, run, limitRequest)
  const { path, takes } = limitRequest
  if (path !== '' || to === 'completed') {
    deleteLimitRequest(tx, run.seq, path)
    return
  }
  const uses = takes.map(({ limiter, key, cost, wholeRun }) => ({ limiter, key, cost, wholeRun }))
  saveLimitRequest(tx, run.seq, { path, takes: uses })
}

/**
 * Returns the limiter whose waitlist a run joins because that limit of its job is closed. Without one, a run that becomes
 * ready (`in order`) has reservations, and one that is claimed (`to take`) has taken all of them.
 */
export function passLimits(
  tx: Transaction,
  run: LimitedRun,
  as: RequestMode,
  attempt: number,
): string | undefined {
  const limitRequest = limitRequestOf(tx, run.seq, '')
  if (limitRequest === undefined) return undefined
  const closed = firstClosed(tx, run, limitRequest, { as, attempt })
  if (closed !== undefined) joinWaitlist(tx, run, limitRequest, closed)
  else if (as === 'to take') takeAll(tx, run, limitRequest, attempt)
  else makeReservations(tx, run, limitRequest, attempt)
  return closed?.limiter
}
