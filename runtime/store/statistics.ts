import type { DurationHistogram } from './duration-histogram.ts'

export type StatisticsRange = '5m' | '1h' | '24h'

/** How a range is divided: `periods` minutes or hours, including the current one. */
export const statisticsRanges: Readonly<
  Record<StatisticsRange, { readonly periodMs: number; readonly periods: number }>
> = {
  '5m': { periodMs: 60_000, periods: 5 },
  '1h': { periodMs: 60_000, periods: 60 },
  '24h': { periodMs: 3_600_000, periods: 24 },
}

/** One job in one queue over a range. */
export interface JobStatistics {
  readonly queue: string
  readonly job: string
  readonly started: number
  readonly completed: number
  readonly failed: number
  readonly cancelled: number
  readonly expired: number
  readonly enqueued: number
  /** From ready to claimed. */
  readonly wait: DurationHistogram
  /** From claimed to the end of the execution, except for executions that were told to stop. */
  readonly run: DurationHistogram
  /**
   * From enqueue to any end of the run, a delay included. A retry of an ended run counts as its enqueue: the time for
   * which it was ended is no latency.
   */
  readonly total: DurationHistogram
  /**
   * Of the range '1h': the minutes in which runs ended, of its last 5 (including the current one), oldest first; left
   * out if none ended.
   */
  readonly recent?: readonly RecentEnds[]
}

/** How many runs of a job ended in the minute from `at` on, and how many of them failed. */
export interface RecentEnds {
  readonly at: number
  readonly ended: number
  readonly failed: number
}

/**
 * The counts of each minute (5m, 1h) or hour (24h), oldest first, over all queues and jobs; periods without events have
 * zeros.
 */
export interface StatisticsPoint {
  readonly at: number
  readonly enqueued: number
  readonly started: number
  readonly completed: number
  readonly failed: number
  /** Live runs (scheduled left out) when the period began; left out while it is not known. */
  readonly backlog?: number
}

/** Of a queue: live runs (scheduled left out) now, and when the range's first known period began. */
export interface BacklogStatistics {
  readonly queue: string
  readonly now: number
  readonly before?: number
  readonly beforeAt?: number
  /** Of the range '1h': the same when the minutes 10 and 5 before this one began; left out while that isn't known. */
  readonly recent?: readonly { readonly at: number; readonly count: number }[]
}

export interface Statistics {
  readonly range: StatisticsRange
  /** Time of the read. */
  readonly now: number
  /** How much of the range the store has counted: a young store has less, and so has a `cut` read. */
  readonly coveredMs: number
  /** Set when so many jobs were busy that the oldest periods were left out. */
  readonly cut?: true
  /** By queue and job. */
  readonly jobs: readonly JobStatistics[]
  readonly points: readonly StatisticsPoint[]
  /** By queue. */
  readonly backlogs: readonly BacklogStatistics[]
}

/** The earlier minutes for which a read of the range '1h' has each queue's backlog. */
export const recentMinutes = [10, 5] as const

/** The minutes for which a read of the range '1h' has each job's ends. */
export const recentEndsMinutes = 5

/** How long cells of hours are kept; those of minutes: `throughputMinutes`. */
export const retainedHours = 48

/** How many cells one read uses; older periods are left out beyond that. */
export const maxStatisticsCells = 2_000

/** How many queues a backlog sample lists one by one, those with the largest backlogs. */
export const maxSampledQueues = 200

/** A store with more counters (queue, job, state) takes no samples: one would block it for too long. */
export const maxSampledCounters = 10_000
