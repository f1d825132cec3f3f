import type { BacklogSample } from '../build-statistics.ts'
import { queueBacklogs } from '../queue-counts.ts'
import { maxSampledQueues, retainedHours } from '../statistics.ts'
import { throughputMinutes } from '../store.ts'
import type { Sql } from './database.ts'
import { hourMs } from './hour-cells.ts'
import { inspectRunCounts, readRecountedAt } from './run-counts.ts'
import type { Transaction } from './transaction.ts'

/*
 * Backlogs at the begin of a minute or an hour. The first transition of each stores the state before it: between two
 * samples only the sampled periods have changes.
 */

const minuteMs = 60_000
const retainedMs: Readonly<Record<number, number>> = {
  [minuteMs]: throughputMinutes * minuteMs,
  [hourMs]: retainedHours * hourMs,
}

/** Stores the begin of the minute, and of its hour, if this transaction makes the first transition in it. */
export function beginPeriods({ sql }: Transaction, minute: number): void {
  const sampled = 'SELECT 1 FROM backlogs WHERE period_ms = ? AND at = ?'
  if (sql.get(sampled, minuteMs, minute) !== undefined) return
  noteFirst(sql, 'counted_since', minute)
  // While the runs are counted for the first time, backlogs are unknown.
  if (readRecountedAt(sql) === undefined) return
  noteFirst(sql, 'sampled_since', minute)
  // This transaction's changes are counted at its end.
  const before = queueBacklogs(inspectRunCounts(sql))
  store(sql, minuteMs, minute, before)
  const hour = Math.floor(minute / hourMs) * hourMs
  if (sql.get(sampled, hourMs, hour) === undefined) store(sql, hourMs, hour, before)
}

function noteFirst(sql: Sql, name: 'counted_since' | 'sampled_since', minute: number): void {
  sql.run(
    'INSERT INTO settings VALUES (?, ?) ON CONFLICT DO UPDATE SET value = min(value, excluded.value)',
    name,
    minute,
  )
}

function store(sql: Sql, periodMs: number, at: number, before: ReadonlyMap<string, number>): void {
  const largest = [...before].sort(([, a], [, b]) => b - a)
  sql.run(
    'INSERT INTO backlogs VALUES (?, ?, ?, ?, ?)',
    periodMs,
    at,
    largest.reduce((sum, [, n]) => sum + n, 0),
    JSON.stringify(Object.fromEntries(largest.slice(0, maxSampledQueues))),
    largest.length <= maxSampledQueues ? 1 : 0,
  )
  const kept = retainedMs[periodMs] ?? 0
  sql.run('DELETE FROM backlogs WHERE period_ms = ? AND (at <= ? OR at > ?)', periodMs, at - kept, at + kept)
}

/** Returns the samples of periods of this length from one time to another, oldest first. */
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
