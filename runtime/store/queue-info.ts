import type { EndState, RunState } from '../model/run.ts'

export interface QueueInfo {
  readonly name: string
  readonly counts: Readonly<Record<Exclude<RunState, EndState>, number>>
  readonly paused?: { readonly by: string; readonly reason?: string; readonly at: number }
  /** Age of the oldest ready run; left out when the store's ready runs have too many priorities to search. */
  readonly oldestReadyMs?: number
}
