import {
  type BacklogSample,
  buildStatistics,
  periodBegin,
  type StatisticsCell,
} from '../../build-statistics.ts'
import type { DurationHistogram } from '../../duration-histogram.ts'
import { queueBacklogs } from '../../queue-counts.ts'
import { checkRange } from '../../read-limits.ts'
import type { RunCount } from '../../run-filter.ts'
import {
  maxStatisticsCells,
  recentMinutes,
  retainedHours,
  type Statistics,
  type StatisticsRange,
  statisticsRanges,
} from '../../statistics.ts'
import { type ThroughputCell, throughputMinutes } from '../../store.ts'
import { chunks } from '../chunks.ts'
import type { Argument, Reply } from '../redis-link.ts'
import { plain } from '../run-record.ts'
import type { ScriptCalls } from '../script-calls.ts'
import { decodeRunCounts } from './run-counts.ts'

const minuteMs = 60_000

/** @throws InvalidOptionsError for an unknown range. */
export async function readStatistics(calls: ScriptCalls, range: StatisticsRange): Promise<Statistics> {
  checkRange(range)
  const reply = (await calls.run('read-statistics', statisticsArguments(range))) as Reply[]
  return decodeStatistics(reply, range, decodeRunCounts(reply[6] ?? null))
}

/** What scripts/read-statistics.lua takes for a range. */
export function statisticsArguments(
  range: StatisticsRange,
  maxCells: number = maxStatisticsCells,
): Argument[] {
  const kept = range === '24h' ? ['h', retainedHours] : ['m', throughputMinutes]
  const [unit = '', slots = 0] = kept
  const recent = range === '1h' ? recentMinutes : []
  return [unit, statisticsRanges[range].periods, slots, maxCells, ...recent]
}

export function decodeStatistics(
  reply: Reply,
  range: StatisticsRange,
  counts: readonly RunCount[],
  maxCells: number = maxStatisticsCells,
): Statistics {
  const [wall, counted, sampled, cells, unrolled, samples] = reply as [
    Buffer,
    Buffer,
    Buffer,
    CellReply,
    CellReply,
    Buffer[],
  ]
  const { periodMs } = statisticsRanges[range]
  return buildStatistics(range, {
    maxCells,
    now: Number(wall),
    since: minuteIn(counted),
    sampledSince: minuteIn(sampled),
    cells: [...cellsOf(unrolled, minuteMs, range), ...cellsOf(cells, periodMs, range)],
    samples: samples.map((sample) => decodeSample(sample, periodMs)),
    backlogs: queueBacklogs(counts),
  })
}

/** Fields and cells in turn, about a thousand at a time. */
type CellReply = readonly CellPart[]
type CellPart = readonly (Buffer | null)[]

function cellsOf(reply: CellReply, unitMs: number, range: StatisticsRange): StatisticsCell[] {
  return chunks<[fields: CellPart, cells: CellPart]>(reply, 2).flatMap(([fields, cells]) =>
    fields.flatMap((field, i) => {
      const packed = cells[i]
      const cell = packed ? (plain.unpack(packed) as PackedCell) : undefined
      // A minute that is in its hour is read with that.
      if (cell === undefined || (range === '24h' && cell.inHour)) return []
      const [period = '', queue = '', job = ''] = String(field).split('\0')
      const at = periodBegin(range, Number(period.replace('h', '')) * unitMs)
      return [{ at, queue, job, ...histogramsOf(cell) }]
    }),
  )
}

interface PackedCell {
  readonly counts: ThroughputCell['counts']
  readonly wait: readonly number[]
  readonly run: readonly number[]
  /** Sum, how many first buckets are left out since they are 0, the others. Missing in cells of earlier versions, and before the first end. */
  readonly total?: readonly number[]
  readonly inHour?: true
}

/** A cell as `writeCells` of scripts/prelude.lua stores it. */
export function decodeCell(packed: Buffer): Pick<ThroughputCell, 'counts' | 'wait' | 'run' | 'total'> {
  return histogramsOf(plain.unpack(packed) as PackedCell)
}

function histogramsOf({ counts, wait, run, total = [] }: PackedCell): ReturnType<typeof decodeCell> {
  const [sumMs = 0, zeros = 0, ...buckets] = total
  const totals = { sumMs, buckets: [...Array<number>(zeros).fill(0), ...buckets] }
  return { counts, wait: histogram(wait), run: histogram(run), total: totals }
}

function histogram([sumMs = 0, ...buckets]: readonly number[]): DurationHistogram {
  return { sumMs, buckets }
}

/** Period, total, whether all queues are there, then queue -> backlog, which the reader leaves out of some samples. */
function decodeSample(sample: Buffer, periodMs: number): BacklogSample {
  const byQueue = (): ReadonlyMap<string, number> =>
    new Map(Object.entries(plain.unpack(sample.subarray(13)) as Record<string, number>))
  const [at, total] = [sample.readUIntBE(0, 6) * periodMs, sample.readUIntBE(6, 6)]
  return { at, total, complete: sample[12] === 1, byQueue }
}

function minuteIn(text: Buffer): number | undefined {
  return text.length === 0 ? undefined : Number(text) * minuteMs
}
