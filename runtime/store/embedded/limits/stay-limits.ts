import { isEnd, type RunState, type RunTransition } from '../../../model/run.ts'
import type { Transaction } from '../transaction.ts'
import {
  dropTickets,
  firstClosed,
  forgetSeniority,
  giveBack,
  giveTickets,
  leaveLines,
  lineUp,
  takeAll,
} from './admission.ts'
import {
  type Admission,
  admissionOf,
  admissionsOf,
  forgetAdmission,
  type LimitedRun,
  saveAdmission,
} from './admission-row.ts'

/** Frees the limits of a run, and leaves its waitlists, when it moves from one state to another (Q2). */
export function leaveLimits(
  tx: Transaction,
  run: LimitedRun,
  {
    from,
    to,
    transition,
  }: { readonly from: RunState; readonly to: RunState; readonly transition: RunTransition },
): void {
  const leavesSlot = (from === 'running' || from === 'cancelling') && to !== 'cancelling'
  const ended = isEnd(to)
  for (const admission of admissionsOf(tx, run.seq)) {
    const ofJob = admission.path === ''
    if (leavesSlot) giveBack(tx, run, admission, ended)
    if (ended || (ofJob && from === 'ready')) dropTickets(tx, admission)
    if (ended || (ofJob && from === 'waiting')) leaveLines(tx, run, admission)
    // Only a suspension that waits for it keeps a step's position; a run that comes back otherwise asks anew, in the
    // same order.
    const waitsOn = transition === 'suspend' && admission.line !== undefined
    if (leavesSlot && !ofJob && !ended && !waitsOn) {
      dropTickets(tx, admission)
      leaveLines(tx, run, admission)
      forgetSeniority(tx, run, admission)
    }
    if (ended) end(tx, run, admission, to)
    else saveAdmission(tx, run.seq, admission)
  }
}

/** A manual retry begins with the job's limits anew; a completed run is never retried. */
function end(tx: Transaction, run: LimitedRun, admission: Admission, to: RunState): void {
  giveBack(tx, run, admission, true)
  forgetSeniority(tx, run, admission)
  const { path, takes } = admission
  if (path !== '' || to === 'completed') {
    forgetAdmission(tx, run.seq, path)
    return
  }
  const uses = takes.map(({ limiter, key, cost, wholeRun }) => ({ limiter, key, cost, wholeRun }))
  saveAdmission(tx, run.seq, { path, takes: uses })
}

/**
 * A run that becomes ready passes its job's limits with a reservation, or returns the name of the one whose waitlist it
 * joins.
 */
export function enterLimits(tx: Transaction, run: LimitedRun, attempt: number): string | undefined {
  const admission = admissionOf(tx, run.seq, '')
  if (admission === undefined) return undefined
  const closed = firstClosed(tx, run, admission, { as: 'in order', attempt })
  if (closed === undefined) {
    giveTickets(tx, run, admission, attempt)
    return undefined
  }
  lineUp(tx, run, admission, closed)
  return closed.limiter
}

/**
 * The check of a claim: all the job's limits are taken, or the run joins the waitlist of the limit whose name is
 * returned.
 */
export function claimLimits(tx: Transaction, run: LimitedRun): string | undefined {
  const admission = admissionOf(tx, run.seq, '')
  if (admission === undefined) return undefined
  const closed = firstClosed(tx, run, admission, { as: 'to take', attempt: run.attempt })
  if (closed === undefined) {
    takeAll(tx, run, admission, run.attempt)
    return undefined
  }
  lineUp(tx, run, admission, closed)
  return closed.limiter
}
