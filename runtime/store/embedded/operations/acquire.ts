import type { LimitUse } from '../../../model/limit-use.ts'
import {
  type AcquireAnswer,
  type AcquireRequest,
  type CostCorrection,
  crowdedMs,
  mostStepsInLine,
  type StepTurn,
} from '../../limiters.ts'
import type { LeaseId } from '../../store.ts'
import {
  dropTickets,
  firstClosed,
  forgetSeniority,
  giveBack,
  leaveLines,
  lineUp,
  takeAll,
  touch,
} from '../limits/admission.ts'
import {
  type Admission,
  admissionOf,
  forgetAdmission,
  saveAdmission,
  type Take,
} from '../limits/admission-row.ts'
import { changeUse, closeKey, ruleOf } from '../limits/limit-key.ts'
import { findRun, type RunRow } from '../run-row.ts'
import type { Transaction } from '../transaction.ts'

export function acquire(tx: Transaction, lease: LeaseId, request: AcquireRequest): AcquireAnswer {
  const run = heldRun(tx, lease, request)
  if (run !== undefined && isCrowded(tx, run, request)) {
    return { kind: 'closed', limiter: request.uses[0]?.limiter ?? '', opensInMs: crowdedMs }
  }
  if (run !== undefined && isOlder(tx, run, request)) {
    return { kind: 'closed', limiter: request.uses[0]?.limiter ?? '', opensInMs: 0 }
  }
  const again = run !== undefined && isCurrent(admissionOf(tx, run.seq, request.path), request)
  const admission = run && admissionFor(tx, run, request)
  if (run === undefined || admission === undefined) return { kind: 'gone' }
  tx.sql.run('UPDATE runs SET limited = 1, granted = 0, limit_turn = ? WHERE seq = ?', request.turn, run.seq)
  tx.asking = run.seq
  const closed = firstClosed(tx, run, admission, { as: 'in order', attempt: request.attempt })
  if (closed !== undefined) {
    lineUp(tx, run, admission, closed, again)
    const { limiter, opensInMs } = closed
    return { kind: 'closed', limiter, ...(opensInMs === undefined ? {} : { opensInMs }) }
  }
  takeAll(tx, run, admission, request.attempt)
  return { kind: 'granted' }
}

/** A provider's "too many" applies to all users of the keys. The step's next attempt asks anew. */
export function closeKeys(
  tx: Transaction,
  lease: LeaseId,
  request: StepTurn & { readonly closedMs: number },
): 'closed' | 'gone' {
  const found = currentUse(tx, lease, request)
  if (found === 'gone' || found === 'another') return found === 'gone' ? 'gone' : 'closed'
  const { run, admission } = found
  for (const take of admission.takes) {
    const rule = ruleOf(tx, take.limiter)
    if (rule !== undefined) closeKey(tx, rule, take, request.closedMs)
  }
  endUse(tx, run, admission)
  return 'closed'
}

export function correctCost(tx: Transaction, lease: LeaseId, request: CostCorrection): 'corrected' | 'gone' {
  const found = currentUse(tx, lease, request)
  if (found === 'gone' || found === 'another') return 'gone'
  const { run, admission } = found
  const take = admission.takes.find(({ limiter }) => limiter === request.limiter)
  const rule = take && ruleOf(tx, take.limiter)
  const late = (take?.corrections ?? 0) >= request.correction
  if (take?.charged === undefined || rule === undefined || late) return 'corrected'
  changeUse(tx, rule, take, (request.cost - take.charged) * rule.everyMs)
  take.charged = request.cost
  take.corrections = request.correction
  saveAdmission(tx, run.seq, admission)
  touch(tx, take)
  return 'corrected'
}

/** The end of an attempt is stored: its slots are freed, its charges stay (Q2, Q3). */
export function endAttempt(tx: Transaction, run: RunRow, path: string, attempt: number): void {
  const admission = admissionOf(tx, run.seq, path)
  // A late repeat of an earlier attempt's end ends no newer one.
  if (admission?.step?.attempt === attempt) endUse(tx, run, admission)
}

function endUse(tx: Transaction, run: RunRow, admission: Admission): void {
  giveBack(tx, run, admission, true)
  dropTickets(tx, admission)
  leaveLines(tx, run, admission)
  forgetSeniority(tx, run, admission)
  forgetAdmission(tx, run.seq, admission.path)
}

function isCrowded(tx: Transaction, { seq }: RunRow, { path }: StepTurn): boolean {
  if (admissionOf(tx, seq, path) !== undefined) return false
  const steps = tx.sql.get<{ n: number }>('SELECT count(*) AS n FROM admissions WHERE seq = ?', seq)?.n ?? 0
  return steps > mostStepsInLine
}

function heldRun(tx: Transaction, lease: LeaseId, { run: id, fence }: StepTurn): RunRow | undefined {
  const run = findRun(tx.sql, id)
  return run?.lease === lease && run.fence === fence && run.state === 'running' ? run : undefined
}

function currentUse(
  tx: Transaction,
  lease: LeaseId,
  turn: StepTurn,
): { readonly run: RunRow; readonly admission: Admission } | 'gone' | 'another' {
  const run = heldRun(tx, lease, turn)
  if (run === undefined) return 'gone'
  const admission = admissionOf(tx, run.seq, turn.path)
  return admission !== undefined && isCurrent(admission, turn) ? { run, admission } : 'another'
}

/** Returns whether the request is for just this use of the execution, so that it is a repeat. */
function isCurrent(admission: Admission | undefined, { fence, turn }: StepTurn): boolean {
  return admission?.step?.fence === fence && admission.step.turn === turn
}

/** R34: a late repeat of an older use, whatever that one's state. */
function isOlder(tx: Transaction, { seq }: RunRow, request: StepTurn): boolean {
  const last = tx.sql.get<{ limit_turn: number }>('SELECT limit_turn FROM runs WHERE seq = ?', seq)
  return request.turn <= (last?.limit_turn ?? 0) && !isCurrent(admissionOf(tx, seq, request.path), request)
}

/** Returns the step's limit request for this use. */
function admissionFor(tx: Transaction, run: RunRow, request: AcquireRequest): Admission {
  const { path, attempt, fence, turn } = request
  const uses = withoutHeldByRun(tx, run, request.uses)
  const known = admissionOf(tx, run.seq, path)
  const step = { attempt, fence, turn }
  if (known === undefined) return { path, takes: uses.map((use) => ({ ...use })), step }
  if (known.step?.attempt === attempt && isSame(known.takes, uses)) return { ...known, step }
  endUse(tx, run, known)
  return { path, takes: uses.map((use) => ({ ...use })), step }
}

/** A step does not wait for a slot that its own execution holds. */
function withoutHeldByRun(tx: Transaction, run: RunRow, uses: readonly LimitUse[]): readonly LimitUse[] {
  const held = admissionOf(tx, run.seq, '')?.takes.filter((take) => take.held !== undefined) ?? []
  return uses.filter(({ limiter, key }) => !held.some((take) => take.limiter === limiter && take.key === key))
}

function isSame(takes: readonly Take[], uses: readonly LimitUse[]): boolean {
  const told = (list: readonly LimitUse[]): string =>
    JSON.stringify(list.map(({ limiter, key, cost }) => [limiter, key, cost]))
  return told(takes) === told(uses)
}
