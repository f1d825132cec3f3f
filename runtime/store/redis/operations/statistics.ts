import { type BacklogSample, buildStatistics, periodBegin, type StatisticsCell } from '../../build-statistics.ts'
import { checkRange } from '../../read-limits.ts'
import { maxStatisticsCells, type Statistics, type StatisticsRange, statisticsRanges } from '../../statistics.ts'
import type { DurationHistogram, ThroughputCell } from '../../store.ts'
import type { Argument, Reply } from '../redis-link.ts'
import { plain } from '../run-record.ts'
import type { ScriptCalls } from '../script-calls.ts'

const minuteMs = 60_000

/** @throws InvalidOptionsError for a range that is none. */
export async function readStatistics(calls: ScriptCalls, range: StatisticsRange): Promise<Statistics> {
  checkRange(range)
  return decodeStatistics(await calls.run('read-statistics', statisticsArguments(range)), range)
}

/** What scripts/read-statistics.lua takes for a range. */
export function statisticsArguments(range: StatisticsRange): Argument[] {
  return [range === '24h' ? 'h' : 'm', statisticsRanges[range].periods, maxStatisticsCells]
}

export function decodeStatistics(reply: Reply, range: StatisticsRange): Statistics {
  const [wall, since, cells, unrolled, samples, backlogs] = reply as [
    Buffer,
    Buffer,
    CellReply,
    CellReply,
    Buffer[],
    Buffer[],
  ]
  const { periodMs } = statisticsRanges[range]
  return buildStatistics(range, {
    now: Number(wall),
    since: since.length === 0 ? undefined : Number(since) * minuteMs,
    cells: [...cellsOf(unrolled, minuteMs, range), ...cellsOf(cells, periodMs, range)],
    samples: pairs(samples).map(([period, sample]) => decodeSample(Number(period) * periodMs, sample)),
    backlogs: new Map(pairs(backlogs).map(([queue, n]) => [String(queue), Number(n)])),
  })
}

/** Fields and cells in turn, about a thousand at a time. */
type CellReply = readonly (readonly (Buffer | null)[])[]

function cellsOf(reply: CellReply, unitMs: number, range: StatisticsRange): StatisticsCell[] {
  return reply.flatMap((fields, i) => {
    if (i % 2 !== 0) return []
    return fields.flatMap((field, j) => {
      const packed = reply[i + 1]?.[j]
      if (!packed) return []
      const [period, queue = '', job = ''] = String(field).split('\0')
      const at = periodBegin(range, Number(period) * unitMs)
      return [{ at, queue, job, ...decodeCell(packed) }]
    })
  })
}

interface PackedCell {
  readonly counts: ThroughputCell['counts']
  readonly wait: readonly number[]
  readonly run: readonly number[]
  /** Missing in cells of earlier versions. */
  readonly total?: readonly number[]
}

/** A cell as `writeCells` of scripts/prelude.lua stores it. */
export function decodeCell(packed: Buffer): Pick<ThroughputCell, 'counts' | 'wait' | 'run' | 'total'> {
  const { counts, wait, run, total = [] } = plain.unpack(packed) as PackedCell
  return { counts, wait: histogram(wait), run: histogram(run), total: histogram(total) }
}

function histogram([sumMs = 0, ...buckets]: readonly number[]): DurationHistogram {
  return { sumMs, buckets }
}

/** Total and whether all queues are there, then queue -> backlog, which the reader leaves out of some samples. */
function decodeSample(at: number, sample: Buffer): BacklogSample {
  const decode = (): ReadonlyMap<string, number> =>
    new Map(Object.entries(plain.unpack(sample.subarray(7)) as Record<string, number>))
  return { at, total: sample.readUIntBE(0, 6), complete: sample[6] === 1, byQueue: decode }
}

function pairs(flat: readonly Buffer[]): [Buffer, Buffer][] {
  return flat.flatMap((first, i) => {
    const second = flat[i + 1]
    return i % 2 === 0 && second !== undefined ? [[first, second] as [Buffer, Buffer]] : []
  })
}
