import { parseEventQuery } from '../../event-page.ts'
import type { OperationEvent } from '../../events.ts'
import {
  type HeldRun,
  type Overview,
  type OverviewCut,
  type OverviewQuery,
  overviewBounds,
} from '../../overview.ts'
import { checkRange } from '../../read-limits.ts'
import { lateFromMs, notableMs } from '../../schedules.ts'
import type { Reply } from '../redis-link.ts'
import type { ScriptCalls } from '../script-calls.ts'
import { decodeEvents } from './events.ts'
import { decodeFailures } from './failures.ts'
import { decodeQueues, decodeWorkers } from './inspect.ts'
import { decodeLimiters } from './limiters.ts'
import { decodeMutes } from './mutes.ts'
import { decodeRunCounts } from './run-counts.ts'
import { decodeSchedules } from './schedules.ts'
import { decodeStatistics, statisticsArguments } from './statistics.ts'
import { decodeLeaders } from './terms.ts'

/** So many first runs in line are looked at for the oldest ready run of each queue. */
const mostHeads = 300

/** One round trip. @throws InvalidOptionsError for a range that is none. */
export async function readOverview(calls: ScriptCalls, { range }: OverviewQuery): Promise<Overview> {
  checkRange(range)
  const bounds = overviewBounds
  const reply = await calls.run('overview', [
    ...[bounds.counts, mostHeads, bounds.workers, bounds.leaders],
    ...[bounds.limiters, bounds.scannedLimiterKeys],
    ...[bounds.schedules, bounds.scannedSchedules, bounds.scheduleBytes],
    ...[bounds.longestHeld, bounds.scannedHeld, bounds.failures, bounds.operations],
    ...[lateFromMs, notableMs],
    ...statisticsArguments(range),
  ])
  const [
    packedCounts,
    queues,
    workers,
    leaders,
    limiters,
    schedules,
    held,
    failures,
    operations,
    mutes,
    packed,
    cut,
  ] = reply as Parts
  const counts = decodeRunCounts(packedCounts)
  const statistics = decodeStatistics(packed, range, counts)
  const cuts = [...(cut.map(String) as OverviewCut[]), ...(statistics.cut ? (['statistics'] as const) : [])]
  return {
    now: statistics.now,
    counts,
    queues: decodeQueues(calls, queues, counts),
    workers: decodeWorkers(calls, workers),
    leaders: decodeLeaders(calls, leaders).leaders,
    limiters: decodeLimiters(calls, limiters),
    schedules: decodeSchedules(schedules),
    failures: decodeFailures(calls, failures),
    operations: decodeOperations(calls, operations),
    mutes: decodeMutes(calls, mutes),
    statistics,
    longestHeld: decodeHeld(held),
    cut: cuts,
  }
}

/** As scripts/overview.lua returns them. */
type Parts = readonly [
  counts: Reply,
  queues: Reply,
  workers: Reply,
  leaders: Reply,
  limiters: Reply,
  schedules: Reply,
  held: readonly HeldReply[],
  failures: Reply,
  operations: Reply,
  mutes: Reply,
  statistics: Reply,
  cut: readonly Buffer[],
]

type HeldReply = readonly [
  run: Buffer,
  job: Buffer,
  queue: Buffer,
  version: number,
  worker: Buffer,
  heldMs: number,
]

function decodeHeld(reply: readonly HeldReply[]): HeldRun[] {
  return reply
    .map(([run, job, queue, version, worker, heldMs]) => ({
      ...{ run: String(run), job: String(job), queue: String(queue), version, heldMs },
      worker: worker.length === 0 ? 'unknown' : String(worker),
    }))
    .sort((a, b) => b.heldMs - a.heldMs || (a.run < b.run ? -1 : 1))
}

function decodeOperations(calls: ScriptCalls, reply: Reply): OperationEvent[] {
  const query = parseEventQuery({ log: 'operations', limit: overviewBounds.operations })
  return decodeEvents(calls, reply, query).events.filter((event) => event.kind === 'operation')
}
