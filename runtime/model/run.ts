import type { RunId } from './run-id.ts'
import type { StoredError } from './stored-error.ts'
import type { UniqueKey } from './unique.ts'
import type { WaitKind } from './wait.ts'

/**
 * The one table of run transitions: state -> transition -> next state. The store refuses a transition that a state does
 * not list; the tests list the table a second time, manually.
 */
export const runTransitions = {
  scheduled: { promote: 'ready', cancel: 'cancelled', expire: 'expired' },
  ready: { claim: 'running', 'line up': 'waiting', cancel: 'cancelled', expire: 'expired' },
  running: {
    complete: 'completed',
    fail: 'failed',
    'back off': 'waiting',
    suspend: 'waiting',
    release: 'ready',
    lose: 'ready',
    'lose with delay': 'waiting',
    convict: 'failed',
    block: 'blocked',
    'order cancel': 'cancelling',
  },
  waiting: { wake: 'ready', cancel: 'cancelled', expire: 'expired' },
  blocked: { unblock: 'ready', cancel: 'cancelled' },
  cancelling: { complete: 'completed', fail: 'failed', 'end cancel': 'cancelled' },
  completed: {},
  failed: { retry: 'ready' },
  cancelled: { retry: 'ready' },
  expired: { retry: 'ready' },
} as const
runTransitions satisfies Readonly<Record<RunState, Readonly<Record<string, RunState>>>>

export type RunState = keyof typeof runTransitions
type TransitionsOf<State> = State extends RunState ? keyof (typeof runTransitions)[State] : never
export type RunTransition = TransitionsOf<RunState>

export const runStates: readonly RunState[] = Object.keys(runTransitions) as RunState[]
export const endStates = ['completed', 'failed', 'cancelled', 'expired'] as const
export type EndState = (typeof endStates)[number]

/** Returns the state after `transition`, or undefined if the table has no such transition. */
export function nextState(state: RunState, transition: RunTransition): RunState | undefined {
  const moves: Readonly<Record<string, RunState>> = runTransitions[state]
  return moves[transition]
}

export function isEnd(state: RunState): state is EndState {
  return (endStates as readonly RunState[]).includes(state)
}

/**
 * What a waiting run waits for; `until` is ms since the epoch by the store's clock. For `limit` the name is the
 * limiter's.
 */
export interface WaitingFor {
  readonly kind: WaitKind
  readonly name?: string
  readonly until?: number
}

/** The step of a held run, as its worker last reported: it had been open for `openMs` then, `toldAgoMs` ago. */
export interface RunningStep {
  /** Cut at 120 bytes. */
  readonly path: string
  /** Of the current attempt. */
  readonly openMs: number
  readonly toldAgoMs: number
}

interface RunBase {
  readonly id: RunId
  readonly job: string
  readonly version: number
  readonly queue: string
  readonly priority: number
  readonly tags: readonly string[]
  readonly headers: Readonly<Record<string, string>>
  /** The job policy's current attempt, from 1; only an error thrown between steps raises it. */
  readonly attempt: number
  /** How often a worker was lost under it. Never counts as an attempt. */
  readonly losses: number
  /**
   * How many of these in a row since its last new step: `poisonLimit` of them fail it. Left out: none, or it has ended.
   */
  readonly lossStreak?: number
  readonly enqueuedAt: number
  /** The schedule that made it, by a tick or by a trigger; left out if an earlier version stored the run. */
  readonly schedule?: string
  /**
   * It needs scale-in protection: a worker with protection configured takes it once its task is protected, one without
   * takes it too.
   */
  readonly protect?: true
  /** The tick of the schedule that made it. Left out: no tick did. */
  readonly scheduledFor?: number
  /** First claim since the enqueue or the last manual retry. */
  readonly startedAt?: number
  /** The store's `holder` says which run holds it now. */
  readonly unique?: UniqueKey
  /** When it entered its state. */
  readonly changedAt: number
  /** Entries in its journal so far. */
  readonly position: number
  /**
   * Positions of stored steps that its code no longer calls, as its last execution found: the last entry of each, at
   * most `maxOrphans`. Left out: none.
   */
  readonly orphans?: readonly number[]
}

interface Ended {
  readonly endedAt: number
}

interface Held {
  readonly worker: string
  /** Left out: the worker has reported no step that was open for more than a second. */
  readonly step?: RunningStep
}

interface Failed {
  /** The group of failures that its error belongs to; left out if a worker of an earlier version stored the error. */
  readonly fingerprint?: string
}

/** A run as the store sees it, by state; times are ms since the epoch by the store's clock. */
export type Run = RunBase &
  (
    | { readonly state: 'scheduled'; readonly dueAt: number }
    | { readonly state: 'ready' }
    | (Held & { readonly state: 'running' })
    | (Held & { readonly state: 'cancelling'; readonly by: string; readonly reason?: string })
    | (Failed & { readonly state: 'waiting'; readonly waitingFor: WaitingFor; readonly error?: StoredError })
    | { readonly state: 'blocked'; readonly reason: string }
    | (Ended & { readonly state: 'completed'; readonly output: Uint8Array })
    | (Ended & Failed & { readonly state: 'failed'; readonly error: StoredError; readonly escaped?: string })
    | (Ended & { readonly state: 'cancelled'; readonly by: string; readonly reason?: string })
    | (Ended & { readonly state: 'expired' })
  )
