import type { RunByHand } from '../../runtime/client/by-hand.ts'
import type { Jobs } from '../../runtime/client/client.ts'
import type { RunState } from '../../runtime/model/run.ts'
import type { RunId } from '../../runtime/model/run-id.ts'
import type { StepPath } from '../../runtime/model/step-path.ts'
import type { ActionKind } from '../../runtime/store/actions.ts'
import type { Target, TargetKind, TargetOf } from './target.ts'

/*
 * AN ACTION is one file of this folder and one line of actions.ts. It describes its effect and the equivalent command,
 * and carries it out; dialog, tiers, audit and log are shared.
 * TA1 A plan changes nothing. Its `target` is the state that was read for it: the action applies to that state, and is
 * refused when it has changed.
 * TA2 An action carries the request id of its dialog, so that a second try after a lost reply takes effect once.
 */
export interface Action<Kind extends TargetKind = TargetKind> {
  /** Its command in the keymap. */
  readonly command: string
  /** Its name in a dialog, such as `set` limiter gateway; left out: the command. */
  readonly name?: string
  readonly on: readonly Kind[]
  /** 1 if it is harmless to one target; tier.ts raises it. */
  readonly tier: 1 | 2
  /** It discards work that was done, or was to be done. */
  readonly discards?: true
  /** Carried out in chunks on several runs; left out: it applies to one target. */
  readonly many?: ActionKind
  /** If several share a command, whether this one applies; left out: it is the only one. */
  isFor?(target: TargetOf<Kind>): boolean
  /** Returns why it can't be applied, as far as the row shows. */
  refusal?(target: TargetOf<Kind>): string | undefined
  plan(jobs: Jobs, request: PlanRequest<Kind>): Promise<Plan>
  /** The words of the command line after `durable-jobs`. */
  words(target: TargetOf<Kind>, choice: Choice): readonly string[]
  /** Applies it to one target. Resolves to the result, in a sentence. */
  carryOut(jobs: Jobs, request: ActRequest<Kind>): Promise<string>
}

interface PlanRequest<Kind extends TargetKind> {
  readonly target: TargetOf<Kind>
  readonly choice: Choice
}

export interface ActRequest<Kind extends TargetKind> extends PlanRequest<Kind> {
  readonly write: Write
}

/** Operator, reason, and the id of the request. */
export type Write = Required<Pick<RunByHand, 'by' | 'requestId'>> & { readonly reason?: string }

/** The user's choices in the dialog. */
export interface Choice {
  /** Of a retry from a step. */
  readonly from?: StepPath
  /** At-most-once steps that may run again. */
  readonly runAgain: readonly StepPath[]
  /** Whether a few runs are retried first and watched. */
  readonly canary: boolean
  /** The typed text, by field. */
  readonly values: Readonly<Record<string, string>>
}

export const noChoice: Choice = { runAgain: [], canary: false, values: {} }

export type Plan =
  | ReadyPlan
  | { readonly kind: 'impossible'; readonly reason: string }
  | { readonly kind: 'steps'; readonly steps: readonly StepOption[] }

export interface ReadyPlan {
  readonly kind: 'ready'
  /** As it was read now (TA1). */
  readonly target: Target
  /** How many runs it applies to, at least; 0 for a target that is no run. */
  readonly runs: number
  /** Whether it would do anything: not if all inspected runs would be refused. */
  readonly does: boolean
  readonly effects: readonly Effect[]
  /** At-most-once steps that would have to be allowed. */
  readonly inTheWay: readonly StepPath[]
  readonly fields: readonly FieldSpec[]
}

/** A sentence about the effect. */
export interface Effect {
  readonly text: string
  readonly tone?: 'warn' | 'dim'
}

export interface FieldSpec {
  readonly name: string
  readonly label: string
  readonly value: string
  /** Why the target isn't possible. */
  check(text: string): string | undefined
}

/** A stored step that a retry can begin at. */
export interface StepOption {
  readonly path: StepPath
  readonly state: string
  readonly tries: number
  readonly atMostOnce: boolean
}

/** A run of the first few. */
export interface WatchedRun {
  readonly id: RunId
  /** Left out: it has not ended yet, or was removed. */
  readonly state?: RunState
  /** Left out while it goes on. */
  readonly text?: string
}

export function impossible(reason: string): Plan {
  return { kind: 'impossible', reason }
}

/** A plan for one target that is no run. */
export function ready(
  target: Target,
  effects: readonly Effect[],
  over: Partial<Pick<ReadyPlan, 'runs' | 'does' | 'inTheWay' | 'fields'>> = {},
): Plan {
  return { kind: 'ready', target, effects, runs: 0, does: true, inTheWay: [], fields: [], ...over }
}
