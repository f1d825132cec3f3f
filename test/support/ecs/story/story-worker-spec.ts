import type { StoreOptions } from '../../../../sdk/index.ts'

/** The argument of a worker of a story: see tasks/story-worker.ts. */
export interface StoryWorkerSpec {
  readonly store: StoreOptions
  /** File of the event log. */
  readonly log: string
  readonly concurrency: number
  readonly leaseMs: number
  readonly stopTimeoutMs: number
  /** The length of a minute of protection, as the fake's. */
  readonly minuteMs: number
  readonly periodMinutes: number
}
