import type { RunId } from './run-id.ts'
import type { StoredError } from './stored-error.ts'
import type { UniqueKey } from './unique.ts'
import type { WaitKind } from './wait.ts'

/**
 * The one table of how a run moves: state -> transition -> next state. A transition that a state does not
 * list is refused by the store; the tests list it once more by hand.
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

/** The state after `transition`, or undefined where the table has no such move. */
export function nextState(state: RunState, transition: RunTransition): RunState | undefined {
  const moves: Readonly<Record<string, RunState>> = runTransitions[state]
  return moves[transition]
}

export function isEnd(state: RunState): state is EndState {
  return (endStates as readonly RunState[]).includes(state)
}

/** What a waiting run waits for; `until` is ms since the epoch by the store's clock. For `limit` the name is the limiter's. */
export interface WaitingFor {
  readonly kind: WaitKind
  readonly name?: string
  readonly until?: number
}

/** The step in which a held run is, as its worker last told: it had been open for `openMs` then, `toldAgoMs` ago. */
export interface RunningStep {
  /** Cut at 120 bytes. */
  readonly path: string
  /** Of the attempt that runs. */
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
  /** The job policy's current attempt, from 1; raised only by an error thrown between steps. */
  readonly attempt: number
  /** How often a worker was lost under it. Never counts as an attempt. */
  readonly losses: number
  /** Of these, how many in a row since its last new step: `poisonLimit` of them fail it. Left out: none, or it has ended. */
  readonly lossStreak?: number
  readonly enqueuedAt: number
  /** The schedule that made it, by a tick or by a trigger; left out where an earlier version stored the run. */
  readonly schedule?: string
  /** It wants scale-in protection: a worker that asks for it takes it once it may, one that doesn't takes it too. */
  readonly protect?: true
  /** The tick of the schedule that made it. Left out: no tick did. */
  readonly scheduledFor?: number
  /** First claim since the enqueue or the last retry by hand. */
  readonly startedAt?: number
  /** Who holds it now is told by the store's `holder`. */
  readonly unique?: UniqueKey
  /** When it came into its state. */
  readonly changedAt: number
  /** Entries in its journal so far. */
  readonly position: number
  /**
   * Positions of stored steps that its code no longer calls, as its last execution found: of each the last entry, at
   * most `maxOrphans`. Left out: none.
   */
  readonly orphans?: readonly number[]
}

interface Ended {
  readonly endedAt: number
}

interface Held {
  readonly worker: string
  /** Left out: no step has been open for more than a second, as far as the worker has told. */
  readonly step?: RunningStep
}

interface Failed {
  /** The group of failures that its error belongs to; left out where a worker of an earlier version stored the error. */
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
