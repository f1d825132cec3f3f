import type { FailureMark } from './failure-mark.ts'
import type { StepKind } from './step-kind.ts'
import type { StepPath } from './step-path.ts'
import type { StoredError } from './stored-error.ts'

/**
 * One record of a journal, as a worker appends it. `Value` is the encoded result; the store never decodes it.
 * - `intent`: an at-most-once body is about to begin
 * - `waiting`: a deadline begins now and is `pauseMs` ahead; a resume never restarts it
 * - `retrying`: one attempt failed; the next may begin after `pauseMs`
 * - `done`, `failed`: the end of the step
 * `mark` names the group that a failure belongs to. It is not stored in the journal; workers of earlier versions send
 * none.
 */
export type JournalRecord = {
  readonly path: StepPath
  readonly kind: StepKind
  readonly attempt: number
  /** How long the attempt took. */
  readonly durationMs: number
  /** Whether the step is at-most-once: a retry drops its end only if it names the step. */
  readonly once?: boolean
} & (
  | { readonly phase: 'intent' }
  | { readonly phase: 'waiting'; readonly pauseMs: number }
  | {
      readonly phase: 'retrying'
      readonly pauseMs: number
      readonly error: StoredError
      readonly mark?: FailureMark
    }
  /** `waitedAt`: position of the `waiting` entry whose deadline this end claims; refused as `early` before it. */
  | { readonly phase: 'done'; readonly value: Uint8Array; readonly waitedAt?: number }
  | { readonly phase: 'failed'; readonly error: StoredError; readonly mark?: FailureMark }
)

export type JournalPhase = JournalRecord['phase']

/** A stored record. Invariant J1: positions of a run only grow, and an accepted one is never used again. */
export type JournalEntry = JournalRecord & {
  readonly position: number
  /** When the store accepted it. */
  readonly at: number
  /** For `waiting` and `retrying`: ms until the deadline when this was read, 0 when it has passed. */
  readonly remainingMs: number
}

/** A stored record without the value of a step that is done, for reading a long journal before a step is opened. */
export type JournalOutline =
  | Exclude<JournalEntry, { readonly phase: 'done' }>
  | Omit<Extract<JournalEntry, { readonly phase: 'done' }>, 'value'>

/** The weight of an entry besides its path and its value. */
export const entryOverheadBytes = 64

/** A run reports at most this many stored steps that its code no longer calls. */
export const maxOrphans = 200

/** A journal holds at most this many entries and bytes; beyond them the run fails with JournalFullError. */
export const journalLimits = { entries: 50_000, bytes: 67_108_864 } as const
