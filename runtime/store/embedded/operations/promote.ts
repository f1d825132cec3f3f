import { nextTimer } from '../limits/limit-key.ts'
import { place } from '../place.ts'
import { type RunRow, runColumns } from '../run-row.ts'
import { note, type Transaction } from '../transaction.ts'

const mostAtOnce = 500

/** Moves runs whose wake-up, expiry or deadline has come. */
export function promote(tx: Transaction): void {
  const due = tx.sql.all<RunRow>(
    `SELECT ${runColumns} FROM runs WHERE due_at <= ? ORDER BY due_at LIMIT ${mostAtOnce}`,
    tx.now,
  )
  for (const run of due) promoteRun(tx, run)
}

function promoteRun(tx: Transaction, run: RunRow): void {
  const expired = run.expires_at !== null && run.expires_at <= tx.now
  if (run.state === 'scheduled') place(tx, run, expired ? 'expire' : 'promote')
  else if (run.state === 'ready') place(tx, run, 'expire')
  else if (run.state === 'waiting') place(tx, run, expired ? 'expire' : 'wake')
  else if (run.state === 'blocked') {
    note(tx, run.seq, { kind: 'unblocked', reason: "the job's timeout passed while it was blocked" })
    place(tx, run, 'unblock')
  }
}

/** Ms until the next timer of the store, of a run or of a limiter's line, if there is one. */
export function nextDueInMs(tx: Transaction): number | undefined {
  const next = tx.sql.get<{ due_at: number }>(
    'SELECT due_at FROM runs WHERE due_at IS NOT NULL ORDER BY due_at LIMIT 1',
  )?.due_at
  const at = Math.min(next ?? Number.POSITIVE_INFINITY, nextTimer(tx) ?? Number.POSITIVE_INFINITY)
  return at === Number.POSITIVE_INFINITY ? undefined : Math.max(0, at - tx.now)
}
