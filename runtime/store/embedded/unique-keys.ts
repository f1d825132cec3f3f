import { isEnd, type RunState, type RunTransition } from '../../model/run.ts'
import type { RunId } from '../../model/run-id.ts'
import { untilFinished, untilStarted } from '../unique-until.ts'
import type { Sql } from './database.ts'
import { expiryOf, findRun, type RunRow } from './run-row.ts'
import type { Moment } from './store-clock.ts'
import type { Transaction } from './transaction.ts'

/*
 * The table of unique keys (G7): per job and key the run that holds it, and for a window also its end.
 * U1  A key without an end is held by a run that has not ended and, with 'started', has not started; the transition
 * that ends this frees it.
 * U2  A run with a canonical key has a row for each of its two keys, with one end. An earlier release that changes the
 * run knows only `unique_key`; the row it leaves behind holds nothing, as U1 checks the run.
 */

/** The columns of a run that decide whether it holds its key. */
type Hold = Pick<RunRow, 'job' | 'unique_key' | 'unique_until' | 'state' | 'started_at'>

/** The keys of a run, whether it holds them or not. */
export function keysOfRun(run: Pick<RunRow, 'unique_key' | 'canonical_key'>): readonly string[] {
  return [run.canonical_key, run.unique_key].filter((key) => key !== null)
}

/** The run that a key belongs to, in any state. */
export interface KeyRow {
  readonly run: RunId
  /** End of a window, or null. */
  readonly until: number | null
}

/** Returns whether the key is the run's by its own state: a window is not. */
export function holdsByState(run: Hold): boolean {
  if (isEnd(run.state)) return false
  return run.unique_until === untilFinished || (run.unique_until === untilStarted && run.started_at === null)
}

export function readKey(sql: Sql, job: string, key: string): KeyRow | undefined {
  return sql.get<KeyRow>('SELECT run, until FROM unique_keys WHERE job = ? AND key = ?', job, key)
}

/** Returns whether its time to start is over, but no transaction has expired it yet. */
export function isOverdue(run: RunRow, moment: Moment): boolean {
  const expiresAt = expiryOf(run, moment)
  return run.started_at === null && !isEnd(run.state) && expiresAt !== null && expiresAt <= moment.now
}

/** Returns the holder of a key. */
export function holderOf(sql: Sql, moment: Moment, job: string, key: string): RunId | undefined {
  const row = readKey(sql, job, key)
  if (row === undefined) return undefined
  if (row.until !== null) return row.until > moment.now ? row.run : undefined
  const run = findRun(sql, row.run)
  const holds = run !== undefined && holdsByState(run) && !isOverdue(run, moment)
  return holds ? row.run : undefined
}

/** Gives the key to a run, even if another one had it. */
export function takeKey(tx: Transaction, row: KeyRow & { readonly job: string; readonly key: string }): void {
  const { job, key, run, until } = row
  tx.sql.run(
    'INSERT OR REPLACE INTO unique_keys (job, key, run, until) VALUES (?, ?, ?, ?)',
    job,
    key,
    run,
    until,
  )
}

interface KeyMove {
  readonly transition: RunTransition
  readonly state: RunState
  readonly startedAt: number | null
}

/**
 * Keeps the keys of a run in step with its transition: frees them when it ends or starts, restores them to a retried
 * one.
 */
export function moveKeys(tx: Transaction, run: RunRow, { transition, state, startedAt }: KeyMove): void {
  const code = run.unique_until ?? untilFinished
  if (run.unique_key === null || code > untilStarted) return
  const starts = transition === 'claim' && code === untilStarted
  if (!isEnd(state) && !starts && transition !== 'retry' && transition !== 'unblock') return
  const holds = holdsByState({ ...run, state, started_at: startedAt })
  for (const key of keysOfRun(run)) {
    const held = readKey(tx.sql, run.job, key)
    if (holds && held === undefined) takeKey(tx, { job: run.job, key, run: run.id, until: null })
    else if (!holds && held?.run === run.id && held.until === null) freeKey(tx, run, key)
  }
}

/** Frees the keys of a removed run, even within a window. */
export function freeKeys(tx: Transaction, run: RunRow): void {
  for (const key of keysOfRun(run)) freeKey(tx, run, key)
}

function freeKey(tx: Transaction, { id, job }: RunRow, key: string): void {
  tx.sql.run('DELETE FROM unique_keys WHERE job = ? AND key = ? AND run = ?', job, key, id)
}
