import type { Mute } from '../store/mutes.ts'
import type { RunFilter } from '../store/run-filter.ts'

export type Severity = 'critical' | 'warning' | 'notice'

/** The most severe first. */
export const severities: readonly Severity[] = ['critical', 'warning', 'notice']

/** A condition that needs a person. Made by attention/ from snapshots of the store, the same for every reader. */
export interface Finding {
  /**
   * Stable over rounds, processes and time: kind and subject, such as `paused-queue:mail`. The parts of a compound
   * subject are joined by `/` and escaped like paths of steps: `dead-duty:ROLE/DUTY`.
   */
  readonly id: string
  readonly kind: string
  readonly severity: Severity
  /** ms since the epoch; `sinceAtLeast`: it began at this time or before. */
  readonly since: number
  readonly sinceAtLeast?: true
  /** The store doesn't know when it began: `since` is when it was first seen. */
  readonly beginUnknown?: true
  readonly sentence: string
  /** What to run next, as a command of the command line. */
  readonly next: string
  /** Selects the runs it is about. */
  readonly filter?: RunFilter
  /** What changed near its begin: "first seen 11:52:40 UTC, 40 s after version 17 of 'pay' started". */
  readonly nearby?: string
  readonly muted?: Mute
}
