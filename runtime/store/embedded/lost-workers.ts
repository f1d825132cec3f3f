import type { DeathCause } from '../../model/death-cause.ts'
import type { LossCause } from '../../model/poison.ts'
import type { RunId } from '../../model/run-id.ts'
import { keepLostMs, type LostWorker, maxLostRuns, maxLostWorkers, maxToldWorkers } from '../lost-workers.ts'
import type { LeaseId } from '../store.ts'
import type { Sql } from './database.ts'
import { type Moment, shownAt } from './store-clock.ts'
import type { Transaction } from './transaction.ts'

/** A run as it was right after the loss. */
export interface LostRun {
  readonly id: RunId
  readonly losses: number
  readonly streak: number
}

interface LostRow {
  readonly name: string
  readonly task: string
  readonly seen_by: LossCause
  readonly lost_at: number
  readonly runs: number
  /** JSON: LostRun[]. */
  readonly lost: string
  /** JSON: DeathCause. */
  readonly death: string | null
}

export type LostLease = Pick<LostRow, 'name' | 'seen_by' | 'lost_at' | 'lost' | 'death'>

/** Keeps a lost worker of a task (LW1). */
export function keepLostWorker(
  tx: Transaction,
  lost: { readonly lease: LeaseId; readonly name: string; readonly task: string; readonly cause: LossCause },
  runs: readonly LostRun[],
): void {
  pruneLostWorkers(tx)
  tx.sql.run(
    'INSERT OR IGNORE INTO lost_workers (lease, name, task, seen_by, lost_at, runs, lost) VALUES (?, ?, ?, ?, ?, ?, ?)',
    lost.lease,
    lost.name,
    lost.task,
    lost.cause,
    tx.now,
    runs.length,
    JSON.stringify(runs.slice(0, maxLostRuns)),
  )
}

/** Drops those whose time is over, and the oldest of too many. */
export function pruneLostWorkers(tx: Transaction): void {
  tx.sql.run('DELETE FROM lost_workers WHERE lost_at <= ?', tx.now - keepLostMs)
  tx.sql.run(
    'DELETE FROM lost_workers WHERE n <= (SELECT n FROM lost_workers ORDER BY n DESC LIMIT 1 OFFSET +?)',
    maxLostWorkers - 1,
  )
}

export function findLostLease(tx: Transaction, lease: LeaseId): LostLease | undefined {
  return tx.sql.get(
    'SELECT name, seen_by, lost_at, lost, death FROM lost_workers WHERE lease = ? AND lost_at > ?',
    lease,
    tx.now - keepLostMs,
  )
}

export function inspectLostWorkers(sql: Sql, moment: Moment): LostWorker[] {
  const rows = sql.all<Omit<LostRow, 'lost'>>(
    `SELECT name, task, seen_by, lost_at, runs, death FROM lost_workers WHERE lost_at > ? ORDER BY n DESC LIMIT ${maxToldWorkers}`,
    moment.now - keepLostMs,
  )
  return rows.map(({ name, task, seen_by, lost_at, runs, death }) => ({
    ...{ name, taskArn: task, lostAt: shownAt(moment, lost_at), seenBy: seen_by, runs },
    ...(death === null ? {} : { death: JSON.parse(death) as DeathCause }),
  }))
}
