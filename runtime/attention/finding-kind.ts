import type { RunFilter } from '../store/run-filter.ts'
import type { Severity } from './finding.ts'
import type { Snapshot } from './snapshot.ts'

/** A kind of finding. `find` is pure: the same snapshot gives the same sightings. */
export interface FindingKind {
  /** The first part of the ids of its findings. */
  readonly kind: string
  readonly find: (snapshot: Snapshot) => readonly Sighting[]
}

/** A finding of one snapshot, before its mute and what changed near its begin are added. */
export interface Sighting {
  /** What it is about: unique among the sightings of its kind, and the same in every snapshot. */
  readonly subject: string
  readonly severity: Severity
  readonly since: Since
  readonly sentence: string
  readonly next: string
  readonly filter?: RunFilter
  /** Which changes may have caused it, and of what; `any`: of whatever. */
  readonly related: Readonly<Partial<Record<ChangeKind, 'any' | readonly string[]>>>
}

/** What a change is of. Its subjects: jobs, workers, queues, limiters, roles, schedules, actions. */
export type ChangeKind = 'version' | 'worker' | 'queue' | 'limiter' | 'leader' | 'schedule' | 'action'

/**
 * - `exact`: the store knows when it began
 * - `at least`: it began then or before
 * - `unknown`: nothing tells; `at` is when the store was looked at
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
