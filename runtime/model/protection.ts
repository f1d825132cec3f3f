import { hasBrand } from './brand.ts'
import type { Clock } from './clock.ts'
import type { Logger } from './job.ts'
import type { TaskIdentity } from './task-identity.ts'

/**
 * Scale-in protection from a worker's side: the port that `runtime/fargate` implements, so that a worker without it
 * loads none of it.
 */

/**
 * - `off`: no request to ECS; runs that need protection start without it.
 * - `best-effort`: requested before such a run is claimed, which starts without it if ECS refuses.
 * - `required`: such a run never starts unprotected.
 */
export type ProtectionMode = (typeof protectionModes)[number]

export const protectionModes = ['off', 'best-effort', 'required'] as const

/** The modes that ask ECS for protection. */
export type AskingMode = Exclude<ProtectionMode, 'off'>

/** By mode: whether runs that need protection start if they can't get it. */
export const startsUnprotected: Readonly<Record<ProtectionMode, boolean>> = {
  off: true,
  'best-effort': true,
  required: false,
}

/** The state of a task's holder of protection. */
export type ProtectionState =
  /** Not protected, and no request pending. It may ask. */
  | { readonly kind: 'idle' }
  /** A run or a user waits for it. `keepsSlot`: a run does, and a slot is kept free for it. */
  | { readonly kind: 'asking'; readonly forMs: number; readonly keepsSlot: boolean }
  | { readonly kind: 'held' }
  /** `retryInMs` is undefined if it never asks again. */
  | {
      readonly kind: 'refused'
      readonly code: string
      readonly detail: string
      readonly retryInMs: number | undefined
    }
  /** Takes no new protected runs; the current ones stay protected as long as possible. */
  | { readonly kind: 'closing'; readonly cause: 'total' | 'newer revision' | 'draining' }
  /** Unprotected on purpose, so that a deployment or scale-in can stop the task. */
  | { readonly kind: 'resting'; readonly forMs: number }

/** The code of `refused` if ECS refused nothing: no attempt got a reply. */
export const noReply = 'no answer'

/** Calls to ECS since the holder was opened. */
export interface ProtectionCalls {
  /** First calls of an attempt to get, to renew and to release protection. */
  readonly asked: number
  readonly renewed: number
  readonly released: number
  /** Repeats of those. */
  readonly retried: number
  /** By outcome. */
  readonly confirmed: number
  readonly refused: number
  readonly throttled: number
  readonly lost: number
}

export interface ProtectionStatus {
  readonly mode: AskingMode
  readonly state: ProtectionState
  /** Runs and claims that rely on it. */
  readonly users: number
  /** How long the confirmed protection lasts without a renewal; 0 without one. */
  readonly protectedForMs: number
  /** Another live process shares the task. */
  readonly sharesTask: boolean
  readonly calls: ProtectionCalls
  /** The state in words, for the log. */
  readonly reason: string
}

/** One user of a task's protection: a claim until its runs are placed, a run, or an at-most-once step. */
export interface ProtectionHold {
  /**
   * Aborts, with an AbortedError `protection lost`, when confirmed protection ends or can't be renewed: about a minute
   * before the end if possible. In `best-effort` too; there the run may simply continue.
   */
  readonly signal: AbortSignal
  /**
   * Resolves to whether the work may begin. In `required` that needs confirmed protection for another minute: if less
   * is left it's renewed first, within 10 s. In the other modes it may always begin. Never rejects.
   */
  confirm(): Promise<boolean>
  /** Calling it twice does nothing. */
  release(): void
  /** Releases a hold that no run used: the time without users keeps counting. */
  withdraw(): void
}

/**
 * A worker's part in the protection of its task. All but `confirm` and `close` are synchronous and never wait for ECS.
 * - A claim request carries `mayClaimProtected` and `mayAsk`. If it may bring protected runs, a hold is acquired before
 * it's sent, confirmed when its reply arrives (else the runs are released, no attempt spent), and released once each
 * run has its own hold. If the reply left some behind: `want`.
 * - An at-most-once step is covered by its run's hold; in a run without one it needs its own hold, confirmed before the
 * intent is stored.
 */
export interface Protection {
  readonly mode: AskingMode
  readonly status: ProtectionStatus
  /** Whether the next claim may take runs that need protection. A user must be acquired before it's sent. */
  mayClaimProtected(): boolean
  /** Whether it could ask for protection if such runs existed: an idle worker may be woken for them. */
  mayAsk(): boolean
  /** Whether the claim loop keeps one slot free: a reply is expected soon. */
  keepsSlotFree(): boolean
  /** Called when a claim left runs for want of protection: asks for it. */
  want(): void
  acquire(): ProtectionHold
  /** Calls `listener` when what the methods above return may have changed, or whether the task is shared. */
  onChange(listener: () => void): () => void
  /** Whether another live process shares the task: then protection is never released, it expires. */
  shareTask(shared: boolean): void
  /** Whether another revision of the task's family started later: then it takes no new protected runs. */
  supersede(superseded: boolean): void
  /** Called after SIGTERM: no new protection; the current one is released with its last user. */
  drain(): void
  /** Drains, and resolves when protection is released, or after the deadline of that call. */
  close(): Promise<void>
}

/** The identity of the task that a process runs in, which may become known after the process starts. */
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
  /** Jobs that need protection: the worker warns of a job that may run longer than protection. */
  readonly jobs: readonly { readonly name: string; readonly timeoutMs: number | undefined }[]
}

/** The return value of `scaleInProtection`, in a worker's list of middleware. */
export interface ProtectionSource {
  readonly [protectionBrand]: typeof protectionBrand
  /**
   * Resolves to undefined if no protection is requested: in mode `off`, and in `best-effort` without a way to ECS.
   * @throws ProtectionUnavailableError, AwsSdkMissingError when `required` can't be kept here
   */
  open(deps: ProtectionDeps): Promise<Protection | undefined>
}

export const protectionBrand: unique symbol = Symbol.for('durable-jobs.protection')

/** Returns the first source of protection in a list of middleware. */
export function protectionSourceIn(middleware: readonly object[]): ProtectionSource | undefined {
  return middleware.find((one): one is ProtectionSource => hasBrand(one, protectionBrand))
}
