import type { RunState } from '../model/run.ts'

/*
 * Runs are counted by queue, job and state in the transaction that changes them. A store that an earlier version made,
 * or beside which one still works, has counters that are missing or wrong: a recount corrects them. It goes through all
 * runs in bounded parts while workers keep running.
 */

/** A leader recounts when its sweep found wrong counters, but not again within this time. */
export const recountPauseMs = 600_000

/** A counter that a recount found to be wrong. */
export interface Miscount {
  readonly queue: string
  readonly job: string
  readonly state: RunState
  /** What the counter said. */
  readonly stored: number
  /** The actual number of runs. */
  readonly counted: number
}

/** The result of one call of a recount. */
export interface RecountReport {
  /** Whether it was the last one. */
  readonly done: boolean
  /** How many runs it inspected. */
  readonly looked: number
  /** In the last call: the counters that were wrong and have been corrected. */
  readonly miscounts: readonly Miscount[]
}
