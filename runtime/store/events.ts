import type { RunState, RunTransition } from '../model/run.ts'
import type { RunId } from '../model/run-id.ts'

/*
 * Two logs with one numbering: transitions of runs, and operations: what operators, leaders and workers did.
 * EV1  Each event has the next number, in the order in which things happened; it belongs to one log. Numbers have no gaps.
 * EV2  An operation is written with what it tells of, in the same transaction or script: never lost, and once, however
 *      often the call is repeated. What changed nothing is not told.
 * EV3  The oldest events of each log are dropped a bounded number at a time, as new ones come; its newest one stays. A
 *      reader that missed any of its log is told so.
 * EV4  A cursor names the store by its epoch: random, made by writes, never by a read. A store that was emptied and made
 *      again has another one; in one that was restored from a backup, or lost its latest writes, numbers fall back behind
 *      the cursor.
 */

/** What is kept of each log: whichever is less. */
export const retainedTransitions = { count: 100_000, ms: 3_600_000 } as const
export const retainedOperations = { count: 10_000, ms: 7_776_000_000 } as const

/** One transition of a run. */
export interface RunEvent {
  readonly kind: 'run'
  /** Its place among all events, to read on from: `EPOCH-NUMBER`. */
  readonly cursor: string
  readonly at: number
  readonly run: RunId
  readonly job: string
  readonly queue: string
  readonly transition: RunTransition | 'enqueue'
  /** The state it led to. */
  readonly state: RunState
}

/** What operators, leaders and workers did. */
export interface OperationEvent {
  readonly kind: 'operation'
  readonly cursor: string
  readonly at: number
  readonly operation: OperationName
  /** Run, queue, worker, limiter (`limiter` or `limiter/key`), schedule, role, action or finding it was done to. */
  readonly subject?: string
  /** Operator, or the worker that did it. */
  readonly by?: string
  readonly reason?: string
  /** Of a loss: how many runs it held. Of an explained one: for how many it doesn't count. Of an action: how many runs at its begin (if exact), or done at its end. */
  readonly count?: number
  /**
   * Plain values:
   * - `worker joined`, `worker left`: by job the version that it runs, of at most 50 jobs
   * - `worker lost`: `cause` (`exit`, `lease`)
   * - `loss explained`: `cause` (see `DeathKind`); its `reason` says it in words
   * - `cancel run`, `retry run`, `remove run`: `job` and `queue` of the run
   * - `change limiter`, `reset limiter`: the rule in force from then on (`kind`, `max`, `everyMs`, `refill`)
   * - `leader changed`, `leader resigned`: `term`
   * - `mute finding`: `forMs`
   * - `trigger schedule`: `run`, or `duplicateOf`, the run that was in the way
   */
  readonly details?: Readonly<Record<string, string | number | boolean | null>>
}

export const operationNames = [
  'cancel run',
  'retry run',
  'remove run',
  'begin action',
  'end action',
  'pause queue',
  'resume queue',
  'change limiter',
  'reset limiter',
  'put schedule',
  'pause schedule',
  'resume schedule',
  'trigger schedule',
  'skip schedule',
  'remove schedule',
  'backfill schedule',
  'drain worker',
  'worker joined',
  'worker left',
  'worker lost',
  'worker cut',
  'loss explained',
  'leader changed',
  'leader resigned',
  'mute finding',
  'unmute finding',
] as const
export type OperationName = (typeof operationNames)[number]

export type StoreEvent = RunEvent | OperationEvent

/** With `after` a page goes forward, the first events behind the cursor; else back: the newest ones before it. */
export interface EventQuery {
  /** Default: both. */
  readonly log?: EventLog
  /** The cursor of a page or of an event. */
  readonly after?: string
  /** The cursor of an event. Left out, as `after`: the newest events. */
  readonly before?: string
  /**
   * Only events of this run: its transitions, and operations on it. Read back only. A page of fewer than `limit` is the
   * last one: older events are not kept.
   */
  readonly run?: RunId
  /** 1 to 1,000. */
  readonly limit: number
}

export type EventLog = 'runs' | 'operations'

export interface EventPage {
  /** Oldest first. */
  readonly events: readonly StoreEvent[]
  /** To read on from, whether or not there were events. */
  readonly cursor: string
  /**
   * Events between `after` and the first of this page were dropped; or `after` is of another store or of writes that were
   * lost, and these are the newest events. For a `before` of that kind there are no events.
   */
  readonly gap?: true
}
