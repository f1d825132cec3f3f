import type { FailureMark } from './failure-mark.ts'
import type { StepPath } from './step-path.ts'
import type { StoredError } from './stored-error.ts'
import type { ArrivalKind, DeadlineKind } from './wait.ts'

/** How an execution ended, as the worker asks the store to settle it. Durations, never instants. */
export type Outcome =
  | { readonly kind: 'completed'; readonly output: Uint8Array }
  | ({ readonly kind: 'failed'; readonly escaped?: StepPath } & Failure)
  /** Code between steps threw: spends an attempt. */
  | ({ readonly kind: 'retrying'; readonly delayMs: number } & Failure)
  /** Gives the slot back until the first of its waits is over. */
  | { readonly kind: 'waiting'; readonly waits: readonly Wait[] }
  /**
   * Handed over at a step edge: ready at once, no attempt spent. `protect`: from now on only a worker with scale-in
   * protection takes it.
   */
  | { readonly kind: 'released'; readonly protect?: true }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'blocked'; readonly reason: string; readonly digest: string }

/** `mark` names the group that the failure belongs to; workers of earlier versions send none. */
interface Failure {
  readonly error: StoredError
  readonly mark?: FailureMark
}

/**
 * One wait of a suspended run: the journal entry at `position` stored its deadline, or the step at `path` requested the
 * arrival.
 */
export type Wait =
  | {
      readonly kind: DeadlineKind
      readonly path: StepPath
      readonly position: number
      /** The failure after which a `retry` waits. */
      readonly fingerprint?: string
    }
  | { readonly kind: ArrivalKind; readonly path: StepPath }

/** How an execution ended, as middleware sees it. `lost`: another worker owns the run, nothing was written. */
export type ExecutionOutcome = Outcome['kind'] | 'lost'
