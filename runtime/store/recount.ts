import type { RunState } from '../model/run.ts'

/*
 * Runs are counted by queue, job and state in the transaction that moves them. A store that an earlier version made, or
 * beside which one still works, has counters that are missing or wrong: a recount puts them right. It goes through all runs in
 * bounded parts while work goes on.
 */

/** A leader has runs recounted that its sweep found to be miscounted, but not again before so long. */
export const recountPauseMs = 600_000

/** A counter that a recount found to be wrong. */
export interface Miscount {
  readonly queue: string
  readonly job: string
  readonly state: RunState
  /** What the counter said. */
  readonly stored: number
  /** How many runs there are. */
  readonly counted: number
}

/** What one call of a recount did. */
export interface RecountReport {
  /** Whether it was the last one. */
  readonly done: boolean
  /** How many runs it looked at. */
  readonly looked: number
  /** Of the last one: the counters that were wrong and are right now. */
  readonly miscounts: readonly Miscount[]
}
