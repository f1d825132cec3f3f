import type { JobLimit } from '../../../runtime/model/limit-use.ts'
import type { RetryOptions } from '../../../runtime/model/retry-policy.ts'
import type { ScheduleOptions } from '../../../runtime/model/schedule-options.ts'
import type { UniqueOptions } from '../../../runtime/model/unique.ts'
import type { Dice } from '../dice.ts'

/*
 * A job of the demo's shop, as data. The past is acted from it (past/acted-run.ts), and the functions of live workers
 * are made of it (shop-jobs.ts), so that a run which began in the past continues in a live worker.
 */

/** Inputs and results of the shop. */
export type Facts = Readonly<Record<string, unknown>>

/** Durations in ms. */
type Span = readonly [least: number, most: number]

/** A stretch of time in which a trouble is more frequent, in minutes before the demo began. */
interface Burst {
  readonly from: number
  readonly until: number
  readonly chance: number
}

/** Why a step throws now and then. */
export interface Trouble {
  /** Of an attempt. */
  readonly chance: number
  readonly bursts?: readonly Burst[]
  /** The first release with this fault. */
  readonly since?: number
  /** Left out: it may hit every input. */
  readonly hits?: (input: Facts) => boolean
  readonly error: (dice: Dice) => Error
}

/** Releases that have a part: all by default. */
interface Releases {
  readonly from?: number
  readonly until?: number
}

export interface Work extends Releases {
  readonly does: 'run'
  readonly name: string
  readonly ms: Span
  /** At most once: nothing that looks up its effect after a crash. */
  readonly once?: true
  readonly retry?: RetryOptions
  readonly troubles?: readonly Trouble[]
  readonly result: (input: Facts, dice: Dice) => unknown
}

export interface Pause extends Releases {
  readonly does: 'sleep'
  readonly name: string
  readonly ms: Span
}

export type Part = Work | Pause

export interface Plot {
  readonly name: string
  readonly queue: string
  /** Of a job that stays as it is from release to release. Left out: the release. */
  readonly version?: number
  readonly priority?: number
  readonly parts: readonly Part[]
  readonly limits?: readonly JobLimit<Facts>[]
  readonly unique?: UniqueOptions<Facts>
  /** Minutes past the hour are the demo's choice: `marks` tells which. */
  readonly schedule?: (marks: Marks) => ScheduleOptions<Facts>
}

/** The fixed facts of the story about the shop's code. */
export interface Marks {
  /** Minute past the hour at which the hourly report is due: it was missed shortly before the demo began. */
  readonly reportMinute: number
}

export function partsOf(plot: Plot, release: number): readonly Part[] {
  return plot.parts.filter(
    ({ from = 0, until = Number.POSITIVE_INFINITY }) => from <= release && release <= until,
  )
}
