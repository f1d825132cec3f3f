import type { FailureMark } from '../model/failure-mark.ts'
import type { RunId } from '../model/run-id.ts'

/*
 * Failures in groups, by fingerprint (model/failure-mark.ts).
 * F1  A group is updated in the transition that stores the failure, so a repeat counts nothing.
 * F2  A step's failed attempt is a try. A run's failed attempt is one too, unless a step's failure escaped from it:
 * that is in the step's group already.
 * F3  An index of runs says which runs are failed now, not the groups: it is exact even for a group that was dropped
 * and came again.
 */

/** How many groups a namespace keeps: the least recently seen one is dropped first. */
export const maxFailureGroups = 1_000

/** The number of minutes for which a group has its tries. */
export const failureMinutes = 60

/** The number of versions that a group keeps. */
export const maxFailureVersions = 5

/** Failures with one fingerprint. */
export interface FailureGroup extends Omit<FailureMark, 'version'> {
  readonly job: string
  /** Failed attempts of steps and runs. */
  readonly tries: number
  /** How often a run ended as failed, those included that were retried since. */
  readonly runs: number
  /** Runs that are failed now, which a retry of the group would retry. Exact. */
  readonly failedNow: number
  readonly firstAt: number
  readonly lastAt: number
  /** Versions of the job's code it was seen with, newest first, at most 5. */
  readonly versions: readonly number[]
  /** The run that failed last, for good or in a try. */
  readonly sample: RunId
  /** Tries of each of the last 60 minutes, oldest first; the last one is the current minute. */
  readonly perMinute: readonly number[]
}

export interface FailureFilter {
  readonly job?: string
  /** A fingerprint, or the begin of one: all groups that begin so, the one with just this fingerprint first. */
  readonly fingerprint?: string
  /** Seen at this time or later; ms since the epoch. */
  readonly since?: number
  /** Seen last, tried most, or first seen last. Default: latest. */
  readonly order?: FailureOrder
  /** 1 to 1,000. */
  readonly limit: number
}

export const failureOrders = ['latest', 'most', 'newest'] as const
export type FailureOrder = (typeof failureOrders)[number]

export interface FailureInspector {
  /** Groups of failures. A store keeps 1,000. @throws InvalidOptionsError */
  failures(filter: FailureFilter): Promise<readonly FailureGroup[]>
}
