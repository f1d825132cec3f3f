import type { Run } from '../model/run.ts'
import type { LimiterKeyInfo } from '../store/limiters.ts'
import type { Overview } from '../store/overview.ts'
import type { ReadyClass } from '../store/ready-classes.ts'
import type { StoreCheck } from '../store/store.ts'

/** The data of one round: all that its findings are made from. */
export interface Snapshot {
  /** With the statistics of an hour. */
  readonly overview: Overview
  readonly checks: readonly StoreCheck[]
  /** Of what runs are ready. */
  readonly classes: readonly ReadyClass[]
  /** Keys of limiters with waiters, those with the longest waitlists first. */
  readonly limiterKeys: readonly LimiterKeyInfo[]
  /** By job: blocked runs, the newest by enqueue. */
  readonly blocked: readonly BlockedSample[]
  /** Of runs that no live worker takes: since when the longest ready or waiting one is in that state. */
  readonly longestUnserved: readonly UnservedSample[]
  /**
   * By job and queue, if no live worker takes runs that need scale-in protection: the runs that have been ready
   * longest.
   */
  readonly longestUnprotected: readonly ReadySample[]
}

export interface UnservedSample {
  readonly queue: string
  readonly job: string
  /** ms since the epoch. */
  readonly since: number
}

export interface ReadySample {
  readonly queue: string
  readonly job: string
  /** The longest ready first; may include runs that need no protection. */
  readonly runs: readonly Run[]
  /** Whether it has all ready runs of the job in the queue. */
  readonly complete: boolean
}

export interface BlockedSample {
  readonly job: string
  readonly runs: readonly Extract<Run, { state: 'blocked' }>[]
  /** Whether it has all blocked runs of the job. */
  readonly complete: boolean
}
