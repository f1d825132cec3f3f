import type { ActionInfo } from '../../runtime/store/actions.ts'
import type { Environment } from '../app/app-state.ts'
import type { Action, Choice, ReadyPlan, StepOption, WatchedRun } from './action.ts'
import { type Form, isArmed } from './form.ts'
import type { Target } from './target.ts'

/** The request of a dialog; fixed when it opens. */
export interface Asked {
  /** Of the request: the same for every try, so that each confirmation takes effect once. */
  readonly id: string
  readonly action: Action
  readonly target: Target
  readonly environment: Environment
}

/**
 * - `planning`: reading the effect from the store
 * - `picking`: a step is chosen
 * - `asking`: the effect is shown, `y` confirms
 * - `acting`: the store carries it out
 * - `watching`: the first few are retried; waiting for their ends
 * - `stopped`: a part is done, `y` continues with the rest
 * - `broken`: no reply, or a locked store; `y` tries again
 * - `impossible`: only shows why
 * - `done`: some were refused
 */
export type Stage =
  | { readonly kind: 'planning'; readonly choice: Choice; readonly form?: Form }
  | {
      readonly kind: 'picking'
      readonly choice: Choice
      readonly steps: readonly StepOption[]
      readonly line: number
    }
  | AskingStage
  | ActingStage
  | {
      readonly kind: 'watching'
      readonly acting: ActingStage
      readonly info: ActionInfo
      readonly runs: readonly WatchedRun[]
    }
  | {
      readonly kind: 'stopped'
      readonly acting: ActingStage
      readonly info: ActionInfo
      /** Of those that went first. */
      readonly runs: readonly WatchedRun[]
    }
  | {
      readonly kind: 'broken'
      readonly acting: ActingStage
      readonly problem: string
      /** What is known of the request: nothing was done, or it may have been done. */
      readonly outcome: 'refused' | 'unknown'
    }
  | { readonly kind: 'impossible'; readonly reason: string }
  | { readonly kind: 'done'; readonly info: ActionInfo; readonly top: number }

export interface AskingStage {
  readonly kind: 'asking'
  readonly plan: ReadyPlan
  readonly choice: Choice
  readonly form: Form
  /** Why it was not confirmed. */
  readonly problem?: string
}

export interface ActingStage {
  readonly kind: 'acting'
  readonly plan: ReadyPlan
  readonly choice: Choice
  readonly reason?: string
  /** Of several runs: all, the first few, or all but them. */
  readonly part: 'whole' | 'first' | 'rest'
  readonly progress?: { readonly info: ActionInfo; readonly elapsedMs: number; readonly from: number }
  readonly stopping?: true
}

/** Compared by the app: another text is another frame to paint before keys count. */
export function stageName(stage: Stage, n: number): string {
  switch (stage.kind) {
    case 'asking':
      return `asking ${n} ${isArmed(stage.form) ? 'armed' : 'unarmed'}${stage.choice.canary ? ' canary' : ''}`
    case 'acting':
      return `acting ${stage.part} ${n}`
    default:
      return `${stage.kind} ${n}`
  }
}
