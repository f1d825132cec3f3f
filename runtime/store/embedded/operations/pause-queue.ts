import {
  type ExpectedPause,
  type ExpectingWrite,
  isSameTime,
  refuseStale,
} from '../../../model/expecting-write.ts'
import { markAllWaitlists } from '../limits/limit-key.ts'
import { logManual } from '../operation-log.ts'
import { shownAt } from '../store-clock.ts'
import { wakeIdle } from '../takers.ts'
import type { Transaction } from '../transaction.ts'

export function pauseQueue(tx: Transaction, queue: string, write: ExpectingWrite<ExpectedPause>): void {
  refuseMovedQueue(tx, queue, write)
  logManual(tx, 'pause queue', queue, write)
  tx.sql.run(
    'INSERT OR REPLACE INTO paused VALUES (?, ?, ?, ?)',
    queue,
    write.by,
    write.reason ?? null,
    tx.now,
  )
  markAllWaitlists(tx)
}

export function resumeQueue(tx: Transaction, queue: string, write: ExpectingWrite<ExpectedPause>): void {
  refuseMovedQueue(tx, queue, write)
  const resumed = tx.sql.run('DELETE FROM paused WHERE queue = ?', queue)
  if (resumed > 0) logManual(tx, 'resume queue', queue, write)
  markAllWaitlists(tx)
  wakeIdle(tx)
}

function refuseMovedQueue(tx: Transaction, queue: string, { expected }: ExpectingWrite<ExpectedPause>): void {
  if (expected === undefined) return
  const paused = tx.sql.get<{ at: number }>('SELECT at FROM paused WHERE queue = ?', queue)
  const pausedAt = paused && shownAt(tx, paused.at)
  refuseStale(isSameTime(pausedAt, expected.pausedAt), `queue '${queue}'`)
}
