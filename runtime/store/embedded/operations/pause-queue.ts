import type { OperatorWrite } from '../../../model/operator-write.ts'
import { lookAtAllLines } from '../limits/limit-key.ts'
import { wakeIdle } from '../takers.ts'
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
  wakeIdle(tx)
  keepAnswer(tx, write.requestId, true)
}
