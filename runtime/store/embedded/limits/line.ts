import type { StepPath } from '../../../model/step-path.ts'
import type { Transaction } from '../transaction.ts'
import type { LimitedRun } from './admission-row.ts'
import type { LimitKey } from './limit-key.ts'

/** Who stands in the line of a key: better priority first, then the order of the enqueue. */
export interface LineEntry {
  readonly seq: number
  readonly priority: number
  readonly path: StepPath
}

const lookedAt = 100
const order = 'ORDER BY priority DESC, seq, path'

export function joinLine(tx: Transaction, { limiter, key }: LimitKey, run: LimitedRun, path: StepPath): void {
  tx.sql.run(
    'INSERT OR IGNORE INTO limit_lines VALUES (?, ?, ?, ?, ?)',
    limiter,
    key,
    run.priority,
    run.seq,
    path,
  )
}

export function leaveLine(
  tx: Transaction,
  { limiter, key }: LimitKey,
  run: LimitedRun,
  path: StepPath,
): void {
  tx.sql.run(
    'DELETE FROM limit_lines WHERE limiter = ? AND key = ? AND seq = ? AND path = ?',
    limiter,
    key,
    run.seq,
    path,
  )
}

export function headOf(tx: Transaction, { limiter, key }: LimitKey): LineEntry | undefined {
  return tx.sql.get<LineEntry>(
    `SELECT seq, priority, path FROM limit_lines WHERE limiter = ? AND key = ? ${order} LIMIT 1`,
    limiter,
    key,
  )
}

/** The first in line, as many as one look takes in. */
export function headsOf(tx: Transaction, { limiter, key }: LimitKey): LineEntry[] {
  return tx.sql.all<LineEntry>(
    `SELECT seq, priority, path FROM limit_lines WHERE limiter = ? AND key = ? ${order} LIMIT ${lookedAt}`,
    limiter,
    key,
  )
}

/** Whether somebody stands in line before where this run would. */
export function isBehind(tx: Transaction, at: LimitKey, run: LimitedRun, path: StepPath): boolean {
  const head = headOf(tx, at)
  if (head === undefined || (head.seq === run.seq && head.path === path)) return false
  return head.priority > run.priority || (head.priority === run.priority && head.seq <= run.seq)
}

/** Q6: the oldest senior of a key. */
export function firstSenior(tx: Transaction, { limiter, key }: LimitKey): number | undefined {
  return tx.sql.get<{ seq: number }>(
    'SELECT seq FROM limit_seniors WHERE limiter = ? AND key = ? ORDER BY seq LIMIT 1',
    limiter,
    key,
  )?.seq
}
