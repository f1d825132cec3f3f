import type { LeaseId } from '../store.ts'
import { idleTakers } from './takers.ts'
import type { Transaction } from './transaction.ts'

/**
 * Picks idle workers for the runs that became ready, about as many free slots as runs, so that one enqueue wakes one
 * worker and not fifty. A picked worker counts as busy until its next empty claim. A worker that has to ask for
 * protection counts as one slot: each of them asks for its whole task.
 */
export function pickIdleWorkers(tx: Transaction): ReadonlySet<LeaseId> {
  for (const known of tx.wakeCounts.values()) {
    let wanted = known.count
    if (wanted <= 0) continue
    for (const { lease, idle, asks } of idleTakers(tx, known, Math.min(wanted, 100))) {
      if (wanted <= 0) break
      wanted -= known.suspect || asks === 1 ? 1 : idle
      // The reply to its claim includes them.
      if (asks === 1 && lease === tx.told) continue
      tx.sql.run('UPDATE workers SET idle = 0 WHERE lease = ?', lease)
      tx.woken.add(lease)
    }
  }
  return tx.woken
}
