import type { LeaseId } from '../store.ts'
import type { Transaction } from './transaction.ts'

/**
 * Picks idle workers for the runs that became ready, about as many free slots as runs, so that one enqueue
 * wakes one worker and not fifty. A picked worker counts as busy until its next empty-handed claim.
 */
export function pickIdleWorkers(tx: Transaction): ReadonlySet<LeaseId> {
  for (const { job, version, count } of tx.wakeCounts.values()) {
    let wanted = count
    const idle = tx.sql.all<{ lease: LeaseId; idle: number }>(
      `SELECT workers.lease, idle FROM worker_jobs JOIN workers ON workers.lease = worker_jobs.lease
       WHERE job = ? AND version >= ? AND idle > 0 AND drain_order = 0 ORDER BY idle DESC LIMIT ?`,
      job,
      version,
      Math.min(count, 100),
    )
    for (const worker of idle) {
      if (wanted <= 0) break
      wanted -= worker.idle
      tx.sql.run('UPDATE workers SET idle = 0 WHERE lease = ?', worker.lease)
      tx.woken.add(worker.lease)
    }
  }
  return tx.woken
}
