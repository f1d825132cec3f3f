import { RunStateError, UnknownRunError } from '../../../model/errors.ts'
import type { RetryPlan } from '../../../model/job.ts'
import { entryOverheadBytes } from '../../../model/journal.ts'
import type { OperatorWrite } from '../../../model/operator-write.ts'
import { isEnd } from '../../../model/run.ts'
import type { RunId } from '../../../model/run-id.ts'
import { onFailedPath } from '../../../model/step-path.ts'
import type { RetryChoice } from '../../store.ts'
import { place } from '../place.ts'
import { findRun, type RunRow } from '../run-row.ts'
import { answered, keepAnswer, note, type Transaction } from '../transaction.ts'

interface Line {
  readonly position: number
  readonly path: string
  readonly phase: string
  readonly once: number
}

export function retry(tx: Transaction, id: RunId, choice: RetryChoice, write: OperatorWrite): RetryPlan {
  const before = answered<RetryPlan>(tx, write.requestId)
  if (before !== undefined) return before
  const { run, dropped, answer } = plan(tx, id, choice)
  const forced = (choice.runAgain ?? []).join(', ')
  const detail = [write.reason, choice.from && `from '${choice.from}'`, forced && `run again: ${forced}`]
  note(tx, run.seq, { kind: 'retry', by: write.by, reason: detail.filter(Boolean).join('; ') })
  for (const { position } of dropped) {
    tx.sql.run('DELETE FROM journal WHERE run = ? AND position = ?', run.seq, position)
  }
  tx.sql.run(
    `UPDATE runs SET journal_bytes =
       (SELECT coalesce(sum(coalesce(length(body), 0) + length(path) + ${entryOverheadBytes}), 0) FROM journal WHERE run = runs.seq)
     WHERE seq = ?`,
    run.seq,
  )
  tx.sql.run('UPDATE payloads SET output = NULL, error = NULL, escaped = NULL WHERE seq = ?', run.seq)
  place(tx, run, run.state === 'blocked' ? 'unblock' : 'retry', {
    attempt: 1,
    streak: 0,
    startedAt: null,
    deadlineAt: null,
    expiresAt: null,
    cancel: null,
    blocked: null,
  })
  return keepAnswer(tx, write.requestId, answer)
}

export function planRetry(tx: Transaction, id: RunId, choice: RetryChoice): RetryPlan {
  return plan(tx, id, choice).answer
}

function plan(
  tx: Transaction,
  id: RunId,
  choice: RetryChoice,
): { run: RunRow; dropped: Line[]; answer: RetryPlan } {
  const run = findRun(tx.sql, id)
  if (run === undefined) throw new UnknownRunError(id)
  if (run.state === 'completed' || (!isEnd(run.state) && run.state !== 'blocked')) {
    throw new RunStateError(
      `run '${id}' is ${run.state}; only a failed, cancelled, expired or blocked run can be retried`,
    )
  }
  const lines = tx.sql.all<Line>(
    'SELECT position, path, phase, once FROM journal WHERE run = ? ORDER BY position',
    run.seq,
  )
  const dropped = droppedLines(tx, run, lines, choice)
  refuseOnce(run.id, dropped, choice.runAgain ?? [])
  const ends = (line: Line): boolean => line.phase === 'done' || line.phase === 'failed'
  const runsAgain = [...new Set(dropped.filter(isStep).map((line) => line.path))]
  const keeps = lines
    .filter((line) => ends(line) && isStep(line) && !dropped.includes(line))
    .map((line) => line.path)
  return { run, dropped, answer: { runsAgain, keeps } }
}

function droppedLines(tx: Transaction, run: RunRow, lines: readonly Line[], choice: RetryChoice): Line[] {
  const { from, runAgain = [] } = choice
  for (const named of from === undefined ? runAgain : [from, ...runAgain]) {
    if (!lines.some((line) => line.path === named)) {
      const paths = [...new Set(lines.filter(isStep).map((line) => line.path))].slice(0, 20)
      throw new RunStateError(
        `run '${run.id}' has stored no step '${named}'; it has: ${paths.join(', ') || 'none'}`,
      )
    }
  }
  const again = (line: Line): boolean => !isStep(line) || runAgain.includes(line.path)
  if (from !== undefined) {
    const first = lines.findIndex((line) => line.path === from)
    return lines.filter((line, i) => i >= first || again(line))
  }
  const escaped = tx.sql.get<{ escaped: string | null }>(
    'SELECT escaped FROM payloads WHERE seq = ?',
    run.seq,
  )?.escaped
  return lines.filter((line) => line.path === escaped || again(line))
}

/** R10: what may have had its effect runs again only when somebody says so by name. */
function refuseOnce(id: RunId, dropped: readonly Line[], runAgain: readonly string[]): void {
  const refused = [...new Set(dropped.filter((line) => line.once === 1).map((line) => line.path))].filter(
    (path) => !runAgain.includes(path),
  )
  if (refused.length === 0) return
  throw new RunStateError(
    `run '${id}': this retry would run at-most-once steps again: ${refused.join(', ')}; ` +
      'make sure that their effect did not happen, then name them in runAgain',
  )
}

function isStep(line: Line): boolean {
  return line.path !== onFailedPath
}
