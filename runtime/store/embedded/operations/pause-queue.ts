import {
  type ExpectedPause,
  type ExpectingWrite,
  isSameTime,
  refuseStale,
} from '../../../model/expecting-write.ts'
import { markAllWaitlists } from '../limits/limit-key.ts'
import { logOperation } from '../operation-log.ts'
import { shownAt } from '../store-clock.ts'
import { wakeIdle } from '../takers.ts'
import { answered, keepReply, type Transaction } from '../transaction.ts'

export function pauseQueue(tx: Transaction, queue: string, write: ExpectingWrite<ExpectedPause>): void {
  if (answered(tx, write.requestId) !== undefined) return
  refuseMovedQueue(tx, queue, write)
  const { by, reason } = write
  logOperation(tx, { operation: 'pause queue', subject: queue, by, reason })
  tx.sql.run('INSERT OR REPLACE INTO paused VALUES (?, ?, ?, ?)', queue, by, reason ?? null, tx.now)
  markAllWaitlists(tx)
  keepReply(tx, write.requestId, true)
}

export function resumeQueue(tx: Transaction, queue: string, write: ExpectingWrite<ExpectedPause>): void {
  if (answered(tx, write.requestId) !== undefined) return
  refuseMovedQueue(tx, queue, write)
  const { by, reason } = write
  const resumed = tx.sql.run('DELETE FROM paused WHERE queue = ?', queue)
  if (resumed > 0) logOperation(tx, { operation: 'resume queue', subject: queue, by, reason })
  markAllWaitlists(tx)
  wakeIdle(tx)
  keepReply(tx, write.requestId, true)
}

function refuseMovedQueue(tx: Transaction, queue: string, { expected }: ExpectingWrite<ExpectedPause>): void {
  if (expected === undefined) return
  const paused = tx.sql.get<{ at: number }>('SELECT at FROM paused WHERE queue = ?', queue)
  const pausedAt = paused && shownAt(tx, paused.at)
  refuseStale(isSameTime(pausedAt, expected.pausedAt), `queue '${queue}'`)
}
