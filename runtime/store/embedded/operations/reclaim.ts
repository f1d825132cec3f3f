import { encodeError } from '../../../model/codec.ts'
import { RunPoisonedError } from '../../../model/errors.ts'
import { fixedMark } from '../../../model/failure-mark.ts'
import type { JournalPhase } from '../../../model/journal.ts'
import { countLosses, type LossCause, lossDelayMs, poisonLimit } from '../../../model/poison.ts'
import { toStoredError } from '../../../model/stored-error.ts'
import { lossPlace } from '../../loss-place.ts'
import { type LeaseId, maxPollMs, outageGraceShare } from '../../store.ts'
import { versionOf } from '../../stored-version.ts'
import { applyTransition, countWake, leaveSlot } from '../apply-transition.ts'
import { countRunFailure } from '../failure-groups.ts'
import { markAllWaitlists } from '../limits/limit-key.ts'
import { keepLostWorker, type LostRun } from '../lost-workers.ts'
import { logOperation } from '../operation-log.ts'
import { type RunRow, runColumns } from '../run-row.ts'
import { readSetting, writeSetting } from '../settings.ts'
import { wakeIdle } from '../takers.ts'
import { note, type Transaction } from '../transaction.ts'
import { withdrawDefinitions } from './definitions.ts'
import { inspectHistory } from './inspect.ts'
import { leaveRoles } from './terms.ts'

const reasons = { exit: 'its process died', lease: 'its lease expired' } as const

/**
 * Records that the store was reached, and grants the outage grace (R16): after a gap in which no process could have
 * renewed, no lease ends before it had one more lease's time.
 */
export function markSeen(tx: Transaction): void {
  const seenAt = readSetting(tx.sql, 'seen_at') ?? 0
  const gap = tx.now - seenAt
  if (gap < 200 && gap >= 0) return
  writeSetting(tx.sql, 'seen_at', tx.now)
  if (gap < 0) {
    // The clock went back: earlier times mean nothing.
    tx.sql.run('UPDATE workers SET expires_at = ? + lease_ms', tx.now)
    markAllWaitlists(tx)
    return
  }
  // Only a worker that had renewed in time before the gap gets more: among short and long leases gaps are normal.
  tx.sql.run(
    `UPDATE workers SET expires_at = max(expires_at, ? + lease_ms)
     WHERE lease_ms * ${outageGraceShare} < ? AND seen_at >= ? - lease_ms`,
    tx.now,
    gap,
    seenAt,
  )
}

/** Ends every expired lease except the caller's: it is alive, or it could not call. */
export function reclaimExpired(tx: Transaction, caller: LeaseId): void {
  const ended = tx.sql.all<{ lease: LeaseId }>(
    'SELECT lease FROM workers WHERE expires_at <= ? AND lease <> ? LIMIT 20',
    tx.now,
    caller,
  )
  for (const { lease } of ended) reclaim(tx, lease, 'lease')
}

/** Marks a lease lost (P2): its worker writes nothing more, its runs continue elsewhere. */
export function reclaim(tx: Transaction, lease: LeaseId, cause: LossCause): void {
  const worker = tx.sql.get<{ name: string; task: string | null }>(
    'SELECT name, task FROM workers WHERE lease = ?',
    lease,
  )
  if (worker === undefined) return
  const held = tx.sql.all<RunRow>(`SELECT ${runColumns} FROM runs WHERE lease = ?`, lease)
  const { name: subject, task } = worker
  logOperation(tx, { operation: 'worker lost', subject, count: held.length, details: { cause } })
  const lost = held.map((run) => loseRun(tx, run, subject, cause))
  if (task !== null) keepLostWorker(tx, { lease, name: subject, task, cause }, lost)
  forgetWorker(tx, lease)
}

export function forgetWorker(tx: Transaction, lease: LeaseId): void {
  leaveRoles(tx, lease)
  tx.sql.run('DELETE FROM workers WHERE lease = ?', lease)
  tx.sql.run('DELETE FROM worker_jobs WHERE lease = ?', lease)
  withdrawDefinitions(tx, lease)
  tx.hints.add('schedules')
  markAllWaitlists(tx)
  // It may have been woken for a run that it has not taken.
  wakeIdle(tx)
}

function loseRun(tx: Transaction, run: RunRow, worker: string, cause: LossCause): LostRun {
  const last = tx.sql.get<{ path: string; phase: JournalPhase }>(
    'SELECT path, phase FROM journal WHERE run = ? ORDER BY position DESC LIMIT 1',
    run.seq,
  )
  note(tx, run.seq, { kind: 'lost', cause, worker, reason: `${reasons[cause]}, ${lossPlace(last)}` })
  const losses = run.losses + 1
  const streak = run.streak + 1
  const delayMs = lossDelayMs(streak)
  if (run.state !== 'cancelling' && streak > poisonLimit) convict(tx, run, losses, streak)
  else if (run.state === 'cancelling' || delayMs === 0) leaveSlot(tx, run, 'lose', { losses, streak })
  else {
    const wakeAt = tx.now + delayMs
    const waiting = { kind: 'retry', until: wakeAt } as const
    applyTransition(tx, run, 'lose with delay', { losses, streak, wakeAt, waiting })
    if (delayMs < maxPollMs) countWake(tx, { ...run, streak })
  }
  return { id: run.id, losses, streak }
}

/** Even the execution that should only have ended the run was lost: the store ends it itself. */
function convict(tx: Transaction, run: RunRow, losses: number, streak: number): void {
  note(tx, run.seq, { kind: 'poisoned', reason: `${streak} workers were lost without a new step` })
  const error = new RunPoisonedError(run.id, countLosses(inspectHistory(tx.sql, tx, run.id)))
  const stored = encodeError(toStoredError(error))
  tx.sql.run('UPDATE payloads SET error = ?, escaped = NULL WHERE seq = ?', stored, run.seq)
  const mark = fixedMark('poisoned', run.job, versionOf(run.version))
  countRunFailure(tx, run, mark, true)
  applyTransition(tx, run, 'convict', { losses, streak, fingerprint: mark.fingerprint })
}
