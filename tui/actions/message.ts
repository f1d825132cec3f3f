import type { RunId } from '../../runtime/model/run-id.ts'
import type { ActionInfo } from '../../runtime/store/actions.ts'
import type { Plan, WatchedRun } from './action.ts'
import type { Failure } from './failure.ts'

/** A message from a call to its dialog. */
export type News =
  | { readonly kind: 'planned'; readonly plan: Plan }
  | { readonly kind: 'failed'; readonly failure: Failure }
  | { readonly kind: 'acted'; readonly text: string }
  | {
      readonly kind: 'progress'
      readonly info: ActionInfo
      readonly elapsedMs: number
      readonly from: number
    }
  /** `runs`: those that it was applied to, as far as known. */
  | { readonly kind: 'carried out'; readonly info: ActionInfo; readonly runs: readonly RunId[] }
  | { readonly kind: 'ended'; readonly run: WatchedRun }
  /** All watched runs have ended, or the watch was stopped. */
  | { readonly kind: 'watched' }

/** Addressed: messages of a closed dialog's call, or of a stage that is over, are ignored. */
export interface Message {
  readonly dialog: string
  /** Number of the call in its dialog. */
  readonly n: number
  /** By this host's clock. */
  readonly at: number
  readonly news: News
}

export function isMessage(message: unknown): message is Message {
  return typeof message === 'object' && message !== null && 'dialog' in message && 'news' in message
}
