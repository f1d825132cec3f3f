import type { RunByHand } from '../../runtime/client/by-hand.ts'
import type { Jobs } from '../../runtime/client/client.ts'
import type { RunState } from '../../runtime/model/run.ts'
import type { RunId } from '../../runtime/model/run-id.ts'
import type { StepPath } from '../../runtime/model/step-path.ts'
import type { ActionKind } from '../../runtime/store/actions.ts'
import type { Target, TargetKind, TargetOf } from './target.ts'

/*
 * AN ACTION is one file of this folder and one line of actions.ts. It says what it would do, which command does the same,
 * and does it; dialog, tiers, audit and log are the same for all of them.
 * TA1 A plan changes nothing. Its `target` is what was read for it: an act is for that, and is refused when it has moved.
 * TA2 An act carries the request id of its dialog, so that a second try after a lost reply does it once.
 */
export interface Action<Kind extends TargetKind = TargetKind> {
  /** As the keymap names it. */
  readonly command: string
  /** What a dialog calls it before its target, as `set` limiter gateway; left out: as the command. */
  readonly name?: string
  readonly on: readonly Kind[]
  /** 1 where it is harmless to one thing; tier.ts raises it. */
  readonly tier: 1 | 2
  /** Work that was done, or was to be done, is lost by it. */
  readonly discards?: true
  /** Carried out in chunks on several runs; left out: it is for one thing. */
  readonly many?: ActionKind
  /** Of several with one command, whether it is the one for this; left out: it is the only one. */
  isFor?(target: TargetOf<Kind>): boolean
  /** Why it can't be done to this, as far as the row tells. */
  refusal?(target: TargetOf<Kind>): string | undefined
  plan(jobs: Jobs, request: PlanRequest<Kind>): Promise<Plan>
  /** Of the command line, behind `durable-jobs`. */
  words(target: TargetOf<Kind>, choice: Choice): readonly string[]
  /** Does it to one thing. Resolves to what was done, in a sentence. */
  carryOut(jobs: Jobs, request: ActRequest<Kind>): Promise<string>
}

interface PlanRequest<Kind extends TargetKind> {
  readonly target: TargetOf<Kind>
  readonly choice: Choice
}

export interface ActRequest<Kind extends TargetKind> extends PlanRequest<Kind> {
  readonly write: Write
}

/** Who, why, and the id of the request. */
export type Write = Required<Pick<RunByHand, 'by' | 'requestId'>> & { readonly reason?: string }

/** What the user has chosen in the dialog. */
export interface Choice {
  /** Of a retry from a step. */
  readonly from?: StepPath
  /** At-most-once steps that may run again. */
  readonly runAgain: readonly StepPath[]
  /** Whether a few runs are retried first and watched. */
  readonly canary: boolean
  /** What was typed, by field. */
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
  /** How many runs it is for, at least; 0 for what is no run. */
  readonly runs: number
  /** Whether it would do anything: not if all it inspected would be refused. */
  readonly does: boolean
  readonly effects: readonly Effect[]
  /** At-most-once steps that would have to be allowed. */
  readonly inTheWay: readonly StepPath[]
  readonly fields: readonly FieldSpec[]
}

/** A sentence of what would happen. */
export interface Effect {
  readonly text: string
  readonly tone?: 'warn' | 'dim'
}

export interface FieldSpec {
  readonly name: string
  readonly label: string
  readonly value: string
  /** Why it can't be that. */
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

/** A plan for one thing that is no run. */
export function ready(
  target: Target,
  effects: readonly Effect[],
  over: Partial<Pick<ReadyPlan, 'runs' | 'does' | 'inTheWay' | 'fields'>> = {},
): Plan {
  return { kind: 'ready', target, effects, runs: 0, does: true, inTheWay: [], fields: [], ...over }
}
