export type Severity = 'critical' | 'warning' | 'notice'

/** Something that needs a person. Made by runtime/attention/ from snapshots (Overview), the same for every reader. */
export interface Finding {
  /** Stable over rounds, processes and time: kind and subject, as `paused-queue:mail`. */
  readonly id: string
  readonly kind: string
  readonly severity: Severity
  /** ms since the epoch; `atLeast`: it began at this time or before. */
  readonly since: number
  readonly sinceAtLeast?: true
  readonly sentence: string
  /** What to run next, as a command of the command line. */
  readonly next: string
  /** Shows the runs it is about. */
  readonly filter?: import('../store/run-filter.ts').RunFilter
  /** What changed near its begin: "first seen 11:52:40, 40 s after version 17 started". */
  readonly nearby?: string
  readonly muted?: import('../store/mutes.ts').Mute
}
