import type { RunState } from '../../model/run.ts'
import type { RunCount } from '../run-filter.ts'
import type { Sql } from './database.ts'
import type { Transaction } from './transaction.ts'

/*
 * How many runs there are by queue, job and state, one row each. Readers skip a 0; the sweep deletes those of ready and
 * running runs, since a queue that runs empty again and again would pay for it each time.
 * N1  What a transaction changes is summed and written before its commit, so that counters cost by transaction, not by run.
 * N2  A recount goes through the runs by number and keeps its own sums, in `recounted`. The setting `recounted_to` is the
 *     last number it has looked at; a change of a run up to there counts in its sums as well.
 * N3  An earlier version beside this one counts nothing. The sweep compares sums, and has runs recounted that differ.
 */

interface Change {
  readonly queue: string
  readonly job: string
  readonly state: RunState
  n: number
  recounted: number
}

/** Writes what the transaction changes, before its commit. */
export function writeRunCounts(tx: Transaction): void {
  if (tx.moves.length === 0 && tx.removed.length === 0) return
  const recountedTo = readRecountedTo(tx.sql) ?? -1
  const changes = new Map<string, Change>()
  const add = (run: Counted, state: RunState, by: number): void => {
    const key = `${run.queue}\0${run.job}\0${state}`
    let change = changes.get(key)
    if (change === undefined) {
      change = { queue: run.queue, job: run.job, state, n: 0, recounted: 0 }
      changes.set(key, change)
    }
    change.n += by
    // A run without a number is new: beyond every recount.
    if (run.seq !== undefined && run.seq <= recountedTo) change.recounted += by
  }
  for (const { run, from, state } of tx.moves) {
    if (from !== undefined) add(run, from, -1)
    add(run, state, 1)
  }
  for (const run of tx.removed) add(run, run.state, -1)
  for (const change of changes.values()) writeChange(tx.sql, change)
}

interface Counted {
  readonly queue: string
  readonly job: string
  readonly seq?: number
}

function writeChange(sql: Sql, { queue, job, state, n, recounted }: Change): void {
  if (n === 0 && recounted === 0) return
  sql.run(
    `INSERT INTO run_counts VALUES (?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET n = n + excluded.n, recounted = recounted + excluded.recounted`,
    queue,
    job,
    state,
    n,
    recounted,
  )
  if (n > 0 || state === 'ready' || state === 'running') return
  sql.run(
    'DELETE FROM run_counts WHERE queue = ? AND job = ? AND state = ? AND n = 0 AND recounted = 0',
    queue,
    job,
    state,
  )
}

export function readRecountedTo(sql: Sql): number | undefined {
  return sql.get<{ value: number }>("SELECT value FROM settings WHERE name = 'recounted_to'")?.value
}

/** When the runs were last recounted, in the store's time; undefined while they were never counted as a whole. */
export function readRecountedAt(sql: Sql): number | undefined {
  return sql.get<{ value: number }>("SELECT value FROM settings WHERE name = 'recounted_at'")?.value
}

/** Returns the counters, at most `limit`; while the first count is under way, what that has found so far. */
export function inspectRunCounts(sql: Sql, limit = -1): RunCount[] {
  const counter = readRecountedAt(sql) === undefined ? 'recounted' : 'n'
  return sql.all<RunCount>(
    `SELECT queue, job, state, ${counter} AS count FROM run_counts WHERE ${counter} > 0
     ORDER BY queue, job, state LIMIT ?`,
    limit,
  )
}
