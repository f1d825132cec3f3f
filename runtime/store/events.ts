import type { RunState, RunTransition } from '../model/run.ts'
import type { RunId } from '../model/run-id.ts'

/*
 * Two logs with one numbering: transitions of runs, and operations of operators, leaders and workers.
 * EV1  Each event has the next number, in the order of the events; it belongs to one log. Numbers have no gaps.
 * EV2  An operation is written with the change that it records, in the same transaction or script: never lost, and
 * once, even if the call is repeated. A call that changed nothing is not recorded.
 * EV3  The oldest events of each log are dropped a bounded number at a time, as new ones come; its newest one stays. A
 * reader that missed events of its log is told so.
 * EV4  A cursor names the store by its epoch: random, made by writes, never by a read. A store that was emptied and
 * created again has another epoch; in one that was restored from a backup, or lost its latest writes, numbers are
 * behind the cursor.
 */

/** How much of each log is kept: whichever is less. */
export const retainedTransitions = { count: 100_000, ms: 3_600_000 } as const
export const retainedOperations = { count: 10_000, ms: 7_776_000_000 } as const

/** One transition of a run. */
export interface RunEvent {
  readonly kind: 'run'
  /** Its position among all events, to continue reading from: `EPOCH-NUMBER`. */
  readonly cursor: string
  readonly at: number
  readonly run: RunId
  readonly job: string
  readonly queue: string
  readonly transition: RunTransition | 'enqueue'
  /** The state it led to. */
  readonly state: RunState
}

/** An operation of an operator, a leader or a worker. */
export interface OperationEvent {
  readonly kind: 'operation'
  readonly cursor: string
  readonly at: number
  readonly operation: OperationName
  /** Its target: run, queue, worker, limiter (`limiter` or `limiter/key`), schedule, role, action or finding. */
  readonly subject?: string
  /** The operator, or the worker that did it. */
  readonly by?: string
  readonly reason?: string
  /**
   * Of a loss: how many runs the worker held. Of an explained loss: for how many it doesn't count. Of an action: how
   * many runs at its start (if exact), or done at its end.
   */
  readonly count?: number
  /**
   * Plain values:
   * - `worker joined`, `worker left`: the version of each job, of at most 50 jobs
   * - `worker lost`: `cause` (`exit`, `lease`)
   * - `loss explained`: `cause` (see `DeathKind`); its `reason` says it in words
   * - `cancel run`, `retry run`, `remove run`: `job` and `queue` of the run
   * - `change limiter`, `reset limiter`: the rule in force from then on (`kind`, `max`, `everyMs`, `refill`)
   * - `leader changed`, `leader resigned`: `term`
   * - `mute finding`: `forMs`
   * - `trigger schedule`: `run`, or `duplicateOf`, the run that already existed
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

/** With `after` a page goes forward, the first events after the cursor; else back: the newest ones before it. */
export interface EventQuery {
  /** Default: both. */
  readonly log?: EventLog
  /** The cursor of a page or of an event. */
  readonly after?: string
  /** The cursor of an event. Left out, as `after`: the newest events. */
  readonly before?: string
  /**
   * Only events of this run: its transitions, and operations on it. Reads back only. A page of fewer than `limit` is
   * the last one: older events are not kept.
   */
  readonly run?: RunId
  /** 1 to 1,000. */
  readonly limit: number
}

export type EventLog = 'runs' | 'operations'

export interface EventPage {
  /** Oldest first. */
  readonly events: readonly StoreEvent[]
  /** To continue from, even if the page is empty. */
  readonly cursor: string
  /**
   * Events between `after` and the first of this page were dropped; or `after` is of another store or of writes that
   * were lost, and these are the newest events. For such a `before` there are no events.
   */
  readonly gap?: true
}
