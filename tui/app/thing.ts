import type { RunState } from '../../runtime/model/run.ts'
import type { RunFilter } from '../../runtime/store/run-filter.ts'

/**
 * What a row is about: what actions are done to, what is copied, and where jumps lead. Of a run with the state that the
 * row shows: an action is for that state, and the store refuses it when the run has moved on.
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
  /** All runs that match, whether they are shown or not; `id` says which, for people. */
  | { readonly kind: 'filter'; readonly id: string; readonly filter: RunFilter }
  | { readonly kind: 'finding'; readonly id: string; readonly muted: boolean }
  /** `state`: of its run, which is what actions are done to. */
  | { readonly kind: 'step'; readonly id: string; readonly run: string; readonly state: RunState }
