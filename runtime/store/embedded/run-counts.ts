import type { RunState } from '../../model/run.ts'
import type { RunCount } from '../run-filter.ts'
import type { Sql } from './database.ts'
import { readSetting } from './settings.ts'
import type { Transaction } from './transaction.ts'

/*
 * The number of runs by queue, job and state, one row each. Readers skip a 0; the sweep deletes those of ready and
 * running runs, since a queue that runs empty again and again would pay for it each time.
 * RC1  A transaction's changes are summed and written before its commit, so that counters cost by transaction, not by
 * run.
 * RC2  A recount goes through the runs by number and keeps its own sums, in `recounted`: see operations/recount.ts.
 * RC3  An earlier version beside this one counts nothing. The sweep compares sums, and starts a recount if they differ.
 */

interface Change {
  readonly queue: string
  readonly job: string
  readonly state: RunState
  n: number
}

/** Writes the transaction's changes, before its commit. */
export function writeRunCounts({ sql, moves, removed }: Transaction): void {
  if (moves.length === 0 && removed.length === 0) return
  const changes = new Map<string, Change>()
  const add = ({ queue, job }: Pick<Change, 'queue' | 'job'>, state: RunState, by: number): void => {
    const key = `${queue}\0${job}\0${state}`
    const change = changes.get(key)
    if (change === undefined) changes.set(key, { queue, job, state, n: by })
    else change.n += by
  }
  for (const { run, from, state } of moves) {
    if (from !== undefined) add(run, from, -1)
    add(run, state, 1)
  }
  for (const run of removed) add(run, run.state, -1)
  writeChanges(
    sql,
    [...changes.values()].filter(({ n }) => n !== 0),
  )
}

/** A claim that settles changes about this many: one statement writes them. */
const rowsAtOnce = 4

function writeChanges(sql: Sql, changes: readonly Change[]): void {
  for (let at = 0; at < changes.length; at += rowsAtOnce) {
    const part = changes.slice(at, at + rowsAtOnce)
    const values = part.flatMap(({ queue, job, state, n }) => [queue, job, state, n])
    sql.run(upserts[part.length] ?? '', ...values)
  }
  for (const { queue, job, state, n } of changes) {
    if (n > 0 || state === 'ready' || state === 'running') continue
    sql.run(
      'DELETE FROM run_counts WHERE queue = ? AND job = ? AND state = ? AND n = 0 AND recounted = 0',
      queue,
      job,
      state,
    )
  }
}

/** By the number of rows. */
const upserts: readonly string[] = Array.from(
  { length: rowsAtOnce + 1 },
  (_, rows) =>
    `INSERT INTO run_counts VALUES ${Array.from({ length: rows }, () => '(?, ?, ?, ?, 0)').join(', ')}
     ON CONFLICT DO UPDATE SET n = n + excluded.n`,
)

/** When the runs were last recounted, in the store's time; undefined while they were never counted completely. */
export function readRecountedAt(sql: Sql): number | undefined {
  return readSetting(sql, 'recounted_at')
}

/** Returns the counters, at most `limit`; during the first count, the counts so far. */
export function inspectRunCounts(sql: Sql, limit = -1): RunCount[] {
  const counter = readRecountedAt(sql) === undefined ? 'recounted' : 'n'
  return sql.all<RunCount>(
    `SELECT queue, job, state, ${counter} AS count FROM run_counts WHERE ${counter} > 0
     ORDER BY queue, job, state LIMIT +?`,
    limit,
  )
}
