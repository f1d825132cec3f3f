/*
 * Which group a failure belongs to. Rules of how a mark is made are version 1: a fingerprint begins with `f1:`, so that
 * groups of other rules never mix with these.
 */

/** What a worker stores with a failure: the group that it belongs to. */
export interface FailureMark {
  /** `f1:` and a digest of job, step, name, code and text; or `f1:poisoned:JOB`, `f1:timeout:JOB`. */
  readonly fingerprint: string
  /** Step path without keys and counters; '' outside of steps. */
  readonly step: string
  readonly name: string
  /** `code` or `status` of the error, as text. */
  readonly code?: string
  /** First line of the message without what differs from case to case. */
  readonly text: string
  /** Version of the job's code that failed. */
  readonly version: number
}

/** Of a poisoned run's error, whose message tells of this run only. The scripts of the Redis store make the same mark. */
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

/** Whether `text` can be the begin of a digest: it stands for no whole fingerprint then. */
export function beginsDigest(text: string): boolean {
  return /^f\d+:[0-9a-f]{0,11}$/.test(text)
}

const timedOutFailure = {
  fingerprint: 'f1:timeout:',
  name: 'RunTimeoutError',
  code: 'RUN_TIMEOUT',
  text: 'the run did not end within its timeout',
} as const

/** The one mark that all runs of a job have that fail as poisoned, or for the job's timeout. */
export function fixedMark(failsAs: 'poisoned' | 'timed out', job: string, version: number): FailureMark {
  const { fingerprint, ...rest } = failsAs === 'poisoned' ? poisonedFailure : timedOutFailure
  return { fingerprint: fingerprint + job, step: '', ...rest, version }
}
