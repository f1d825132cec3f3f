import type { RunState } from '../../runtime/model/run.ts'
import type { RunFilter } from '../../runtime/store/run-filter.ts'

/**
 * The subject of a row: the target of actions, copies and jumps. For a run with the state that the row shows: an action
 * applies to that state, and the store refuses it if the run has changed.
 */
export type Thing =
  | { readonly kind: 'run'; readonly id: string; readonly job: string; readonly state: RunState }
  | { readonly kind: 'job'; readonly id: string }
  | { readonly kind: 'queue'; readonly id: string; readonly paused: boolean }
  | { readonly kind: 'worker'; readonly id: string; readonly draining: boolean }
  | { readonly kind: 'schedule'; readonly id: string; readonly paused: boolean }
  /** `key` left out: the limiter itself. */
  | { readonly kind: 'limiter'; readonly id: string; readonly key?: string }
  | { readonly kind: 'failure'; readonly id: string; readonly failedNow: number }
  /** All matching runs, shown or not; `id` describes them for people. */
  | { readonly kind: 'filter'; readonly id: string; readonly filter: RunFilter }
  | { readonly kind: 'finding'; readonly id: string; readonly muted: boolean }
  /** `state`: of its run, the target of actions. */
  | { readonly kind: 'step'; readonly id: string; readonly run: string; readonly state: RunState }
