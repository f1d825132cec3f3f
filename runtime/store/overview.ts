import type { OperationEvent } from './events.ts'
import type { FailureGroup } from './failures.ts'
import type { LimiterInfo } from './limiters.ts'
import type { Mute } from './mutes.ts'
import type { RunCount } from './run-filter.ts'
import type { ScheduleInfo } from './schedules.ts' // the name of the read model of a schedule: adapt
import type { Statistics, StatisticsRange } from './statistics.ts'
import type { QueueInfo, WorkerInfo } from './store.ts'
import type { LeaderInfo } from './terms.ts'

/** All that a home screen and the findings need, read in one round trip: a snapshot. */
export interface Overview {
  /** Store time, and the epoch of the store. */
  readonly now: number
  readonly epoch: string
  readonly counts: readonly RunCount[]
  readonly queues: readonly QueueInfo[]
  readonly workers: readonly WorkerInfo[]
  readonly leaders: readonly LeaderInfo[]
  /** Limiters that are closed or have waiters, at most 100. */
  readonly limiters: readonly LimiterInfo[]
  /** Schedules that are paused, late or missed a tick in the last hour, at most 100. */
  readonly schedules: readonly ScheduleInfo[]
  /** Latest 20. */
  readonly failures: readonly FailureGroup[]
  /** Newest 100 operations, oldest first. */
  readonly operations: readonly OperationEvent[]
  readonly statistics: Statistics
  readonly mutes: readonly Mute[]
  /** Runs held for the longest time, at most 50. */
  readonly longestHeld: readonly {
    readonly run: string
    readonly job: string
    readonly queue: string
    readonly version: number
    readonly worker: string
    readonly heldMs: number
  }[]
  /** Bounds that were reached, by name: what is shown is a part. */
  readonly cut: readonly string[]
}
export interface OverviewQuery {
  readonly range: StatisticsRange
}
