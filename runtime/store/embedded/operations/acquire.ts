import type { LimitUse } from '../../../model/limit-use.ts'
import {
  type AcquireReply,
  type AcquireRequest,
  type CostCorrection,
  crowdedMs,
  maxWaitingSteps,
  type StepUse,
} from '../../limiters.ts'
import type { LeaseId } from '../../store.ts'
import { changeUse, closeKey, ruleOf } from '../limits/limit-key.ts'
import {
  deleteLimitRequest,
  type LimitHold,
  type LimitRequest,
  limitRequestOf,
  saveLimitRequest,
} from '../limits/limit-request.ts'
import {
  dropReservations,
  firstClosed,
  forgetAging,
  freeSlots,
  joinWaitlist,
  leaveWaitlist,
  markChanged,
  takeAll,
} from '../limits/take-limits.ts'
import { findRun, type RunRow } from '../run-row.ts'
import type { Transaction } from '../transaction.ts'

export function acquire(tx: Transaction, lease: LeaseId, request: AcquireRequest): AcquireReply {
  const run = heldRun(tx, lease, request)
  if (run === undefined) return { kind: 'gone' }
  const limiter = request.uses[0]?.limiter ?? ''
  if (isCrowded(tx, run, request)) return { kind: 'closed', limiter, opensInMs: crowdedMs }
  if (isOlder(tx, run, request)) return { kind: 'closed', limiter, opensInMs: 0 }
  const again = isCurrent(limitRequestOf(tx, run.seq, request.path), request)
  const limitRequest = limitRequestFor(tx, run, request)
  tx.sql.run('UPDATE runs SET limited = 1, granted = 0, limit_turn = ? WHERE seq = ?', request.turn, run.seq)
  tx.asking = run.seq
  const closed = firstClosed(tx, run, limitRequest, { as: 'in order', attempt: request.attempt })
  if (closed !== undefined) {
    joinWaitlist(tx, run, limitRequest, closed, again)
    const { opensInMs } = closed
    return { kind: 'closed', limiter: closed.limiter, ...(opensInMs === undefined ? {} : { opensInMs }) }
  }
  takeAll(tx, run, limitRequest, request.attempt)
  return { kind: 'granted' }
}

/** A provider's "too many" applies to all users of the keys. The step's next attempt asks anew. */
export function closeKeys(
  tx: Transaction,
  lease: LeaseId,
  request: StepUse & { readonly closedMs: number },
): 'closed' | 'gone' {
  const found = currentUse(tx, lease, request)
  if (found === 'gone' || found === 'another') return found === 'gone' ? 'gone' : 'closed'
  const { run, limitRequest } = found
  for (const take of limitRequest.takes) {
    const rule = ruleOf(tx, take.limiter)
    if (rule !== undefined) closeKey(tx, rule, take, request.closedMs)
  }
  endUse(tx, run, limitRequest)
  return 'closed'
}

export function correctCost(tx: Transaction, lease: LeaseId, request: CostCorrection): 'corrected' | 'gone' {
  const found = currentUse(tx, lease, request)
  if (found === 'gone' || found === 'another') return 'gone'
  const { run, limitRequest } = found
  const take = limitRequest.takes.find(({ limiter }) => limiter === request.limiter)
  const rule = take && ruleOf(tx, take.limiter)
  const late = (take?.corrections ?? 0) >= request.correction
  if (take?.charged === undefined || rule === undefined || late) return 'corrected'
  changeUse(tx, rule, take, (request.cost - take.charged) * rule.everyMs)
  take.charged = request.cost
  take.corrections = request.correction
  saveLimitRequest(tx, run.seq, limitRequest)
  markChanged(tx, take)
  return 'corrected'
}

/** The end of an attempt is stored: its slots are freed, its charges stay (Q2, Q3). */
export function endAttempt(tx: Transaction, run: RunRow, path: string, attempt: number): void {
  const limitRequest = limitRequestOf(tx, run.seq, path)
  // A late repeat of an earlier attempt's end ends no newer one.
  if (limitRequest?.step?.attempt === attempt) endUse(tx, run, limitRequest)
}

function endUse(tx: Transaction, run: RunRow, limitRequest: LimitRequest): void {
  freeSlots(tx, run, limitRequest, true)
  dropReservations(tx, limitRequest)
  leaveWaitlist(tx, run, limitRequest)
  forgetAging(tx, run, limitRequest)
  deleteLimitRequest(tx, run.seq, limitRequest.path)
}

function isCrowded(tx: Transaction, { seq }: RunRow, { path }: StepUse): boolean {
  if (limitRequestOf(tx, seq, path) !== undefined) return false
  const steps = tx.sql.get<{ n: number }>('SELECT count(*) AS n FROM admissions WHERE seq = ?', seq)?.n ?? 0
  return steps > maxWaitingSteps
}

function heldRun(tx: Transaction, lease: LeaseId, { run: id, fence }: StepUse): RunRow | undefined {
  const run = findRun(tx.sql, id)
  return run?.lease === lease && run.fence === fence && run.state === 'running' ? run : undefined
}

function currentUse(
  tx: Transaction,
  lease: LeaseId,
  turn: StepUse,
): { readonly run: RunRow; readonly limitRequest: LimitRequest } | 'gone' | 'another' {
  const run = heldRun(tx, lease, turn)
  if (run === undefined) return 'gone'
  const limitRequest = limitRequestOf(tx, run.seq, turn.path)
  return limitRequest !== undefined && isCurrent(limitRequest, turn) ? { run, limitRequest } : 'another'
}

/** Returns whether the request is for just this use of the execution, so that it is a repeat. */
function isCurrent(limitRequest: LimitRequest | undefined, { fence, turn }: StepUse): boolean {
  return limitRequest?.step?.fence === fence && limitRequest.step.turn === turn
}

/** R34: a late repeat of an older use, whatever that one's state. */
function isOlder(tx: Transaction, { seq }: RunRow, request: StepUse): boolean {
  const last = tx.sql.get<{ limit_turn: number }>('SELECT limit_turn FROM runs WHERE seq = ?', seq)
  return request.turn <= (last?.limit_turn ?? 0) && !isCurrent(limitRequestOf(tx, seq, request.path), request)
}

/** Returns the step's limit request for this use. */
function limitRequestFor(tx: Transaction, run: RunRow, request: AcquireRequest): LimitRequest {
  const { path, attempt, fence, turn } = request
  const uses = withoutHeldByRun(tx, run, request.uses)
  const known = limitRequestOf(tx, run.seq, path)
  const step = { attempt, fence, turn }
  if (known === undefined) return { path, takes: uses.map((use) => ({ ...use })), step }
  if (known.step?.attempt === attempt && isSame(known.takes, uses)) return { ...known, step }
  endUse(tx, run, known)
  return { path, takes: uses.map((use) => ({ ...use })), step }
}

/** A step does not wait for a slot that its own execution holds. */
function withoutHeldByRun(tx: Transaction, run: RunRow, uses: readonly LimitUse[]): readonly LimitUse[] {
  const held = limitRequestOf(tx, run.seq, '')?.takes.filter((take) => take.held !== undefined) ?? []
  return uses.filter(({ limiter, key }) => !held.some((take) => take.limiter === limiter && take.key === key))
}

function isSame(takes: readonly LimitHold[], uses: readonly LimitUse[]): boolean {
  const told = (list: readonly LimitUse[]): string =>
    JSON.stringify(list.map(({ limiter, key, cost }) => [limiter, key, cost]))
  return told(takes) === told(uses)
}
