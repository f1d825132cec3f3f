import { applyTransition } from '../apply-transition.ts'
import { nextTimer } from '../limits/limit-key.ts'
import { expiryOf, instantOf, type RunRow, runColumns } from '../run-row.ts'
import { storeTimeOf } from '../store-clock.ts'
import { note, type Transaction } from '../transaction.ts'

const maxAtOnce = 500

/** Promotes runs whose wake-up, instant, expiry or deadline has come. */
export function promote(tx: Transaction): void {
  const due = tx.sql.all<RunRow>(
    `SELECT ${runColumns} FROM runs WHERE due_at <= ? ORDER BY due_at LIMIT ${maxAtOnce}`,
    tx.now,
  )
  for (const run of due) promoteRun(tx, run)
  const instants = tx.sql.all<RunRow>(
    `SELECT ${runColumns} FROM runs WHERE instant_at <= ? ORDER BY instant_at LIMIT ${maxAtOnce}`,
    tx.wall,
  )
  for (const run of instants) {
    if (run.state === 'scheduled') promoteRun(tx, run)
    // An earlier version moved it.
    else tx.sql.run('UPDATE runs SET instant_at = NULL WHERE seq = ?', run.seq)
  }
}

function promoteRun(tx: Transaction, run: RunRow): void {
  const instant = instantOf(run)
  if (instant !== null && instant > tx.wall) {
    // The wall was set back, or the timer counted what the wall skipped.
    tx.sql.run('UPDATE runs SET due_at = ? WHERE seq = ?', storeTimeOf(tx, instant), run.seq)
    return
  }
  const expiresAt = expiryOf(run, tx)
  const expired = expiresAt !== null && expiresAt <= tx.now
  if (run.state === 'scheduled') applyTransition(tx, run, expired ? 'expire' : 'promote')
  else if (run.state === 'ready') applyTransition(tx, run, 'expire')
  else if (run.state === 'waiting') applyTransition(tx, run, expired ? 'expire' : 'wake')
  else if (run.state === 'blocked') {
    note(tx, run.seq, { kind: 'unblocked', reason: "the job's timeout passed while it was blocked" })
    applyTransition(tx, run, 'unblock')
  }
}

/** Returns the ms until the next timer of the store, of a run or of a limiter's waitlist, if there is one. */
export function nextDueInMs(tx: Transaction): number | undefined {
  const due = tx.sql.get<{ at: number }>(
    'SELECT due_at AS at FROM runs WHERE due_at IS NOT NULL ORDER BY due_at LIMIT 1',
  )
  const instant = tx.sql.get<{ at: number }>(
    'SELECT instant_at AS at FROM runs WHERE instant_at IS NOT NULL ORDER BY instant_at LIMIT 1',
  )
  const never = Number.POSITIVE_INFINITY
  const at = Math.min(due?.at ?? never, instant ? storeTimeOf(tx, instant.at) : never, nextTimer(tx) ?? never)
  return at === Number.POSITIVE_INFINITY ? undefined : Math.max(0, at - tx.now)
}
