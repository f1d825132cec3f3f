import type { OperatorWrite } from '../model/operator-write.ts'
import type { RunState } from '../model/run.ts'
import type { RunId } from '../model/run-id.ts'
import type { StepPath } from '../model/step-path.ts'
import type { RunFilter } from './run-filter.ts'

/*
 * ACTIONS ON MANY RUNS. An action is a stored record, carried out in chunks by any process that knows its id.
 * A1  A chunk changes its runs and the action's cursor in one transaction, and only if the cursor is where the caller
 * expects it. So a chunk that is sent twice, or by two processes, applies to its runs once.
 * A2  A run that entered its state after the start is left alone, so that a run that was retried and failed again is
 * not retried twice. It is counted as refused if it existed at the start, and not at all if it is newer, or was younger
 * than the filter's `minAgeMs` at the start. All times are the store's, which no change of the clock affects. A cancel
 * by id without `seen` applies in any state.
 * A3  A refused run stops no other: it is counted, and the first of them are kept with their reasons.
 * A4  An at-most-once step that blocks a retry is dropped only if `runAgain` names it. Such a step that does not block
 * the retry is kept: unlike in a single retry, `runAgain` only permits.
 * A5  The log of operations has one event at the start of an action and one at its end, not one per run.
 */

/** How long an action is kept after its last chunk. */
export const keepActionsMs: number = 7 * 86_400_000

/** How many refusals of an action are kept with their reasons. */
export const maxRefusals = 100

/** How many runs one chunk takes: more would block the store for too long. */
export const maxChunkRuns = 25

/** How many runs an action takes by id. */
export const maxActionIds = 1_000

/** How many runs one call of `planAction` inspects. */
export const maxForecastRuns = 200

export type ActionKind = 'retry' | 'cancel' | 'remove'

export const actionKinds: readonly ActionKind[] = ['retry', 'cancel', 'remove']

/**
 * The target of an action: runs by id, or all that match a filter and entered their state before the action started.
 * `seen`: the state in which the caller saw a run; a run in another state is left alone, also by a cancel.
 * `all`: the filter is empty on purpose.
 */
export type ActionTarget =
  | {
      readonly kind: 'runs'
      readonly ids: readonly RunId[]
      readonly seen?: Readonly<Record<RunId, RunState>>
    }
  | { readonly kind: 'filter'; readonly filter: RunFilter; readonly all?: true }

export interface NewAction {
  /** `act_…`, made by the client: a repeat of its start changes nothing. */
  readonly id: string
  readonly action: ActionKind
  readonly target: ActionTarget
  /** At-most-once steps that a retry may run again if they block it (A4): paths, or names for any key. */
  readonly runAgain?: readonly StepPath[]
  /** How many runs it selects at its start, if that is known exactly. */
  readonly matching?: number
  readonly by: string
  readonly reason?: string
}

export interface ActionRefusal {
  readonly run: RunId
  readonly reason: string
}

export interface ActionInfo extends NewAction {
  readonly startedAt: number
  readonly endedAt?: number
  /** Where the next chunk begins, '' at the start; left out at the end. */
  readonly cursor?: string
  readonly done: number
  /** How many were refused; the first 100 of them with the reason. */
  readonly refused: number
  readonly refusals: readonly ActionRefusal[]
}

export interface ActionChunk {
  readonly action: string
  /** Where the action's cursor must be. */
  readonly from: string
  /** Where the next chunk begins; left out: the action ends with this one. */
  readonly next?: string
  readonly runs: readonly ActionEntry[]
}

export interface ActionEntry {
  readonly run: RunId
  /** The state in which a filter found it, or the caller saw it; left out: it was named by its id alone. */
  readonly state?: RunState
}

/** The effect that an action would have on one run. */
export interface RunForecast {
  readonly run: RunId
  /** Left out: the run doesn't exist. */
  readonly state?: RunState
  /** Why it would be refused. */
  readonly refused?: string
  /** At-most-once steps for which it would be refused. */
  readonly inTheWay: readonly StepPath[]
  /** Stored steps that a retry would run again. */
  readonly runsAgain: readonly StepPath[]
  /** Limiters of its job that it needs when it becomes ready. */
  readonly limiters: readonly string[]
}

/** The effect that an action would have; nothing was changed. */
export interface ActionPlan {
  readonly action: ActionKind
  /**
   * How many runs match. Not exact: at least this many. A filter that no counter covers is counted on a bounded number
   * of runs, and so is any filter while the counters are incomplete.
   */
  readonly matching: { readonly runs: number; readonly exact: boolean }
  /** The rest is about this many runs, the newest that match: at most 200. */
  readonly sample: number
  readonly states: readonly RunsOf<'state', RunState>[]
  /** Steps that a retry would run again, without keys; '' means the code between steps. */
  readonly runsAgain: readonly RunsOf<'step', StepPath>[]
  /** At-most-once steps that block a retry: naming them in `runAgain` lets them run again. */
  readonly inTheWay: readonly RunsOf<'step', StepPath>[]
  /** Limiters that retried runs need, and how many wait for each now. */
  readonly limiters: readonly (RunsOf<'limiter', string> & { readonly waiting: number })[]
  /** Why other runs would be refused. */
  readonly refused: readonly RunsOf<'reason', string>[]
}

/** How many runs of the sample it applies to; the most first. */
export type RunsOf<Name extends string, T> = { readonly [K in Name]: T } & { readonly runs: number }

export interface ActionStore {
  /** Stores an action. A repeat changes nothing and resolves to the action's current state. */
  beginAction(action: NewAction): Promise<ActionInfo>
  /**
   * Applies an action to the runs of one chunk. Changes nothing if the action's cursor is not at `from` or the action
   * has ended.
   * @throws UnknownActionError; InvalidOptionsError for more than `maxChunkRuns` runs, or a cursor that does not move
   */
  applyAction(chunk: ActionChunk): Promise<ActionInfo>
  /** Ends an action at its cursor: no further chunk is applied. @throws UnknownActionError */
  endAction(id: string, write: OperatorWrite): Promise<ActionInfo>
}

export interface ActionInspector {
  action(id: string): Promise<ActionInfo | undefined>
  /** Returns the actions with the latest chunk first, at most `limit` and about 1 MiB. */
  actions(limit: number): Promise<readonly ActionInfo[]>
  /** Returns the effect of an action on these runs, at most `maxForecastRuns`; changes nothing. */
  planAction(
    action: ActionKind,
    runs: readonly RunId[],
    runAgain: readonly StepPath[],
  ): Promise<readonly RunForecast[]>
}
