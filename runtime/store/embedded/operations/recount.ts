import type { RunState } from '../../../model/run.ts'
import type { CounterFacts, FoundMiscount } from '../../counters-check.ts'
import { type Miscount, type RecountReport, recountPauseMs } from '../../recount.ts'
import type { Sql } from '../database.ts'
import { inspectRunCounts, readRecountedAt } from '../run-counts.ts'
import { endedButCompleted } from '../run-streams.ts'
import { readSetting, writeSetting } from '../settings.ts'
import type { Transaction } from '../transaction.ts'

/** The setting that has the last run that a recount has counted; there is none while none is running. */
const recountedTo = 'recounted_to'
/** One transaction's share: a few milliseconds. */
const recountedAtOnce = 5_000
/** A comparison of sums reads at most this many live runs. */
const comparedRuns = 10_000

/** RC2. One step of a recount, the first one when none is running. */
export function recount({ sql, now }: Transaction, limit: number = recountedAtOnce): RecountReport {
  const from = readSetting(sql, recountedTo) ?? begin(sql)
  const rows = sql.all<Sum>(
    `SELECT queue, job, state, count(*) AS n, max(seq) AS last FROM
       (SELECT seq, queue, job, state FROM runs WHERE seq > ? ORDER BY seq LIMIT +?)
     GROUP BY queue, job, state`,
    from,
    limit,
  )
  for (const { queue, job, state, n } of rows) {
    sql.run(
      `INSERT INTO run_counts VALUES (?, ?, ?, 0, ?) ON CONFLICT DO UPDATE SET recounted = recounted + excluded.recounted`,
      queue,
      job,
      state,
      n,
    )
  }
  const looked = rows.reduce((sum, { n }) => sum + n, 0)
  const last = Math.max(from, ...rows.map((row) => row.last))
  if (sql.get('SELECT 1 FROM runs WHERE seq > ?', last) === undefined) {
    return { done: true, looked, miscounts: putRight(sql, now) }
  }
  writeSetting(sql, recountedTo, last)
  return { done: false, looked, miscounts: [] }
}

interface Sum {
  readonly queue: string
  readonly job: string
  readonly state: RunState
  readonly n: number
  readonly last: number
}

/*
 * During a recount, triggers add the changes of runs that it has passed to its sums: so no transaction has to know of
 * it, and changes by processes of an earlier version count as well.
 */
const add = (run: 'OLD' | 'NEW', by: number): string => `
  INSERT INTO run_counts VALUES (${run}.queue, ${run}.job, ${run}.state, 0, ${by})
    ON CONFLICT DO UPDATE SET recounted = recounted + excluded.recounted;`
const isPassed = (run: 'OLD' | 'NEW'): string =>
  `${run}.seq <= (SELECT value FROM settings WHERE name = '${recountedTo}')`
const triggers = {
  recount_inserts: `AFTER INSERT ON runs WHEN ${isPassed('NEW')} BEGIN ${add('NEW', 1)} END`,
  recount_moves: `AFTER UPDATE OF state ON runs WHEN OLD.state <> NEW.state AND ${isPassed('NEW')}
    BEGIN ${add('OLD', -1)} ${add('NEW', 1)} END`,
  recount_deletes: `AFTER DELETE ON runs WHEN ${isPassed('OLD')} BEGIN ${add('OLD', -1)} END`,
} as const

function begin(sql: Sql): number {
  sql.run('UPDATE run_counts SET recounted = 0 WHERE recounted <> 0')
  for (const [name, trigger] of Object.entries(triggers))
    sql.run(`CREATE TRIGGER IF NOT EXISTS ${name} ${trigger}`)
  return 0
}

function putRight(sql: Sql, now: number): Miscount[] {
  const miscounts = sql.all<Miscount>(
    `SELECT queue, job, state, n AS stored, recounted AS counted FROM run_counts WHERE n <> recounted
     ORDER BY queue, job, state`,
  )
  for (const name of Object.keys(triggers)) sql.run(`DROP TRIGGER ${name}`)
  sql.run('UPDATE run_counts SET n = recounted, recounted = 0')
  sql.run('DELETE FROM run_counts WHERE n = 0')
  sql.run('DELETE FROM settings WHERE name = ?', recountedTo)
  writeSetting(sql, 'recounted_at', now)
  return miscounts
}

/**
 * RC3. To be called before the transaction changes a run. `ended` is how many runs have ended, as counted by the sweep.
 */
export function isRecountDue({ sql, now }: Transaction, ended: number): boolean {
  sql.run('DELETE FROM run_counts WHERE n = 0 AND recounted = 0')
  if (readSetting(sql, recountedTo) !== undefined) return true
  const at = readRecountedAt(sql)
  if (at === undefined) return true
  return Math.abs(now - at) >= recountPauseMs && !addUp(sql, ended)
}

function addUp(sql: Sql, ended: number): boolean {
  const sums = sql.get<{ least: number; ended: number; live: number }>(
    `SELECT coalesce(min(n), 0) AS least,
       coalesce(sum(n) FILTER (WHERE state IN ('completed', 'failed', 'cancelled', 'expired')), 0) AS ended,
       coalesce(sum(n) FILTER (WHERE state NOT IN ('completed', 'failed', 'cancelled', 'expired')), 0) AS live
     FROM run_counts`,
  )
  if (sums === undefined || sums.least < 0 || sums.ended !== ended) return false
  if (sums.live > comparedRuns) return true
  const live = sql.get<{ n: number }>(
    `SELECT count(*) AS n FROM (SELECT 1 FROM runs WHERE ended_at IS NULL LIMIT ${comparedRuns + 1})`,
  )
  return live?.n === sums.live
}

/**
 * Compares the counters with the indexes, in a snapshot. Completed runs, the largest group, are compared only by their
 * sum: no index has them by job.
 */
export function checkCounts(sql: Sql): CounterFacts {
  const stored = inspectRunCounts(sql)
  const runs = stored.reduce((sum, { count }) => sum + count, 0)
  const isCounted = readRecountedAt(sql) !== undefined
  if (!isCounted) return { isCounted, runs, groups: stored.length, miscounts: [] }
  const counted = new Map<string, FoundMiscount>()
  const keyOf = ({ queue, job, state }: FoundMiscount): string => `${queue}\0${job}\0${state}`
  const completed = stored.filter(({ state }) => state === 'completed')
  const all: FoundMiscount = {
    state: 'completed',
    stored: completed.reduce((sum, { count }) => sum + count, 0),
    counted: completedRuns(sql),
  }
  for (const { queue, job, state, count } of stored) {
    if (state === 'completed') continue
    const found = { queue, job, state, stored: count, counted: 0 }
    counted.set(keyOf(found), found)
  }
  for (const { n, ...group } of groupsByIndex(sql)) {
    const key = keyOf({ ...group, stored: 0, counted: n })
    counted.set(key, { ...group, stored: counted.get(key)?.stored ?? 0, counted: n })
  }
  const miscounts = [all, ...counted.values()].filter((found) => found.stored !== found.counted)
  return { isCounted, runs, groups: stored.length, miscounts }
}

function completedRuns(sql: Sql): number {
  const query = "SELECT count(*) AS n FROM runs WHERE ended_at IS NOT NULL AND state = 'completed'"
  return sql.get<{ n: number }>(query)?.n ?? 0
}

function groupsByIndex(sql: Sql): Omit<Sum, 'last'>[] {
  const groups = (where: string): Omit<Sum, 'last'>[] =>
    sql.all(`SELECT queue, job, state, count(*) AS n FROM runs WHERE ${where} GROUP BY state, queue, job`)
  return [...groups('ended_at IS NULL'), ...groups(endedButCompleted)]
}
