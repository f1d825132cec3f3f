import type { Run } from '../../../runtime/model/run.ts'
import type { ReadyClass } from '../../../runtime/store/ready-classes.ts'
import type { Statistics } from '../../../runtime/store/statistics.ts'
import type { Inspector, ThroughputCell } from '../../../runtime/store/store.ts'
import type { ReadRequest } from '../screen.ts'

/** The data of Queues besides the overview. */
export interface QueuesData {
  /** Of '5m' or '24h'; that of '1h' is the overview's. */
  readonly statistics: Statistics
  /** By queue and begin of the minute, how many runs were started in the last hour; minutes without one are left out. */
  readonly started: ReadonlyMap<string, ReadonlyMap<number, number>>
  readonly classes: readonly ReadyClass[]
  /** Of the queue under the cursor. */
  readonly detail?: QueueDetail
}

interface QueueDetail {
  readonly queue: string
  /** Those that have waited for the longest, at most `maxWaiting`. */
  readonly waiting: readonly Run[]
  readonly isWhole: boolean
  /** The run that has been ready for the longest. */
  readonly oldest?: Run
}

const maxWaiting = 100
const minuteMs = 60_000
export const chartMinutes = 60

type Reads = Pick<Inspector, 'statistics' | 'throughput' | 'readyClasses' | 'runs'>

/** A cursor that has moved only means another queue to look into: the rest is not read for it. */
export async function loadQueues(
  inspector: Reads,
  { range, current }: Pick<ReadRequest, 'range' | 'current'>,
  before: QueuesData | undefined,
): Promise<QueuesData> {
  const moved = before !== undefined && current !== undefined && before.detail?.queue !== current
  const list = moved ? before : await loadList(inspector, range, before)
  const { detail: _, ...rest } = list
  return current === undefined ? rest : { ...rest, detail: await loadDetail(inspector, current) }
}

async function loadList(
  inspector: Reads,
  range: ReadRequest['range'],
  before: QueuesData | undefined,
): Promise<QueuesData> {
  const statistics = await inspector.statistics(range === '24h' ? range : '5m')
  const silentMs = before === undefined ? Number.POSITIVE_INFINITY : statistics.now - before.statistics.now
  // The minute that ran at the last read, and all since.
  const minutes = Math.min(chartMinutes, Math.ceil(Math.max(0, silentMs) / minuteMs) + 1)
  const [cells, classes] = await Promise.all([inspector.throughput(minutes), inspector.readyClasses()])
  return { statistics, classes, started: withCells(before?.started, cells, statistics.now) }
}

/** Puts read minutes in the place of those known before; minutes older than the chart go. */
export function withCells(
  known: QueuesData['started'] | undefined,
  cells: readonly Pick<ThroughputCell, 'minute' | 'queue' | 'counts'>[],
  now: number,
): QueuesData['started'] {
  const fresh = new Map<string, Map<number, number>>()
  for (const { minute, queue, counts } of cells) {
    const minutes = fresh.get(queue) ?? new Map<number, number>()
    fresh.set(queue, minutes.set(minute, (minutes.get(minute) ?? 0) + (counts.claim ?? 0)))
  }
  const from = now - (chartMinutes + 1) * minuteMs
  const queues = new Set([...(known?.keys() ?? []), ...fresh.keys()])
  return new Map(
    [...queues].map((queue) => {
      const both = [...(known?.get(queue) ?? []), ...(fresh.get(queue) ?? [])]
      return [queue, new Map(both.filter(([minute]) => minute > from))]
    }),
  )
}

async function loadDetail(inspector: Reads, queue: string): Promise<QueueDetail> {
  const [waiting, ready] = await Promise.all([
    inspector.runs({ queue, states: ['waiting'], order: 'longest', limit: maxWaiting }),
    inspector.runs({ queue, states: ['ready'], order: 'longest', limit: 1 }),
  ])
  const [oldest] = ready.runs
  return {
    ...{ queue, waiting: waiting.runs, isWhole: waiting.cursor === undefined },
    ...(oldest === undefined ? {} : { oldest }),
  }
}
