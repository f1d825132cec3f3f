import type { LeaseId } from '../store.ts'
import { idleTakers } from './takers.ts'
import type { Transaction } from './transaction.ts'

/**
 * Picks idle workers for the runs that became ready, about as many free slots as runs, so that one enqueue
 * wakes one worker and not fifty. A picked worker counts as busy until its next empty-handed claim.
 */
export function pickIdleWorkers(tx: Transaction): ReadonlySet<LeaseId> {
  for (const known of tx.wakeCounts.values()) {
    const { suspect } = known
    let wanted = known.count
    if (wanted <= 0) continue
    for (const worker of idleTakers(tx, known, { suspect, limit: Math.min(wanted, 100) })) {
      if (wanted <= 0) break
      wanted -= suspect ? 1 : worker.idle
      tx.sql.run('UPDATE workers SET idle = 0 WHERE lease = ?', worker.lease)
      tx.woken.add(worker.lease)
    }
  }
  return tx.woken
}
