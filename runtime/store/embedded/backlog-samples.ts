import { isEnd, type RunState } from '../../model/run.ts'
import type { BacklogSample } from '../build-statistics.ts'
import { maxSampledQueues, retainedHours } from '../statistics.ts'
import { throughputMinutes } from '../store.ts'
import type { Sql } from './database.ts'
import { hourMs } from './hour-cells.ts'
import type { Transaction } from './transaction.ts'

/*
 * Backlogs when a minute or an hour began. The first transition of each stores what was there before it, so that between
 * two samples nothing has changed but in the sampled periods themselves.
 */

const minuteMs = 60_000
const retainedMs: Readonly<Record<number, number>> = {
  [minuteMs]: throughputMinutes * minuteMs,
  [hourMs]: retainedHours * hourMs,
}

/** Stores the backlog of the minute, and of its hour, if this transaction makes the first transition in it. */
export function sampleBacklog(tx: Transaction, minute: number): void {
  const sampled = 'SELECT 1 FROM backlogs WHERE period_ms = ? AND at = ?'
  if (tx.sql.get(sampled, minuteMs, minute) !== undefined) return
  tx.sql.run(
    "INSERT INTO settings VALUES ('counted_since', ?) ON CONFLICT DO UPDATE SET value = min(value, excluded.value)",
    minute,
  )
  const before = backlogsBefore(tx)
  store(tx, minuteMs, minute, before)
  const hour = Math.floor(minute / hourMs) * hourMs
  if (tx.sql.get(sampled, hourMs, hour) === undefined) store(tx, hourMs, hour, before)
}

function store(tx: Transaction, periodMs: number, at: number, before: ReadonlyMap<string, number>): void {
  const largest = [...before].sort(([, a], [, b]) => b - a)
  tx.sql.run(
    'INSERT INTO backlogs VALUES (?, ?, ?, ?, ?)',
    periodMs,
    at,
    largest.reduce((sum, [, n]) => sum + n, 0),
    JSON.stringify(Object.fromEntries(largest.slice(0, maxSampledQueues))),
    largest.length <= maxSampledQueues ? 1 : 0,
  )
  const kept = retainedMs[periodMs] ?? 0
  tx.sql.run(
    'DELETE FROM backlogs WHERE period_ms = ? AND (at <= ? OR at > ?)',
    periodMs,
    at - kept,
    at + kept,
  )
}

/** The backlogs before this transaction, whose moves are in the counts already. */
function backlogsBefore(tx: Transaction): Map<string, number> {
  const backlogs = readBacklogs(tx.sql)
  for (const { run, from, state } of tx.moves) {
    const change = isBacklog(state) - (from === undefined ? 0 : isBacklog(from))
    const before = (backlogs.get(run.queue) ?? 0) - change
    if (before > 0) backlogs.set(run.queue, before)
    else backlogs.delete(run.queue)
  }
  return backlogs
}

function isBacklog(state: RunState): 0 | 1 {
  return state === 'scheduled' || isEnd(state) ? 0 : 1
}

/** Live runs by queue, scheduled ones left out. */
export function readBacklogs(sql: Sql): Map<string, number> {
  const rows = sql.all<{ queue: string; n: number }>(
    "SELECT queue, count(*) AS n FROM runs WHERE ended_at IS NULL AND state <> 'scheduled' GROUP BY queue",
  )
  return new Map(rows.map(({ queue, n }) => [queue, n]))
}

/** Samples of periods of this length from one time to another, oldest first. */
export function readSamples(sql: Sql, periodMs: number, from: number, to: number): BacklogSample[] {
  const rows = sql.all<{ at: number; total: number; queues: string; complete: number }>(
    'SELECT at, total, queues, complete FROM backlogs WHERE period_ms = ? AND at BETWEEN ? AND ? ORDER BY at',
    periodMs,
    from,
    to,
  )
  return rows.map(({ at, total, queues, complete }) => ({
    ...{ at, total, complete: complete === 1 },
    byQueue: () => new Map(Object.entries(JSON.parse(queues) as Record<string, number>)),
  }))
}
