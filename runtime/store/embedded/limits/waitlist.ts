import type { StepPath } from '../../../model/step-path.ts'
import { maxAgedWaiters } from '../../limiters.ts'
import type { Transaction } from '../transaction.ts'
import type { LimitKey } from './limit-key.ts'
import { type LimitedRun, limitRequestOf } from './limit-request.ts'

/** The order of a key's waitlist: better priority first, then the order of the enqueue. */
export interface WaitlistEntry {
  readonly seq: number
  readonly priority: number
  readonly path: StepPath
}

const order = 'ORDER BY priority DESC, seq, path'

export function addWaiter(
  tx: Transaction,
  { limiter, key }: LimitKey,
  run: LimitedRun,
  path: StepPath,
): void {
  tx.sql.run(
    'INSERT OR IGNORE INTO limit_lines VALUES (?, ?, ?, ?, ?)',
    limiter,
    key,
    run.priority,
    run.seq,
    path,
  )
}

/** Returns whether the run holds slots until it has ended. That can't change while it is on a waitlist. */
export function keepsSlots(tx: Transaction, { seq }: Pick<LimitedRun, 'seq'>): boolean {
  const takes = limitRequestOf(tx, seq, '')?.takes ?? []
  return takes.some(({ wholeRun, held }) => wholeRun && held !== undefined)
}

export function removeWaiter(
  tx: Transaction,
  { limiter, key }: LimitKey,
  { seq, path }: Pick<WaitlistEntry, 'seq' | 'path'>,
): void {
  tx.sql.run(
    'DELETE FROM limit_lines WHERE limiter = ? AND key = ? AND seq = ? AND path = ?',
    limiter,
    key,
    seq,
    path,
  )
}

export function headOf(tx: Transaction, { limiter, key }: LimitKey): WaitlistEntry | undefined {
  return tx.sql.get<WaitlistEntry>(
    `SELECT seq, priority, path FROM limit_lines WHERE limiter = ? AND key = ? ${order} LIMIT 1`,
    limiter,
    key,
  )
}

/**
 * Returns the first waiter at or behind `from` that was enqueued before number `seq`, or is of that run. Of each priority
 * only the oldest waiter is read: the work grows with the priorities in use (2,001 at most), not with the waitlist.
 */
export function firstOlder(
  tx: Transaction,
  { limiter, key }: LimitKey,
  seq: number,
  from: WaitlistEntry | undefined,
): WaitlistEntry | undefined {
  const sql = (where: string): string =>
    `SELECT seq, priority, path FROM limit_lines WHERE limiter = ? AND key = ? AND ${where} ${order} LIMIT 1`
  let next =
    from &&
    tx.sql.get<WaitlistEntry>(
      sql('priority = ? AND (seq, path) >= (?, ?)'),
      ...[limiter, key, from.priority, from.seq, from.path],
    )
  let below = from?.priority ?? Number.MAX_SAFE_INTEGER
  while (next === undefined || next.seq > seq) {
    next = tx.sql.get<WaitlistEntry>(sql('priority < ?'), limiter, key, below)
    if (next === undefined) return undefined
    below = next.priority
  }
  return next
}

/** Returns the first waiter whose run keeps slots until it has ended, other than the run of number `except`. */
export function firstKeeper(
  tx: Transaction,
  { limiter, key }: LimitKey,
  except: number,
): WaitlistEntry | undefined {
  return tx.sql.get<WaitlistEntry>(
    `SELECT seq, priority, path FROM limit_keepers WHERE limiter = ? AND key = ? AND seq <> ? ${order} LIMIT 1`,
    limiter,
    key,
    except,
  )
}

/** Returns the first position after an entry. */
export function behind(entry: WaitlistEntry): WaitlistEntry {
  return { ...entry, path: `${entry.path}\0` }
}

/** Returns whether `a` is ahead of `b`. */
export function isBefore(a: WaitlistEntry, b: WaitlistEntry): boolean {
  if (a.priority !== b.priority) return a.priority > b.priority
  return a.seq === b.seq ? a.path < b.path : a.seq < b.seq
}

/** Returns whether a waiter is ahead of this run's position. */
export function isBehind(tx: Transaction, at: LimitKey, run: LimitedRun, path: StepPath): boolean {
  const head = headOf(tx, at)
  if (head === undefined || (head.seq === run.seq && head.path === path)) return false
  return head.priority > run.priority || (head.priority === run.priority && head.seq <= run.seq)
}

/** Returns the oldest aged waiters of a key, as many as one check reads. */
export function agedWaitersOf(tx: Transaction, { limiter, key }: LimitKey): number[] {
  const sql = 'SELECT seq FROM limit_seniors WHERE limiter = ? AND key = ? ORDER BY seq LIMIT +?'
  return tx.sql.all<{ seq: number }>(sql, limiter, key, maxAgedWaiters).map(({ seq }) => seq)
}
