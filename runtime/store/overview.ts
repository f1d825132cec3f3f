import type { EventPage, OperationEvent } from './events.ts'
import type { FailureGroup } from './failures.ts'
import type { LimiterInfo } from './limiters.ts'
import type { Mute } from './mutes.ts'
import type { QueueInfo } from './queue-info.ts'
import type { RunCount } from './run-filter.ts'
import type { ScheduleInfo } from './schedules.ts'
import type { Statistics, StatisticsRange } from './statistics.ts'
import type { LeaderInfo } from './terms.ts'
import type { WorkerInfo } from './worker-info.ts'

/**
 * How much one overview takes in, however many runs there are: an ordinary store is held for less than a millisecond.
 * `scanned…`: among so many the parts that are named after them are looked for.
 */
export const overviewBounds = {
  counts: 1_000,
  readyClasses: 400,
  firstsInLine: 150,
  workers: 200,
  leaders: 100,
  limiters: 100,
  scannedLimiterKeys: 300,
  countedWaiters: 20_000,
  schedules: 100,
  scannedSchedules: 300,
  scheduleBytes: 131_072,
  longestHeld: 50,
  scannedHeld: 300,
  failures: 20,
  operations: 100,
  statisticsCells: 1_000,
} as const

/** A part of an overview. Lists of the newest or longest are one only if they may lack one of those. */
export type OverviewCut =
  | 'counts'
  | 'queues'
  | 'workers'
  | 'leaders'
  | 'limiters'
  | 'schedules'
  | 'statistics'
  | 'longestHeld'

/** A limiter that has waiters or is closed. */
export interface BusyLimiter extends LimiterInfo {
  /** For how long one of its keys is closed by a RateLimitedError, the longest of them. */
  readonly closedMs?: number
}

/** A run in a slot. */
export interface HeldRun {
  readonly run: string
  readonly job: string
  readonly queue: string
  readonly version: number
  /** Name of the worker; 'unknown' when its record is gone. */
  readonly worker: string
  /** Since its claim. */
  readonly heldMs: number
}

/** All that a home screen and the findings need, read in one round trip: a snapshot. */
export interface Overview {
  readonly now: number
  /** Of the store: another one than before means that its events begin anew. */
  readonly epoch: string
  /** To read events on from: what happened after this snapshot. */
  readonly cursor: string
  readonly counts: readonly RunCount[]
  readonly queues: readonly QueueInfo[]
  readonly workers: readonly WorkerInfo[]
  readonly leaders: readonly LeaderInfo[]
  readonly limiters: readonly BusyLimiter[]
  /** Schedules that are paused, overdue by a second, or of whose last ticks one was missed or late within the last hour. */
  readonly schedules: readonly ScheduleInfo[]
  /** The groups of failures that were seen last, the latest first. */
  readonly failures: readonly FailureGroup[]
  /** The newest operations, oldest first. */
  readonly operations: readonly OperationEvent[]
  readonly mutes: readonly Mute[]
  readonly statistics: Statistics
  /** The runs held for the longest time, the longest first. */
  readonly longestHeld: readonly HeldRun[]
  /** Parts that lack something: there was more than the bounds take in. */
  readonly cut: readonly OverviewCut[]
}

export interface OverviewQuery {
  readonly range: StatisticsRange
}

export interface OverviewInspector {
  /**
   * Rates, latencies and backlogs of the last 5 minutes, hour or 24 hours, by queue and job. The running minute (24h: hour)
   * is included, so a range covers up to one period less than its name; `coveredMs` says how much.
   * @throws InvalidOptionsError for another range.
   */
  statistics(range: StatisticsRange): Promise<Statistics>
  /**
   * What goes on in the store, in one round trip of bounded cost (`overviewBounds`); ask at most once a second.
   * @throws InvalidOptionsError for another range.
   */
  overview(query: OverviewQuery): Promise<Overview>
}

export type OverviewEvents = Pick<Overview, 'epoch' | 'cursor' | 'operations'>

/** What an overview tells of a page of the newest operations. */
export function overviewEvents({ events, cursor }: EventPage): OverviewEvents {
  const operations = events.filter((event) => event.kind === 'operation')
  return { epoch: cursor.slice(0, cursor.lastIndexOf('-')), cursor, operations }
}
