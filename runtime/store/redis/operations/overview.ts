import { parseEventQuery } from '../../event-page.ts'
import {
  type HeldRun,
  type Overview,
  type OverviewCut,
  type OverviewEvents,
  type OverviewQuery,
  overviewBounds,
  overviewEvents,
} from '../../overview.ts'
import { checkRange } from '../../read-limits.ts'
import { lateFromMs, notableMs } from '../../schedules.ts'
import { versionOf } from '../../stored-version.ts'
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

/** Makes one round trip. @throws InvalidOptionsError for an unknown range. */
export async function readOverview(calls: ScriptCalls, { range }: OverviewQuery): Promise<Overview> {
  checkRange(range)
  const bounds = overviewBounds
  const reply = await calls.run('overview', [
    ...[bounds.counts, bounds.readyClasses, bounds.firstsInLine, bounds.workers, bounds.leaders],
    ...[bounds.limiters, bounds.scannedLimiterKeys],
    ...[bounds.schedules, bounds.scannedSchedules, bounds.scheduleBytes],
    ...[bounds.longestHeld, bounds.scannedHeld, bounds.failures, bounds.operations],
    ...[lateFromMs, notableMs],
    ...statisticsArguments(range, bounds.statisticsCells),
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
    packedStatistics,
    cut,
  ] = reply as Parts
  const allCounts = decodeRunCounts(packedCounts)
  const counts = allCounts.slice(0, bounds.counts)
  const statistics = decodeStatistics(packedStatistics, range, counts, bounds.statisticsCells)
  const cuts = new Set(cut.map(String) as OverviewCut[])
  if (allCounts.length > counts.length) for (const name of ['counts', 'queues'] as const) cuts.add(name)
  if (statistics.cut) cuts.add('statistics')
  return {
    now: statistics.now,
    ...eventsOf(calls, operations),
    counts,
    queues: decodeQueues(calls, queues, counts),
    workers: decodeWorkers(calls, workers),
    leaders: decodeLeaders(calls, leaders).leaders,
    limiters: decodeLimiters(calls, limiters),
    schedules: decodeSchedules(schedules),
    failures: decodeFailures(calls, failures),
    mutes: decodeMutes(calls, mutes),
    statistics,
    longestHeld: decodeHeld(held),
    cut: [...cuts],
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
      ...{ run: String(run), job: String(job), queue: String(queue), version: versionOf(version), heldMs },
      worker: worker.length === 0 ? 'unknown' : String(worker),
    }))
    .sort((a, b) => b.heldMs - a.heldMs || (a.run < b.run ? -1 : 1))
}

function eventsOf(calls: ScriptCalls, reply: Reply): OverviewEvents {
  const query = parseEventQuery({ log: 'operations', limit: overviewBounds.operations })
  return overviewEvents(decodeEvents(calls, reply, query))
}
