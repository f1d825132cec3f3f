import type { Finding } from './finding.ts'
import type { Snapshot } from './snapshot.ts'

/** A kind of finding. `find` is pure: the same snapshot gives the same sightings. */
export interface FindingKind {
  /** The first part of the ids of its findings. */
  readonly kind: string
  readonly find: (snapshot: Snapshot) => readonly Sighting[]
}

/** A finding of one snapshot, before its mute and what changed near its begin are added. */
export interface Sighting extends Pick<Finding, 'severity' | 'sentence' | 'next' | 'filter'> {
  /** Its subject: unique among the sightings of its kind, and the same in every snapshot. */
  readonly subject: string
  readonly since: Since
  /** Which changes may have caused it, by subject; `any`: all of them. */
  readonly related: Readonly<Partial<Record<ChangeKind, 'any' | readonly string[]>>>
}

/** The subject kinds of a change: jobs, workers, queues, limiters, roles, schedules, actions. */
export type ChangeKind = 'version' | 'worker' | 'queue' | 'limiter' | 'leader' | 'schedule' | 'action'

/**
 * - `exact`: the store knows when it began
 * - `at least`: it began then or before
 * - `unknown`: the begin is unknown; `at` is when the store was read
 */
export interface Since {
  readonly at: number
  readonly known: 'exact' | 'at least' | 'unknown'
}

export function exactly(at: number): Since {
  return { at, known: 'exact' }
}

export function unknownBefore(now: number): Since {
  return { at: now, known: 'unknown' }
}

export function atLeast(at: number): Since {
  return { at, known: 'at least' }
}
