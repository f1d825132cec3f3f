import { type DeathCause, deathText, isBlameless } from '../../../model/death-cause.ts'
import { fixedMark } from '../../../model/failure-mark.ts'
import { lossDelayMs, poisonLimit } from '../../../model/poison.ts'
import { isEnd } from '../../../model/run.ts'
import {
  explainedReasons,
  keepLostMs,
  maxLostWorkers,
  maxToldWorkers,
  type SilentTask,
  silentFromLeaseMs,
  silentShare,
} from '../../lost-workers.ts'
import type { LeaseId } from '../../store.ts'
import { versionOf } from '../../stored-version.ts'
import { applyTransition, countWake, dueAt } from '../apply-transition.ts'
import type { Sql } from '../database.ts'
import { findLostLease, type LostLease, type LostRun } from '../lost-workers.ts'
import { logOperation } from '../operation-log.ts'
import { expiryOf, findRun, type RunRow } from '../run-row.ts'
import { isSuspect } from '../takers.ts'
import { note, type Transaction } from '../transaction.ts'
import { markSeen, reclaim } from './reclaim.ts'

type Fate = keyof ReturnType<typeof explainedReasons>

export function explainLoss(tx: Transaction, lease: LeaseId, death: DeathCause): 'explained' | 'unknown' {
  const lost = findLostLease(tx, lease)
  if (lost === undefined) return 'unknown'
  if (lost.death !== null) return 'explained'
  const { kind, killedAfterMs, text } = death
  const kept = { kind, ...(killedAfterMs === undefined ? {} : { killedAfterMs }), text }
  tx.sql.run('UPDATE lost_workers SET death = ? WHERE lease = ?', JSON.stringify(kept), lease)
  const reasons = explainedReasons(death)
  let takenBack = 0
  for (const loss of JSON.parse(lost.lost) as LostRun[]) {
    const run = findRun(tx.sql, loss.id)
    if (run === undefined) continue
    const fate = isBlameless(death) ? fateOf(run, loss) : 'stands'
    note(tx, run.seq, {
      ...{ kind: 'explained', worker: lost.name, reason: reasons[fate] },
      ...(fate === 'taken back' ? { cause: lost.seen_by } : {}),
    })
    if (fate !== 'taken back') continue
    takenBack++
    takeBack(tx, run, lost)
  }
  const [reason, details] = [deathText(death), { cause: kind }]
  logOperation(tx, { operation: 'loss explained', subject: lost.name, count: takenBack, reason, details })
  return 'explained'
}

/** LW3. */
function fateOf(run: RunRow, loss: LostRun): Fate {
  const isHeld = run.lease !== null
  const poisoned = fixedMark('poisoned', run.job, versionOf(run.version)).fingerprint
  // A worker that holds it then is about to fail it.
  const isGivenUp = run.fingerprint === poisoned || (isHeld && run.streak >= poisonLimit)
  if (isGivenUp) return 'too late'
  const isLast = run.losses === loss.losses && run.streak === loss.streak && run.streak > 0
  return isLast && !isEnd(run.state) ? 'taken back' : 'stands'
}

function takeBack(tx: Transaction, run: RunRow, { lost_at }: Pick<LostLease, 'lost_at'>): void {
  const streak = run.streak - 1
  tx.sql.run('UPDATE runs SET streak = ? WHERE seq = ?', streak, run.seq)
  // A lease that has a suspect may take it now.
  if (run.state === 'ready' && isSuspect(run) && !isSuspect({ streak })) countWake(tx, { ...run, streak })
  if (run.state === 'waiting' && run.wake_at === lost_at + lossDelayMs(run.streak))
    wakeAt(tx, { ...run, streak }, lost_at + lossDelayMs(streak))
}

/** Changes the pause of a run that waits after its loss to that of the remaining streak. */
function wakeAt(tx: Transaction, run: RunRow, at: number): void {
  if (at <= tx.now) {
    applyTransition(tx, run, 'wake')
    return
  }
  const times = { wakeAt: at, deadlineAt: run.deadline_at, expiresAt: expiryOf(run, tx) }
  tx.sql.run(
    'UPDATE runs SET wake_at = ?, due_at = ?, waiting = ? WHERE seq = ?',
    at,
    dueAt('waiting', times),
    JSON.stringify({ kind: 'retry', until: at }),
    run.seq,
  )
}

/** See `silentTasks` of the store. */
export function readSilentTasks(sql: Sql, now: number): SilentTask[] {
  const lost = sql.all<SilentTask>(
    `SELECT lease, name AS worker, task AS taskArn, 'lost' AS state, ? - lost_at AS lostAgoMs FROM lost_workers
     WHERE death IS NULL AND lost_at > ? ORDER BY n DESC LIMIT ${maxLostWorkers}`,
    now,
    now - keepLostMs,
  )
  const silent = sql.all<SilentTask>(
    `SELECT lease, name AS worker, task AS taskArn, 'silent' AS state, seen_at AS seenAt FROM workers
     WHERE task IS NOT NULL AND lease_ms >= ${silentFromLeaseMs} AND ? - seen_at > lease_ms * ${silentShare}
     ORDER BY seen_at DESC LIMIT ${maxToldWorkers}`,
    now,
  )
  return [...lost, ...silent]
}

/** LW5. */
export function reclaimStopped(tx: Transaction, lease: LeaseId, seenAt: number): 'lost' | 'not lost' {
  if (findLostLease(tx, lease) !== undefined) return 'lost'
  markSeen(tx)
  const silent = tx.sql.get(
    `SELECT 1 FROM workers WHERE lease = ? AND seen_at = ? AND ? - seen_at > lease_ms * ${silentShare}`,
    lease,
    seenAt,
    tx.now,
  )
  if (silent === undefined) return 'not lost'
  reclaim(tx, lease, 'exit')
  return 'lost'
}
