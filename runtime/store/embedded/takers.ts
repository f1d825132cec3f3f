import { suspectStreak } from '../../model/poison.ts'
import type { LeaseId } from '../store.ts'
import type { RunRow } from './run-row.ts'
import type { Transaction } from './transaction.ts'

/*
 * Which workers could take a run. A run that no worker takes, or only one that is free of other poison suspects (R17),
 * keeps no key of a limiter for itself.
 */

type Taken = Pick<RunRow, 'job' | 'version' | 'queue'>

const knowsAndServes = `job = ? AND version >= ? AND drain_order = 0 AND draining = 0
  AND (queues IS NULL OR EXISTS (SELECT 1 FROM json_each(queues) WHERE json_each.value = ?))`
const holdsNoSuspect = `NOT EXISTS (SELECT 1 FROM runs WHERE runs.lease = workers.lease AND streak >= ${suspectStreak})`
const workersOfJob = 'worker_jobs JOIN workers ON workers.lease = worker_jobs.lease'

/** R17: lost so often that a lease takes one such run at most. */
export function isSuspect({ streak }: Pick<RunRow, 'streak'>): boolean {
  return streak >= suspectStreak
}

/** Returns whether a worker takes such runs: the queue is open, and a worker that does not drain knows the job and serves it. */
export function isServed(tx: Transaction, { job, version, queue }: Taken): boolean {
  if (tx.sql.get('SELECT 1 FROM paused WHERE queue = ?', queue) !== undefined) return false
  const sql = `SELECT 1 FROM ${workersOfJob} WHERE ${knowsAndServes} LIMIT 1`
  return tx.sql.get(sql, job, version, queue) !== undefined
}

/** Returns whether a key may be kept for an aged waiter: for a poison suspect only while an idle lease that holds none is at hand. */
export function canStart(tx: Transaction, run: Taken & Pick<RunRow, 'state' | 'streak'>): boolean {
  if (!isServed(tx, run)) return false
  if (run.state === 'running' || !isSuspect(run)) return true
  if (tx.claimer !== undefined && !holdsSuspect(tx, tx.claimer)) return true
  const sql = `SELECT 1 FROM ${workersOfJob} WHERE ${knowsAndServes} AND idle > 0 AND ${holdsNoSuspect} LIMIT 1`
  return tx.sql.get(sql, run.job, run.version, run.queue) !== undefined
}

export function holdsSuspect(tx: Transaction, lease: LeaseId): boolean {
  const held = tx.sql.get(`SELECT 1 FROM runs WHERE lease = ? AND streak >= ${suspectStreak} LIMIT 1`, lease)
  return held !== undefined
}

export function suspectIsReady(tx: Transaction): boolean {
  const sql = `SELECT 1 FROM runs WHERE state = 'ready' AND streak >= ${suspectStreak} LIMIT 1`
  return tx.sql.get(sql) !== undefined
}

/** Returns idle workers that can take runs of this class, those with most free slots first. */
export function idleTakers(
  tx: Transaction,
  { job, version, queue }: Taken,
  { suspect, limit }: { readonly suspect: boolean; readonly limit: number },
): readonly { readonly lease: LeaseId; readonly idle: number }[] {
  return tx.sql.all<{ lease: LeaseId; idle: number }>(
    `SELECT workers.lease, idle FROM ${workersOfJob} WHERE ${knowsAndServes} AND idle > 0
       ${suspect ? `AND ${holdsNoSuspect}` : ''} ORDER BY idle DESC LIMIT +?`,
    job,
    version,
    queue,
    limit,
  )
}

/** Wakes every idle worker: one of them can take what was announced to a worker that is gone, or closed to all. */
export function wakeIdle(tx: Transaction): void {
  for (const { lease } of tx.sql.all<{ lease: LeaseId }>('SELECT lease FROM workers WHERE idle > 0')) {
    tx.woken.add(lease)
  }
}
