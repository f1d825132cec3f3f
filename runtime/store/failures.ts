import type { RunId } from '../model/run-id.ts'

/** What a worker stores with a failure: which group it belongs to. Made by execution/fingerprint.ts, read by both stores. */
export interface FailureMark {
  /** `f1:` and a digest of job, step, name, code and text. */
  readonly fingerprint: string
  /** Step path without keys and counters; '' outside of steps. */
  readonly step: string
  readonly name: string
  /** `code` or `status` of the error, as text. */
  readonly code?: string
  /** First line of the message, normalized. */
  readonly text: string
}

/** How many groups a namespace keeps: the one that was seen least recently goes first. */
export const maxFailureGroups = 1_000

export interface FailureGroup extends FailureMark {
  readonly job: string
  /** Failed attempts of steps and runs. */
  readonly tries: number
  /** Runs that failed for good. */
  readonly runs: number
  /** Runs that are failed now: what a retry of the group would retry. Exact. */
  readonly failedNow: number
  readonly firstAt: number
  readonly lastAt: number
  /** Job versions it was seen with, newest first, at most 5. */
  readonly versions: readonly number[]
  /** The run that failed last, for good or for a try. */
  readonly sample: RunId
  /** Tries of each of the last 60 minutes, oldest first. */
  readonly perMinute: readonly number[]
}

export interface FailureFilter {
  readonly job?: string
  readonly fingerprint?: string
  /** Seen at this time or later. */
  readonly since?: number
  /** Default: latest. */
  readonly order?: 'latest' | 'most' | 'newest'
  readonly limit: number
}
