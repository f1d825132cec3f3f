import { keepRepliesMs } from '../../store.ts'
import type { RunRow } from '../run-row.ts'
import type { Removed, Transaction } from '../transaction.ts'

/**
 * Deletes a run with everything that belongs to it. Its id stays taken: a late repeat of its enqueue creates no second
 * run.
 */
export function deleteRun(tx: Transaction, run: Ended): void {
  const { seq, id } = run
  for (const table of ['journal', 'history']) tx.sql.run(`DELETE FROM ${table} WHERE run = ?`, seq)
  const payload = tx.sql.get<{ tags: string }>('SELECT tags FROM payloads WHERE seq = ?', seq)
  for (const tag of JSON.parse(payload?.tags ?? '[]') as string[]) {
    tx.sql.run('DELETE FROM tags WHERE tag = ? AND seq = ?', tag, seq)
  }
  for (const table of ['payloads', 'runs', 'admissions'])
    tx.sql.run(`DELETE FROM ${table} WHERE seq = ?`, seq)
  tx.sql.run('INSERT OR REPLACE INTO tombstones VALUES (?, ?)', id, tx.now + keepRepliesMs)
  tx.removed.push(run)
}

export function countEnded(tx: Transaction): number {
  return tx.sql.get<{ n: number }>('SELECT count(*) AS n FROM runs WHERE prune_at IS NOT NULL')?.n ?? 0
}

/**
 * Deletes ended runs (of `ended` in total) whose time is up, then the oldest beyond the count cap. Returns how many.
 */
export function prune(tx: Transaction, limit: number, ended: number): number {
  const due = endedRuns(tx, 'prune_at <= ?', tx.now, limit)
  const over = Math.min(limit, ended - due.length - tx.retention.maxEnded)
  for (const run of due) deleteRun(tx, run)
  const oldest = over > 0 ? endedRuns(tx, 'prune_at > ?', tx.now, over) : []
  for (const run of oldest) deleteRun(tx, run)
  tx.sql.run('DELETE FROM tombstones WHERE until <= ?', tx.now)
  tx.sql.run('DELETE FROM requests WHERE until <= ?', tx.now)
  pruneClasses(tx)
  pruneLimits(tx)
  return due.length + oldest.length
}

/** A class without ready runs would cost every claim a read. */
function pruneClasses(tx: Transaction): void {
  tx.sql.run(
    `DELETE FROM classes WHERE NOT EXISTS (SELECT 1 FROM runs WHERE runs.ended_at IS NULL AND runs.state = 'ready'
       AND runs.queue = classes.queue AND runs.job = classes.job AND runs.version = classes.version)`,
  )
}

/** Deletes keys without usage. */
function pruneLimits(tx: Transaction): void {
  tx.sql.run('DELETE FROM limit_keys WHERE forget_at <= ? AND timer_at IS NULL', tx.now)
  tx.sql.run(
    `DELETE FROM limit_starts WHERE NOT EXISTS
       (SELECT 1 FROM limit_keys WHERE limit_keys.limiter = limit_starts.limiter AND limit_keys.key = limit_starts.key)`,
  )
}

type Ended = Removed & Pick<RunRow, 'seq' | 'id'>

function endedRuns(tx: Transaction, which: string, now: number, limit: number): Ended[] {
  return tx.sql.all<Ended>(
    `SELECT seq, id, job, queue, state FROM runs WHERE prune_at IS NOT NULL AND ${which} ORDER BY ended_at, seq LIMIT +?`,
    now,
    limit,
  )
}
