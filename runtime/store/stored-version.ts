import { maxVersion } from '../model/max-version.ts'

/*
 * The version of a run, as both stores keep it. For a run that needs scale-in protection `protectedFrom` is added to
 * its job's version; so the class of ready runs (queue, job, stored version) distinguishes such runs without a record
 * of its own. An earlier release reads it as a version newer than its code: its workers never take the run, in any
 * state (R21).
 */

/** Above every version of a job, and in 32 bits with it. */
export const protectedFrom: number = maxVersion + 1

export interface VersionedRun {
  readonly version: number
  /** Only a worker with scale-in protection takes it. Left out: any worker. */
  readonly protect?: true | undefined
}

/** Returns the version to store. */
export function storedVersion({ version, protect }: VersionedRun): number {
  return protect === true ? version + protectedFrom : version
}

export function needsProtection(stored: number): boolean {
  return stored >= protectedFrom
}

/** Returns the version of the job. */
export function versionOf(stored: number): number {
  return needsProtection(stored) ? stored - protectedFrom : stored
}

/** Splits a stored version; a run that needs no protection has no `protect`. */
export function readVersion(stored: number): {
  readonly version: number
  readonly protect?: true
} {
  return { version: versionOf(stored), ...(needsProtection(stored) ? { protect: true } : {}) }
}
