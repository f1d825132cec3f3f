import type { Run } from '../model/run.ts'
import type { LimiterKeyInfo } from '../store/limiters.ts'
import type { Overview } from '../store/overview.ts'
import type { ReadyClass } from '../store/ready-classes.ts'
import type { StoreCheck } from '../store/store.ts'

/** One look at a store: all that the findings of a round are made from. */
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
  /** Of runs that no live worker takes: since when the one that is ready or waiting for the longest time is so. */
  readonly longestUnserved: readonly UnservedSample[]
  /** By job and queue, where no live worker takes runs that need scale-in protection: what is ready for the longest time. */
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
  /** The longest ready first; those that need no protection are among them. */
  readonly runs: readonly Run[]
  /** All ready runs of the job in the queue are in it. */
  readonly complete: boolean
}

export interface BlockedSample {
  readonly job: string
  readonly runs: readonly Extract<Run, { state: 'blocked' }>[]
  /** All blocked runs of the job are in it. */
  readonly complete: boolean
}
