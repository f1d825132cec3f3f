import { brandErrors, DurableJobsError } from './durable-jobs-error.ts'
import { formatDuration } from './format-duration.ts'
import type { LossCounts } from './poison.ts'
import type { RunId } from './run-id.ts'
import type { StepPath } from './step-path.ts'
import type { StoreOutageKind } from './store-outage.ts'
import { messageOf, reasonOf } from './thrown.ts'

/** The input does not match the job's schema; nothing was stored. */
export class InvalidInputError extends DurableJobsError {
  override readonly name = 'InvalidInputError'
  readonly code = 'INVALID_INPUT'
  readonly issues: readonly string[]
  /**
   * `schedule`: the schedule whose input it is, if it is not an enqueue's; `to`: the part of the job that it doesn't
   * fit.
   */
  constructor(
    job: string,
    issues: readonly string[],
    {
      schedule,
      to = 'schema',
      ...options
    }: ErrorOptions & { readonly schedule?: string | undefined; readonly to?: 'schema' | 'limits' } = {},
  ) {
    const owner = schedule === undefined ? `job '${job}'` : `schedule '${schedule}' (job '${job}')`
    super(`the input of ${owner} does not fit its ${to}: ${issues.join('; ')}`, options)
    this.issues = issues
  }
}

/** No loaded file defines a job of this name. */
export class UnknownJobError extends DurableJobsError {
  override readonly name = 'UnknownJobError'
  readonly code = 'UNKNOWN_JOB'
}

/** No run has this id: it was never enqueued, or it was removed or pruned. */
export class UnknownRunError extends DurableJobsError {
  override readonly name = 'UnknownRunError'
  readonly code = 'UNKNOWN_RUN'
  readonly runId: RunId
  /** @param address The store's, without secrets. */
  constructor(runId: RunId, address?: string) {
    const store = address === undefined ? '' : ` (${address})`
    super(
      `no run '${runId}' in this store: it was never enqueued here, or was removed after its retention${store}`,
    )
    this.runId = runId
  }
}

/** No action has this id: it was never started, or its 7 days are over. */
export class UnknownActionError extends DurableJobsError {
  override readonly name = 'UnknownActionError'
  readonly code = 'UNKNOWN_ACTION'
  readonly actionId: string
  constructor(actionId: string) {
    super(
      `no action '${actionId}' in this store: it was never started here, or its last chunk was more than 7 days ago; durable-jobs actions lists them`,
    )
    this.actionId = actionId
  }
}

/** The run's state does not allow the call. */
export class RunStateError extends DurableJobsError {
  override readonly name = 'RunStateError'
  readonly code = 'RUN_STATE'
}

/** The target of a manual action has changed since its caller read it: nothing was changed. */
export class StaleWriteError extends DurableJobsError {
  override readonly name = 'StaleWriteError'
  readonly code = 'STALE_WRITE'
  /** @param what Such as `queue 'mail'`. */
  constructor(what: string) {
    super(`${what} has changed since it was read, so the call did nothing; read it again, then decide`)
  }
}

/** The same id was enqueued before with another job or input. */
export class RunIdConflictError extends DurableJobsError {
  override readonly name = 'RunIdConflictError'
  readonly code = 'RUN_ID_CONFLICT'
  readonly runId: RunId
  constructor(runId: RunId) {
    super(`run '${runId}' exists with another job or input; use another id, or the same input to join it`)
    this.runId = runId
  }
}

/** The unique key is held by another run: nothing was stored, or the ended run was not retried. */
export class DuplicateRunError extends DurableJobsError {
  override readonly name = 'DuplicateRunError'
  readonly code = 'DUPLICATE_RUN'
  /** The run that holds the key. */
  readonly runId: RunId
  constructor(holder: RunId, { job, key }: { readonly job: string; readonly key: string }, retried?: RunId) {
    super(
      retried === undefined
        ? `job '${job}': run '${holder}' holds the unique key '${key}', so nothing was stored; ` +
            "wait until it frees the key, cancel it, or get its handle with onDuplicate: 'join'"
        : `run '${retried}' can't be retried: run '${holder}' holds the unique key '${key}' of job '${job}'; ` +
            'wait until it frees the key or cancel it, then retry',
    )
    this.runId = holder
  }
}

/** A value can't be stored, because of its type or size. `path` is the path inside the value. */
export class SerializationError extends DurableJobsError {
  override readonly name = 'SerializationError'
  readonly code = 'SERIALIZATION'
  readonly path: string
  constructor(path: string, problem: string, options?: ErrorOptions) {
    super(`${path}: ${problem}`, options)
    this.path = path
  }
}

/** The store can't be reached, written or locked; a pending write may or may not have happened. */
export class StoreUnavailableError extends DurableJobsError {
  override readonly name = 'StoreUnavailableError'
  readonly code = 'STORE_UNAVAILABLE'
  /** The cause, in one word of the list in docs/redis.md. */
  readonly kind: StoreOutageKind
  constructor(
    message: string,
    { kind = 'unreachable', ...options }: ErrorOptions & { readonly kind?: StoreOutageKind } = {},
  ) {
    super(message, options)
    this.kind = kind
  }
}

/** The store has no memory left: it refused the new work; running work continues. */
export class StoreFullError extends DurableJobsError {
  override readonly name = 'StoreFullError'
  readonly code = 'STORE_FULL'
}

/** Returns why the store could not be used, or undefined for an error of another kind. */
export function outageKindOf(error: unknown): StoreOutageKind | undefined {
  if (StoreFullError.is(error)) return 'full'
  if (!StoreUnavailableError.is(error)) return undefined
  // An error of another version of the package may lack it.
  return error.kind ?? 'unreachable'
}

/** The store holds data that this version can't read: written by a newer version, or damaged. */
export class StoreFormatError extends DurableJobsError {
  override readonly name = 'StoreFormatError'
  readonly code = 'STORE_FORMAT'
}

/** The code of a store can't be loaded: a bundler left out a part of it, or a package that it needs isn't installed. */
export class StoreCodeError extends DurableJobsError {
  override readonly name = 'StoreCodeError'
  readonly code = 'STORE_CODE'
  constructor(store: string, cause: unknown) {
    super(
      `the code of the ${store} store can't be loaded: ${messageOf(cause)}; if this program was bundled, give the bundle a ` +
        "'require' (esbuild with format esm: the banner in docs/deploy.md), and install its external packages beside it",
      { cause },
    )
  }
}

/** The thread that renews a worker's lease can't start, or died too often; a worker doesn't run without it. */
export class LeaseThreadError extends DurableJobsError {
  override readonly name = 'LeaseThreadError'
  readonly code = 'LEASE_THREAD'
}

/** The worker's `healthPort` can't be served; a worker doesn't run without it. */
export class HealthPortError extends DurableJobsError {
  override readonly name = 'HealthPortError'
  readonly code = 'HEALTH_PORT'
  readonly port: number
  constructor(port: number, reason: string) {
    super(
      `the health port ${port} can't be served: ${reason}; free it, or give the worker another healthPort (0 picks a free one)`,
    )
    this.port = port
  }
}

/** The run ended in `failed`; `cause` is the error that ended it. */
export class RunFailedError extends DurableJobsError {
  override readonly name = 'RunFailedError'
  readonly code = 'RUN_FAILED'
  readonly runId: RunId
  constructor(runId: RunId, cause: unknown) {
    const reason = reasonOf(cause)
    super(`run '${runId}' failed: ${reason}`, { cause })
    this.runId = runId
  }
}

/** The run ended in `cancelled`. */
export class RunCancelledError extends DurableJobsError {
  override readonly name = 'RunCancelledError'
  readonly code = 'RUN_CANCELLED'
  readonly runId: RunId
  readonly by: string
  readonly reason: string | undefined
  constructor(runId: RunId, by: string, reason?: string) {
    super(`run '${runId}' was cancelled by ${by}${reason ? `: ${reason}` : ''}`)
    this.runId = runId
    this.by = by
    this.reason = reason
  }
}

/** The run ended in `expired`: no worker started it within its `expiresIn`. */
export class RunExpiredError extends DurableJobsError {
  override readonly name = 'RunExpiredError'
  readonly code = 'RUN_EXPIRED'
  readonly runId: RunId
  constructor(runId: RunId) {
    super(`run '${runId}' expired before a worker started it; enqueue it again or raise expiresIn`)
    this.runId = runId
  }
}

/** The job's `timeout` passed before the run ended. */
export class RunTimeoutError extends DurableJobsError {
  override readonly name = 'RunTimeoutError'
  readonly code = 'RUN_TIMEOUT'
}

/** Workers died under the run again and again, without a new step in between. */
export class RunPoisonedError extends DurableJobsError {
  override readonly name = 'RunPoisonedError'
  readonly code = 'RUN_POISONED'
  /** How often the process of its worker ended. */
  readonly exits: number
  /** How often its worker was cut off from the store and came back. */
  readonly cuts: number
  /** How often the lease of its worker expired: it blocked its event loop for too long, or its machine vanished. */
  readonly leases: number
  constructor(runId: RunId, { exit, cut, lease }: LossCounts) {
    const seen = [
      `${exit} process ${exit === 1 ? 'exit' : 'exits'}`,
      `${cut} connection ${cut === 1 ? 'cut' : 'cuts'}`,
      `${lease} expired ${lease === 1 ? 'lease' : 'leases'}`,
    ]
    super(
      `run '${runId}' was given up: its workers were lost again and again without a new step in between (in total: ` +
        `${seen.join(', ')}); ${poisonRemedy({ exit, cut, lease })}, then durable-jobs retry ${runId}`,
    )
    this.exits = exit
    this.cuts = cut
    this.leases = lease
  }
}

/** Returns the remedy for the most frequent kind of loss. */
function poisonRemedy({ exit, cut, lease }: LossCounts): string {
  if (cut > exit + lease) return 'fix the network between its workers and the store'
  if (lease > exit) return 'look for a step that blocks the event loop for longer than maxBlocked'
  return 'look for a step that uses too much memory or crashes its process'
}

/** `handle.result({ timeout })` ended before the run did; the run continues. */
export class ResultTimeoutError extends DurableJobsError {
  override readonly name = 'ResultTimeoutError'
  readonly code = 'RESULT_TIMEOUT'
  constructor(runId: RunId, timeoutMs: number, state: string) {
    super(
      `run '${runId}' has not ended within ${formatDuration(timeoutMs)} (now: ${state}); it is still going, try again later`,
    )
  }
}

/** A step has no attempt left. `cause` is its last error; the same error is thrown on every resume. */
export class StepFailedError extends DurableJobsError {
  override readonly name: 'StepFailedError' | 'StepUnknownError' = 'StepFailedError'
  readonly code: 'STEP_FAILED' | 'STEP_UNKNOWN' = 'STEP_FAILED'
  readonly path: StepPath
  readonly attempts: number
  constructor(path: StepPath, attempts: number, cause: unknown, message?: string) {
    const reason = reasonOf(cause)
    const tries = `${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}`
    super(message ?? `step '${path}' failed after ${tries}: ${reason}`, { cause })
    this.path = path
    this.attempts = attempts
  }
}

/** One attempt of a step took longer than the step's `timeout`. */
export class StepTimeoutError extends DurableJobsError {
  override readonly name = 'StepTimeoutError'
  readonly code = 'STEP_TIMEOUT'
  constructor(path: StepPath, timeoutMs: number) {
    super(`step '${path}' took longer than its timeout of ${formatDuration(timeoutMs)}`)
  }
}

/** The effect of an `atMostOnce` body is unknown: its worker died, or its timeout passed, inside it. */
export class StepUnknownError extends StepFailedError {
  override readonly name = 'StepUnknownError'
  override readonly code = 'STEP_UNKNOWN'
  constructor(path: StepPath, attempts = 1) {
    super(
      path,
      attempts,
      undefined,
      `step '${path}' is atMostOnce and was interrupted inside its body, so its effect is unknown; ` +
        'look it up with onUnknown, or retry the run and name the step in runAgain',
    )
  }
}

/** Two steps of one name run at the same time without a `key` to distinguish them. */
export class DuplicateStepError extends DurableJobsError {
  override readonly name = 'DuplicateStepError'
  readonly code = 'DUPLICATE_STEP'
  constructor(path: StepPath) {
    super(
      path.endsWith(']')
        ? `step '${path}' is already pending in this scope; concurrent steps of one name need different keys`
        : `step '${path}' is already pending in this scope; give concurrent steps of one name a key: { key }`,
    )
  }
}

/** A step was called inside another step's body. */
export class NestedStepError extends DurableJobsError {
  override readonly name = 'NestedStepError'
  readonly code = 'NESTED_STEP'
  constructor(path: StepPath, outer: StepPath) {
    super(
      `step '${path}' was called inside the body of step '${outer}'; call steps from the job function, or group them with step.scope`,
    )
  }
}

/** The code asks for another kind of step than the journal holds under this path. */
export class JournalMismatchError extends DurableJobsError {
  override readonly name = 'JournalMismatchError'
  readonly code = 'JOURNAL_MISMATCH'
  constructor(path: StepPath, stored: string, called: string) {
    super(
      `step '${path}' is stored as '${stored}' but the code calls it as '${called}'; ` +
        'rename the new step or deploy code that keeps the old kind, and the run continues',
    )
  }
}

/** A journal reached its limit of entries or bytes. */
export class JournalFullError extends DurableJobsError {
  override readonly name = 'JournalFullError'
  readonly code = 'JOURNAL_FULL'
  constructor(limit: string) {
    super(`the run's journal is full (${limit}); do more per step, or split the work into several runs`)
  }
}

/** Why an `AbortSignal` of the runtime fired. */
export type AbortReason =
  | 'cancelled'
  | 'draining'
  | 'lease lost'
  | 'protection lost'
  | 'suspended'
  | 'timeout'
  | 'sibling failed'
  | 'run ended'
  | 'term over'
  | 'unsubscribed'

/** The `reason` of every `AbortSignal` handed to job code and to functions of `onLeader`. */
export class AbortedError extends DurableJobsError {
  override readonly name = 'AbortError'
  readonly code = 'ABORTED'
  readonly reason: AbortReason
  constructor(reason: AbortReason) {
    super(`aborted: ${reason}`)
    this.reason = reason
  }
}

/** Thrown by an author: this failure is final, regardless of the retry policy. */
export class FatalError extends DurableJobsError {
  override readonly name = 'FatalError'
  readonly code = 'FATAL'
}

brandErrors({
  AbortedError,
  DuplicateRunError,
  DuplicateStepError,
  FatalError,
  HealthPortError,
  InvalidInputError,
  JournalFullError,
  JournalMismatchError,
  LeaseThreadError,
  NestedStepError,
  ResultTimeoutError,
  RunCancelledError,
  RunExpiredError,
  RunFailedError,
  RunIdConflictError,
  RunPoisonedError,
  RunStateError,
  RunTimeoutError,
  SerializationError,
  StaleWriteError,
  StepFailedError,
  StepTimeoutError,
  StepUnknownError,
  StoreCodeError,
  StoreFormatError,
  StoreFullError,
  StoreUnavailableError,
  UnknownActionError,
  UnknownJobError,
  UnknownRunError,
})
