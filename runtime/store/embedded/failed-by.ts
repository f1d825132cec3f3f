import type { Transaction } from './transaction.ts'

/*
 * How many runs have each fingerprint (L5 in apply-transition.ts), so that no read counts them. A trigger (schema.ts) subtracts
 * deleted runs. No transaction both fails a run and deletes one, so its own changes may be written after the trigger's.
 */

/** One run more or less. */
export function countFailed(tx: Transaction, fingerprint: string, by: 1 | -1): void {
  tx.failedBy.set(fingerprint, (tx.failedBy.get(fingerprint) ?? 0) + by)
}

/** Writes the counts before the commit. A count of 0 has no row. */
export function writeFailedBy({ sql, failedBy }: Transaction): void {
  for (const [fingerprint, n] of failedBy) {
    if (n > 0)
      sql.run(
        'INSERT INTO failed_by VALUES (?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n',
        fingerprint,
        n,
      )
    if (n >= 0) continue
    sql.run('UPDATE failed_by SET n = n + ? WHERE fingerprint = ?', n, fingerprint)
    sql.run('DELETE FROM failed_by WHERE fingerprint = ? AND n <= 0', fingerprint)
  }
  failedBy.clear()
}

/** Takes the fingerprint of runs that an earlier version moved. */
export function forgetMoved(tx: Transaction, limit: number): void {
  const moved = tx.sql.all<{ seq: number; fingerprint: string }>(
    "SELECT seq, fingerprint FROM runs WHERE fingerprint IS NOT NULL AND state <> 'failed' ORDER BY seq LIMIT +?",
    limit,
  )
  for (const { seq, fingerprint } of moved) {
    tx.sql.run('UPDATE runs SET fingerprint = NULL WHERE seq = ?', seq)
    countFailed(tx, fingerprint, -1)
  }
}
