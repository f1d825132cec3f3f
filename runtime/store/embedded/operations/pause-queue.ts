import type { OperatorWrite } from '../../../model/operator-write.ts'
import type { LeaseId } from '../../store.ts'
import { lookAtAllLines } from '../limits/limit-key.ts'
import { answered, keepAnswer, type Transaction } from '../transaction.ts'

export function pauseQueue(tx: Transaction, queue: string, write: OperatorWrite): void {
  if (answered(tx, write.requestId) !== undefined) return
  const { by, reason = null } = write
  tx.sql.run('INSERT OR REPLACE INTO paused VALUES (?, ?, ?, ?)', queue, by, reason, tx.now)
  lookAtAllLines(tx)
  keepAnswer(tx, write.requestId, true)
}

export function resumeQueue(tx: Transaction, queue: string, write: OperatorWrite): void {
  if (answered(tx, write.requestId) !== undefined) return
  tx.sql.run('DELETE FROM paused WHERE queue = ?', queue)
  lookAtAllLines(tx)
  for (const { lease } of tx.sql.all<{ lease: LeaseId }>('SELECT lease FROM workers WHERE idle > 0')) {
    tx.woken.add(lease)
  }
  keepAnswer(tx, write.requestId, true)
}
