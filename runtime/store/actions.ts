import type { OperatorWrite } from '../model/operator-write.ts'
import type { RunState } from '../model/run.ts'
import type { RunId } from '../model/run-id.ts'
import type { StepPath } from '../model/step-path.ts'
import type { RunFilter } from './run-filter.ts'

/*
 * ACTIONS ON MANY RUNS. An action is a stored record, carried out in chunks by any process that knows its id.
 * A1  A chunk moves its runs and the action's cursor in one transaction, and only if the action stands where the caller
 *     thinks it does. So a chunk that is sent twice, or by two processes, applies to its runs once.
 * A2  A run that came into its state after the begin is left alone, so that a run that was retried and failed again is not
 *     retried twice. It is counted as refused if it existed at the begin, and not at all if it is newer, or was
 *     younger than the filter's `minAgeMs` at the begin. All of it in the store's time, which no set clock changes.
 *     A cancel by id without `seen` holds for whatever the run does by then.
 * A3  A run that is refused stops no other: it is counted, and the first of them are kept with their reasons.
 * A4  An at-most-once step that stands in the way is dropped only if `runAgain` names it. Such a step that does not
 *     stand in the way of a run is kept: unlike the choice of a single retry, `runAgain` only permits.
 * A5  The log of operations has one event at the begin of an action and one at its end, not one per run.
 */

/** How long an action is known after its last chunk. */
export const keepActionsMs: number = 7 * 86_400_000

/** How many refusals of an action are kept with their reasons. */
export const maxRefusals = 100

/** How many runs one chunk takes: more would hold the store for too long. */
export const maxChunkRuns = 25

/** How many runs an action takes by id. */
export const maxActionIds = 1_000

/** How many runs one call of `planAction` inspects. */
export const maxForecastRuns = 200

export type ActionKind = 'retry' | 'cancel' | 'remove'

export const actionKinds: readonly ActionKind[] = ['retry', 'cancel', 'remove']

/**
 * What an action is for: runs by id, or all that match a filter and came into their state before the action began.
 * `seen`: the state in which the caller saw a run; one that is in another by then is left alone, also by a cancel.
 * `all`: that the filter is empty on purpose.
 */
export type ActionTarget =
  | {
      readonly kind: 'runs'
      readonly ids: readonly RunId[]
      readonly seen?: Readonly<Record<RunId, RunState>>
    }
  | { readonly kind: 'filter'; readonly filter: RunFilter; readonly all?: true }

export interface NewAction {
  /** `act_…`, made by the client: a repeat of its begin changes nothing. */
  readonly id: string
  readonly action: ActionKind
  readonly target: ActionTarget
  /** At-most-once steps that a retry may run again where they stand in the way (A4): paths, or names for any key. */
  readonly runAgain?: readonly StepPath[]
  /** How many runs it is for at its begin, where that is known exactly. */
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
  /** Where the next chunk begins, '' at the begin; left out at the end. */
  readonly cursor?: string
  readonly done: number
  /** How many were refused; the first 100 of them with the reason. */
  readonly refused: number
  readonly refusals: readonly ActionRefusal[]
}

export interface ActionChunk {
  readonly action: string
  /** Where the action must stand. */
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

/** What an action would do to one run. */
export interface RunForecast {
  readonly run: RunId
  /** Left out: there is no such run. */
  readonly state?: RunState
  /** Why it would be refused. */
  readonly refused?: string
  /** At-most-once steps that it would be refused for. */
  readonly inTheWay: readonly StepPath[]
  /** Stored steps that a retry would run again. */
  readonly runsAgain: readonly StepPath[]
  /** Limiters of its job that it meets when it becomes ready. */
  readonly limiters: readonly string[]
}

export interface ActionStore {
  /** Stores an action. A repeat changes nothing and resolves to the action as it stands. */
  beginAction(action: NewAction): Promise<ActionInfo>
  /**
   * Applies an action to the runs of one chunk. Changes nothing when the action does not stand at `from` or has ended.
   * @throws UnknownActionError; InvalidOptionsError for more than `maxChunkRuns` runs, or a cursor that stays
   */
  applyAction(chunk: ActionChunk): Promise<ActionInfo>
  /** Ends an action where it stands: no chunk is applied any more. @throws UnknownActionError */
  endAction(id: string, write: OperatorWrite): Promise<ActionInfo>
}

export interface ActionInspector {
  action(id: string): Promise<ActionInfo | undefined>
  /** Those with the latest chunk first, at most `limit` and about 1 MiB. */
  actions(limit: number): Promise<readonly ActionInfo[]>
  /** What an action would do to these runs, at most `maxForecastRuns`; changes nothing. */
  planAction(
    action: ActionKind,
    runs: readonly RunId[],
    runAgain: readonly StepPath[],
  ): Promise<readonly RunForecast[]>
}
