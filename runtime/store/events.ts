import type { RunState, RunTransition } from '../model/run.ts'
import type { RunId } from '../model/run-id.ts'

/** Two logs with one numbering: what is kept of each. */
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
  /** Of a loss: how many runs it held. Of an action: how many runs at its begin (if exact), or done at its end. */
  readonly count?: number
  /** Versions of a worker's jobs, the new rule of a limiter, the term of a leader …: plain values. */
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
  'leader changed',
  'leader resigned',
  'mute finding',
  'unmute finding',
] as const
export type OperationName = (typeof operationNames)[number]

export type StoreEvent = RunEvent | OperationEvent

export interface EventQuery {
  /** Default: both. */
  readonly log?: 'runs' | 'operations'
  readonly after?: string
  readonly limit: number
}

export interface EventPage {
  /** Oldest first. */
  readonly events: readonly StoreEvent[]
  /** To read on from, whether or not there were events. */
  readonly cursor: string
  /** Events between `after` and the first of this page were dropped, or `after` is of another store. */
  readonly gap?: true
}
