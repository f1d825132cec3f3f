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
 * The bounds of one overview, for any number of runs: an ordinary store is blocked for less than a millisecond.
 * `scanned…`: how many records are scanned for the parts named after them.
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

/** A part of an overview. Lists of the newest or longest count only if they may lack one of those. */
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
  /** How long a RateLimitedError keeps one of its keys closed, the longest of them. */
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

/** The data of a home screen and of the findings, read in one round trip: a snapshot. */
export interface Overview {
  readonly now: number
  /** Of the store: if it differs from the previous one, the store's events start over. */
  readonly epoch: string
  /** To read later events from. */
  readonly cursor: string
  readonly counts: readonly RunCount[]
  readonly queues: readonly QueueInfo[]
  readonly workers: readonly WorkerInfo[]
  readonly leaders: readonly LeaderInfo[]
  readonly limiters: readonly BusyLimiter[]
  /** Schedules that are paused, overdue by a second, or that missed a tick or fired late within the last hour. */
  readonly schedules: readonly ScheduleInfo[]
  /** The groups of failures that were seen last, the latest first. */
  readonly failures: readonly FailureGroup[]
  /** The newest operations, oldest first. */
  readonly operations: readonly OperationEvent[]
  readonly mutes: readonly Mute[]
  readonly statistics: Statistics
  /** The runs held for the longest time, the longest first. */
  readonly longestHeld: readonly HeldRun[]
  /** Parts that are incomplete, because there was more than the bounds allow. */
  readonly cut: readonly OverviewCut[]
}

export interface OverviewQuery {
  readonly range: StatisticsRange
}

export interface OverviewInspector {
  /**
   * Returns rates, latencies and backlogs of the last 5 minutes, hour or 24 hours, by queue and job. The current minute
   * (24h: hour) is included, so a range covers up to one period less than its name; `coveredMs` says how much.
   * @throws InvalidOptionsError for another range.
   */
  statistics(range: StatisticsRange): Promise<Statistics>
  /**
   * Returns the current state of the store, in one round trip of bounded cost (`overviewBounds`); call it at most once
   * a second.
   * @throws InvalidOptionsError for another range.
   */
  overview(query: OverviewQuery): Promise<Overview>
}

export type OverviewEvents = Pick<Overview, 'epoch' | 'cursor' | 'operations'>

/** Returns the operations of an overview from a page of the newest ones. */
export function overviewEvents({ events, cursor }: EventPage): OverviewEvents {
  const operations = events.filter((event) => event.kind === 'operation')
  return { epoch: cursor.slice(0, cursor.lastIndexOf('-')), cursor, operations }
}
