import { buildStatistics, periodBegin, rangeBegin, type StatisticsCell } from '../../build-statistics.ts'
import { queueBacklogs } from '../../queue-counts.ts'
import { checkRange } from '../../read-limits.ts'
import type { RunCount } from '../../run-filter.ts'
import {
  maxStatisticsCells,
  type Statistics,
  type StatisticsRange,
  statisticsRanges,
} from '../../statistics.ts'
import { readSamples } from '../backlog-samples.ts'
import { countsOf } from '../cell-body.ts'
import type { Sql } from '../database.ts'
import { lastRolled } from '../hour-cells.ts'
import { inspectRunCounts } from '../run-counts.ts'
import type { Moment } from '../store-clock.ts'

/** @throws InvalidOptionsError for a range that is none. */
export function readStatistics(
  sql: Sql,
  { wall: now }: Moment,
  range: StatisticsRange,
  counts: readonly RunCount[] = inspectRunCounts(sql),
): Statistics {
  checkRange(range)
  const { periodMs } = statisticsRanges[range]
  const [from, to] = [rangeBegin(range, now), periodBegin(range, now)]
  const since = (name: 'counted_since' | 'sampled_since'): number | undefined =>
    sql.get<{ value: number }>('SELECT value FROM settings WHERE name = ?', name)?.value
  return buildStatistics(range, {
    ...{
      now,
      since: since('counted_since'),
      sampledSince: since('sampled_since'),
      backlogs: queueBacklogs(counts),
    },
    samples: readSamples(sql, periodMs, from, to),
    cells: range === '24h' ? hourCells(sql, from, now) : cells(sql, minuteRows, from, now),
  })
}

interface CellRow {
  readonly at: number
  readonly queue: string
  readonly job: string
  readonly body: string
}

const minuteRows =
  'SELECT minute AS at, queue, job, body FROM throughput WHERE minute BETWEEN ? AND ? ORDER BY minute DESC'
const hourRows =
  'SELECT hour AS at, queue, job, body FROM hours WHERE hour BETWEEN ? AND ? ORDER BY hour DESC'
/** Minutes that are in no hour yet. */
const unrolledRows = `SELECT minute AS at, queue, job, body FROM throughput
  WHERE minute BETWEEN ? AND ? AND json_extract(body, '$.inHour') IS NULL ORDER BY minute DESC`

function hourCells(sql: Sql, from: number, to: number): StatisticsCell[] {
  const minutes = cells(sql, unrolledRows, Math.max(from, lastRolled(sql).minute), to)
  return [
    ...minutes.map((cell) => ({ ...cell, at: periodBegin('24h', cell.at) })),
    ...cells(sql, hourRows, from, to),
  ]
}

function cells(sql: Sql, rows: string, from: number, to: number): StatisticsCell[] {
  return sql
    .all<CellRow>(`${rows} LIMIT ${maxStatisticsCells + 1}`, from, to)
    .map(({ body, ...cell }) => ({ ...cell, ...countsOf(body) }))
}
