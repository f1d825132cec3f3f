import { encodeError } from '../../../model/codec.ts'
import type { Outcome, Wait } from '../../../model/outcome.ts'
import type { RunState, WaitingFor } from '../../../model/run.ts'
import { type DeadlineKind, isArrival, isDeadline } from '../../../model/wait.ts'
import type { EntryReply, LeaseId, Settlement } from '../../store.ts'
import { needsProtection, storedVersion } from '../../stored-version.ts'
import { applyTransition, type TransitionFields } from '../apply-transition.ts'
import { countRunFailure } from '../failure-groups.ts'
import { type LimitRequest, limitRequestOf } from '../limits/limit-request.ts'
import { type Blocked, findRun, type RunRow } from '../run-row.ts'
import { note, type Transaction } from '../transaction.ts'

/** Ends an execution: fenced, at the worker's position, once; a repeat returns the first result. */
export function settleRun(tx: Transaction, lease: LeaseId, settlement: Settlement): EntryReply {
  const run = findRun(tx.sql, settlement.run)
  if (run === undefined) return { kind: 'gone' }
  if (run.lease !== lease || run.fence !== settlement.fence) {
    const repeated = run.settled_fence === settlement.fence && run.settled_state !== null
    return repeated ? { kind: 'settled', state: run.settled_state } : { kind: 'gone' }
  }
  if (run.position !== settlement.position) return { kind: 'gap' }
  const answer = carryOut(tx, run, settlement.outcome)
  if (answer.kind === 'settled') keepOrphans(tx, run, settlement.orphans)
  return answer
}

function keepOrphans(tx: Transaction, run: RunRow, positions: readonly number[] | undefined): void {
  const orphans = positions === undefined ? null : JSON.stringify(positions)
  if (orphans !== run.orphans) tx.sql.run('UPDATE runs SET orphans = ? WHERE seq = ?', orphans, run.seq)
}

function carryOut(tx: Transaction, run: RunRow, outcome: Outcome): EntryReply {
  const end = { settledFence: run.fence } satisfies TransitionFields
  const ended = outcome.kind === 'completed' || outcome.kind === 'failed'
  if (run.state === 'cancelling' && !ended) {
    if (outcome.kind === 'retrying') keepFailure(tx, run, outcome)
    return settled(applyTransition(tx, run, 'end cancel', end))
  }
  switch (outcome.kind) {
    case 'completed':
      tx.sql.run('UPDATE payloads SET output = ?, error = NULL WHERE seq = ?', outcome.output, run.seq)
      return settled(applyTransition(tx, run, 'complete', end))
    case 'failed':
      keepFailure(tx, run, outcome)
      return settled(applyTransition(tx, run, 'fail', { ...end, fingerprint: outcome.mark?.fingerprint }))
    case 'cancelled':
      return settled(applyTransition(tx, run, 'release', end))
    case 'retrying':
      keepFailure(tx, run, outcome)
      return settled(backOff(tx, run, outcome, end))
    case 'waiting':
      return suspend(tx, run, outcome.waits, end)
    case 'released': {
      const marked = outcome.protect === true && !needsProtection(run.version)
      const released = marked ? protect(tx, run) : run
      const reason = marked ? { reason: foundProtection } : {}
      note(tx, run.seq, { kind: 'released', ...reason, ...workerName(tx, run) })
      return settled(applyTransition(tx, released, 'release', end))
    }
    case 'blocked':
      return settled(block(tx, run, outcome.reason, outcome.digest, end))
  }
}

const foundProtection = 'a step of it needs scale-in protection'

/** Marks a run for good: only a worker with scale-in protection takes it. */
function protect(tx: Transaction, run: RunRow): RunRow {
  const version = storedVersion({ version: run.version, protect: true })
  tx.sql.run('UPDATE runs SET version = ? WHERE seq = ?', version, run.seq)
  return { ...run, version }
}

function settled(state: RunState): EntryReply {
  return { kind: 'settled', state }
}

function backOff(
  tx: Transaction,
  run: RunRow,
  { delayMs, mark }: Extract<Outcome, { kind: 'retrying' }>,
  end: TransitionFields,
): RunState {
  const wakeAt = tx.now + delayMs
  const waiting = { kind: 'retry', until: wakeAt, fingerprint: mark?.fingerprint } as const
  return applyTransition(tx, run, 'back off', { ...end, attempt: run.attempt + 1, wakeAt, waiting })
}

/** R5: the deadlines were stored when the waits began; if one has passed, the worker continues at once. */
function suspend(tx: Transaction, run: RunRow, waits: readonly Wait[], end: TransitionFields): EntryReply {
  const lines = waits.filter(isArrival).map(({ path }) => limitRequestOf(tx, run.seq, path))
  if (lines.some((limitRequest) => limitRequest?.line === undefined)) return { kind: 'continue' }
  const timed = waits.filter(isDeadline)
  const untils = timed.map((wait) => ({ wait, until: storedDeadline(tx, run, wait) }))
  const first = untils.sort((a, b) => a.until - b.until)[0]
  if (first === undefined && lines.length > 0)
    return settled(applyTransition(tx, run, 'suspend', { ...end, waiting: inLine(lines[0]) }))
  if (first === undefined || first.until <= tx.now) return { kind: 'continue' }
  // A retry's pause says what failed; a later sleep does not.
  tx.sql.run(
    `UPDATE payloads SET error = (SELECT body FROM journal WHERE run = ? AND position = ? AND phase = 'retrying')
     WHERE seq = ?`,
    run.seq,
    first.wait.position,
    run.seq,
  )
  const { kind, path: name, fingerprint } = first.wait
  const waiting = { kind, name, until: first.until, fingerprint }
  return settled(applyTransition(tx, run, 'suspend', { ...end, wakeAt: first.until, waiting }))
}

function inLine(limitRequest: LimitRequest | undefined): WaitingFor {
  return { kind: 'limit', name: limitRequest?.takes[limitRequest.line ?? 0]?.limiter ?? '' }
}

function storedDeadline(tx: Transaction, run: RunRow, wait: Extract<Wait, { kind: DeadlineKind }>): number {
  const entry = tx.sql.get<{ until: number | null }>(
    'SELECT until FROM journal WHERE run = ? AND position = ?',
    run.seq,
    wait.position,
  )
  return entry?.until ?? 0
}

function block(
  tx: Transaction,
  run: RunRow,
  reason: string,
  digest: string,
  end: TransitionFields,
): RunState {
  note(tx, run.seq, { kind: 'blocked', reason, ...workerName(tx, run) })
  const before = run.blocked === null ? [] : (JSON.parse(run.blocked) as Blocked).tried
  const tried = [...new Set([...before, digest])].slice(-20)
  return applyTransition(tx, run, 'block', { ...end, blocked: { reason, tried } })
}

function keepFailure(
  tx: Transaction,
  run: RunRow,
  outcome: Extract<Outcome, { kind: 'failed' | 'retrying' }>,
): void {
  const { error, mark } = outcome
  const escaped = outcome.kind === 'failed' ? (outcome.escaped ?? null) : null
  tx.sql.run('UPDATE payloads SET error = ?, escaped = ? WHERE seq = ?', encodeError(error), escaped, run.seq)
  if (mark !== undefined) countRunFailure(tx, run, mark, outcome.kind === 'failed')
}

function workerName(tx: Transaction, run: RunRow): { worker: string } | undefined {
  const worker = tx.sql.get<{ name: string }>('SELECT name FROM workers WHERE lease = ?', run.lease)
  return worker && { worker: worker.name }
}
