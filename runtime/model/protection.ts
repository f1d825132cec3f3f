import { hasBrand } from './brand.ts'
import type { Clock } from './clock.ts'
import type { Logger } from './job.ts'
import type { TaskIdentity } from './task-identity.ts'

/**
 * Scale-in protection as a worker sees it: the port that `runtime/fargate` implements, so that a worker without it
 * loads none of it.
 */

/**
 * - `off`: nothing is asked for; runs that want protection start without it.
 * - `best-effort`: asked for before such a run is claimed, and started without it when it's refused.
 * - `required`: such a run never starts unprotected.
 */
export type ProtectionMode = (typeof protectionModes)[number]

export const protectionModes = ['off', 'best-effort', 'required'] as const

/** The modes that ask ECS for protection. */
export type AskingMode = Exclude<ProtectionMode, 'off'>

/** By mode: whether runs that want protection start where it can't be had. */
export const startsUnprotected: Readonly<Record<ProtectionMode, boolean>> = {
  off: true,
  'best-effort': true,
  required: false,
}

/** What a task's holder of protection is doing. */
export type ProtectionState =
  /** Not protected, and nothing asked for it. It may ask. */
  | { readonly kind: 'idle' }
  /** A run or a user waits for it. `keepsSlot`: a run does, and a slot is kept free for it. */
  | { readonly kind: 'asking'; readonly forMs: number; readonly keepsSlot: boolean }
  | { readonly kind: 'held' }
  /** `retryInMs` is undefined when it never asks again. */
  | {
      readonly kind: 'refused'
      readonly code: string
      readonly detail: string
      readonly retryInMs: number | undefined
    }
  /** Takes no new protected runs; those it has stay protected as long as that is possible. */
  | { readonly kind: 'closing'; readonly cause: 'total' | 'newer revision' | 'draining' }
  /** Unprotected on purpose, so that a deployment or scale-in can stop the task. */
  | { readonly kind: 'resting'; readonly forMs: number }

/** The code of `refused` where ECS refused nothing: no try had a reply. */
export const noAnswer = 'no answer'

/** Calls to ECS since the holder was opened. */
export interface ProtectionCalls {
  /** First calls of an attempt to get, to renew and to give back protection. */
  readonly asked: number
  readonly renewed: number
  readonly released: number
  /** Repetitions of those. */
  readonly retried: number
  /** By what came of them. */
  readonly confirmed: number
  readonly refused: number
  readonly throttled: number
  readonly lost: number
}

export interface ProtectionStatus {
  readonly mode: AskingMode
  readonly state: ProtectionState
  /** Runs and claims that count on it. */
  readonly users: number
  /** How long the confirmed protection lasts if it isn't renewed; 0 without one. */
  readonly protectedForMs: number
  /** Another live process has the same task. */
  readonly sharesTask: boolean
  readonly calls: ProtectionCalls
  /** The state in words, for the log. */
  readonly reason: string
}

/** One user of a task's protection: a claim until its runs are placed, a run, or an at-most-once step. */
export interface ProtectionHold {
  /**
   * Aborts, with an AbortedError `protection lost`, when protection that was confirmed ends or can't be renewed: about a
   * minute before the end where that is possible. In `best-effort` too; there the run may simply go on.
   */
  readonly signal: AbortSignal
  /**
   * Resolves to whether the work may begin. In `required` that takes confirmed protection with a minute ahead: where
   * less is left it's renewed first, for 10 s at most. In the other modes it may always begin. Never rejects.
   */
  confirm(): Promise<boolean>
  /** Calling it twice does nothing. */
  release(): void
  /** Releases what was used by no run: how long the task has been without users counts on. */
  withdraw(): void
}

/**
 * A worker's part in the protection of its task. All but `confirm` and `close` are synchronous and never wait for ECS.
 * - A claim request says what `mayClaimProtected` and `mayAsk` return. Where it may bring protected runs, a hold is acquired
 *   before it's sent, confirmed when its answer arrives (else the runs are released, no attempt spent), and released once
 *   each run has a hold of its own. Its answer left some: `want`.
 * - An at-most-once step is covered by its run's hold; in a run without one it needs a hold of its own, confirmed before the
 *   intent is stored.
 */
export interface Protection {
  readonly mode: AskingMode
  readonly status: ProtectionStatus
  /** Whether the next claim may take runs that want protection. A user must be acquired before it's sent. */
  mayClaimProtected(): boolean
  /** Whether it could ask for protection if such runs were there: an idle worker may be woken for them. */
  mayAsk(): boolean
  /** Whether the claim loop keeps one slot free: an answer is expected soon. */
  keepsSlotFree(): boolean
  /** A claim left runs for want of protection: ask for it. */
  want(): void
  acquire(): ProtectionHold
  /** Calls `listener` when what the methods above return may have changed, or whether the task is shared. */
  onChange(listener: () => void): () => void
  /** Whether another live process has the same task: then protection is never taken back, it expires. */
  shareTask(shared: boolean): void
  /** Whether another revision of the task's family started later: then it takes no new protected runs. */
  supersede(superseded: boolean): void
  /** After SIGTERM: nothing is protected any more, and what is protected is given back when its last user has left. */
  drain(): void
  /** Drains, and resolves when protection is given back, or after the deadline of that call. */
  close(): Promise<void>
}

/** The identity of the task a process runs in, which may become known later than the process starts. */
export interface TaskIdentitySource {
  readonly current: TaskIdentity | undefined
  /** Calls `listener` once, as soon as it's known. */
  onKnown(listener: (identity: TaskIdentity) => void): void
}

export interface ProtectionDeps {
  readonly clock: Clock
  readonly log: Logger
  /** Undefined when no ECS metadata is configured. */
  readonly identity: TaskIdentitySource | undefined
  /** Jobs that want protection: one that may run too long for it is warned of. */
  readonly jobs: readonly { readonly name: string; readonly timeoutMs: number | undefined }[]
}

/** What `scaleInProtection` returns, in a worker's list of middleware. */
export interface ProtectionSource {
  readonly [protectionBrand]: typeof protectionBrand
  /**
   * Resolves to undefined where nothing is asked for: in mode `off`, and in `best-effort` where it can't be.
   * @throws ProtectionUnavailableError, AwsSdkMissingError when `required` can't be kept here
   */
  open(deps: ProtectionDeps): Promise<Protection | undefined>
}

export const protectionBrand: unique symbol = Symbol.for('durable-jobs.protection')

/** Returns the first source of protection in a list of middleware. */
export function protectionSourceIn(middleware: readonly object[]): ProtectionSource | undefined {
  return middleware.find((one): one is ProtectionSource => hasBrand(one, protectionBrand))
}
