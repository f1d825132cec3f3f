import type { RunId } from '../../../model/run-id.ts'
import { applyTransition, leaveSlot } from '../apply-transition.ts'
import { type RunRow, runColumns } from '../run-row.ts'
import { note, type Transaction } from '../transaction.ts'

/** G6: makes a live run in no place ready. Returns the repaired runs; a healthy store has none. */
export function repair(tx: Transaction, limit: number): RunId[] {
  const heldByNobody = tx.sql.all<RunRow>(
    `SELECT ${runColumns} FROM runs LEFT JOIN workers ON workers.lease = runs.lease
     WHERE runs.state IN ('running', 'cancelling') AND runs.ended_at IS NULL AND workers.lease IS NULL LIMIT +?`,
    limit,
  )
  const waitingForNothing = tx.sql.all<RunRow>(
    `SELECT ${runColumns} FROM runs
     WHERE state IN ('waiting', 'scheduled') AND ended_at IS NULL AND wake_at IS NULL
       AND NOT EXISTS (SELECT 1 FROM limit_lines WHERE limit_lines.seq = runs.seq) LIMIT +?`,
    limit,
  )
  for (const run of heldByNobody) {
    note(tx, run.seq, { kind: 'repaired', reason: 'it was held by a worker that is not there' })
    leaveSlot(tx, run, 'release')
  }
  for (const run of waitingForNothing) {
    note(tx, run.seq, { kind: 'repaired', reason: 'it waited without a wake-up' })
    applyTransition(tx, run, run.state === 'scheduled' ? 'promote' : 'wake')
  }
  return [...heldByNobody, ...waitingForNothing].map((run) => run.id)
}
