/*
 * The group that a failure belongs to. The rules for a mark have version 1: a fingerprint begins with `f1:`, so that
 * groups of other rules never mix with these.
 */

/** The group that a worker stores with a failure. */
export interface FailureMark {
  /** `f1:` and a digest of job, step, name, code and text; or `f1:poisoned:JOB`, `f1:timeout:JOB`. */
  readonly fingerprint: string
  /** Step path without keys and counters; '' outside of steps. */
  readonly step: string
  readonly name: string
  /** `code` or `status` of the error, as text. */
  readonly code?: string
  /** First line of the message without the parts that differ from case to case. */
  readonly text: string
  /** Version of the job's code that failed. */
  readonly version: number
}

/**
 * Marks a poisoned run's error, whose message is about this run only. The scripts of the Redis store make the same
 * mark.
 */
export const poisonedFailure = {
  fingerprint: 'f1:poisoned:',
  name: 'RunPoisonedError',
  code: 'RUN_POISONED',
  text: 'its workers were lost again and again without a new step in between',
} as const

/** Whether a fingerprint is a digest; fixed ones end with the name of a job. */
export function isDigest(fingerprint: string): boolean {
  return /^f\d+:[0-9a-f]{12}$/.test(fingerprint)
}

/** Returns whether `text` can be the begin of a digest: it isn't a whole fingerprint then. */
export function beginsDigest(text: string): boolean {
  return /^f\d+:[0-9a-f]{0,11}$/.test(text)
}

const timedOutFailure = {
  fingerprint: 'f1:timeout:',
  name: 'RunTimeoutError',
  code: 'RUN_TIMEOUT',
  text: 'the run did not end within its timeout',
} as const

/** The one mark of all runs of a job that fail as poisoned, or by the job's timeout. */
export function fixedMark(failsAs: 'poisoned' | 'timed out', job: string, version: number): FailureMark {
  const { fingerprint, ...rest } = failsAs === 'poisoned' ? poisonedFailure : timedOutFailure
  return { fingerprint: fingerprint + job, step: '', ...rest, version }
}
