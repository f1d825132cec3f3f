import { UnknownRunError } from '../../../model/errors.ts'
import type { RunWrite } from '../../../model/expected-run.ts'
import type { RetryPlan } from '../../../model/job.ts'
import { entryOverheadBytes } from '../../../model/journal.ts'
import type { RunId } from '../../../model/run-id.ts'
import type { StepPath } from '../../../model/step-path.ts'
import { type JournalLine, type PlannedRetry, planRetryOf, retryReason } from '../../plan-retry.ts'
import type { RetryChoice } from '../../store.ts'
import { applyTransition } from '../apply-transition.ts'
import { logManual } from '../operation-log.ts'
import { findRun, type RunRow } from '../run-row.ts'
import { note, type Transaction } from '../transaction.ts'
import { refuseMoved } from './refuse-moved.ts'
import { expireHolders, refuseHeldKeys } from './unique.ts'

export function retry(tx: Transaction, id: RunId, choice: RetryChoice, write: RunWrite): RetryPlan {
  const { run, dropped, answer } = plan(tx, id, choice, write)
  const told = { by: write.by, reason: retryReason(choice, write) }
  logManual(tx, 'retry run', id, told, { job: run.job, queue: run.queue })
  retryRun(tx, run, dropped, told)
  return answer
}

/** Carries out a planned retry, once no other run holds the run's keys. */
export function retryRun(
  tx: Transaction,
  run: RunRow,
  dropped: readonly number[],
  told: { readonly by: string; readonly reason: string },
): void {
  expireHolders(tx, run)
  note(tx, run.seq, { kind: 'retry', ...told })
  for (const position of dropped) {
    tx.sql.run('DELETE FROM journal WHERE run = ? AND position = ?', run.seq, position)
  }
  tx.sql.run(
    `UPDATE runs SET journal_bytes =
       (SELECT coalesce(sum(coalesce(length(body), 0) + length(path) + ${entryOverheadBytes}), 0) FROM journal WHERE run = runs.seq)
     WHERE seq = ?`,
    run.seq,
  )
  tx.sql.run('UPDATE payloads SET output = NULL, error = NULL, escaped = NULL WHERE seq = ?', run.seq)
  applyTransition(tx, run, run.state === 'blocked' ? 'unblock' : 'retry', {
    attempt: 1,
    streak: 0,
    startedAt: null,
    deadlineAt: null,
    expiresAt: null,
    cancel: null,
    blocked: null,
  })
}

export function planRetry(tx: Transaction, id: RunId, choice: RetryChoice): RetryPlan {
  return plan(tx, id, choice).answer
}

function plan(
  tx: Transaction,
  id: RunId,
  choice: RetryChoice,
  write?: RunWrite,
): PlannedRetry & { readonly run: RunRow } {
  const run = findRun(tx.sql, id)
  if (run === undefined) throw new UnknownRunError(id)
  refuseMoved(tx, run, write)
  const { lines, escaped } = retryLines(tx, run)
  const planned = planRetryOf({ id, state: run.state, escaped }, lines, choice)
  refuseHeldKeys(tx, run)
  return { run, ...planned }
}

/** Reads the data of a retry's plan: the journal, and the step whose error ended the run. */
export function retryLines(
  tx: Transaction,
  { seq }: Pick<RunRow, 'seq'>,
): { readonly lines: readonly JournalLine[]; readonly escaped: StepPath | undefined } {
  const rows = tx.sql.all<{ position: number; path: string; phase: string; once: number }>(
    'SELECT position, path, phase, once FROM journal WHERE run = ? ORDER BY position',
    seq,
  )
  const payload = tx.sql.get<{ escaped: string | null }>('SELECT escaped FROM payloads WHERE seq = ?', seq)
  return {
    lines: rows.map((row) => ({ ...row, once: row.once === 1 })),
    escaped: payload?.escaped ?? undefined,
  }
}
