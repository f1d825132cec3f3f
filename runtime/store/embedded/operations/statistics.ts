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
import { readSetting } from '../settings.ts'
import type { Moment } from '../store-clock.ts'

/** Data that a caller has read already, or needs in another size. */
interface Given {
  readonly counts?: readonly RunCount[]
  readonly maxCells?: number
}

/** @throws InvalidOptionsError for an unknown range. */
export function readStatistics(
  sql: Sql,
  { wall: now }: Moment,
  range: StatisticsRange,
  { counts = inspectRunCounts(sql), maxCells = maxStatisticsCells }: Given = {},
): Statistics {
  checkRange(range)
  const { periodMs } = statisticsRanges[range]
  const [from, to] = [rangeBegin(range, now), periodBegin(range, now)]
  const limit = maxCells + 1
  return buildStatistics(range, {
    ...{ now, maxCells, backlogs: queueBacklogs(counts) },
    ...{ since: readSetting(sql, 'counted_since'), sampledSince: readSetting(sql, 'sampled_since') },
    samples: readSamples(sql, periodMs, from, to),
    cells: range === '24h' ? hourCells(sql, from, now, limit) : cells(sql, minuteRows, [from, now, limit]),
  })
}

interface CellRow {
  readonly at: number
  readonly queue: string
  readonly job: string
  readonly body: string
}

const minuteRows =
  'SELECT minute AS at, queue, job, body FROM throughput WHERE minute BETWEEN ? AND ? ORDER BY minute DESC LIMIT +?'
const hourRows =
  'SELECT hour AS at, queue, job, body FROM hours WHERE hour BETWEEN ? AND ? ORDER BY hour DESC LIMIT +?'
/** Minutes that are in no hour yet. */
const unrolledRows = `SELECT minute AS at, queue, job, body FROM throughput
  WHERE minute BETWEEN ? AND ? AND json_extract(body, '$.inHour') IS NULL ORDER BY minute DESC LIMIT +?`

function hourCells(sql: Sql, from: number, to: number, limit: number): StatisticsCell[] {
  const minutes = cells(sql, unrolledRows, [Math.max(from, lastRolled(sql).minute), to, limit])
  return [
    ...minutes.map((cell) => ({ ...cell, at: periodBegin('24h', cell.at) })),
    ...cells(sql, hourRows, [from, to, limit]),
  ]
}

function cells(sql: Sql, rows: string, values: readonly number[]): StatisticsCell[] {
  return sql.all<CellRow>(rows, ...values).map(({ body, ...cell }) => ({ ...cell, ...countsOf(body) }))
}
