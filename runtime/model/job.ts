import type { StandardSchemaV1 } from '@standard-schema/spec'
import { hasBrand } from './brand.ts'
import type { Duration } from './duration.ts'
import type { JobLimit, PlannedLimit, StepLimit } from './limit-use.ts'
import type { Limiter } from './limiter.ts'
import type { ProtectRule } from './protect.ts'
import type { Retry, RetryPolicy } from './retry-policy.ts'
import type { RunId } from './run-id.ts'
import type { Schedule, ScheduleOptions } from './schedule-options.ts'
import type { StepPath } from './step-path.ts'
import type { UniqueOptions, UniqueRule } from './unique.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** A logger in pino's shape: fields first, then the message. */
export interface Logger {
  /** Whether it writes lines of this level, so that none is made in vain. A logger without it is handed every line. */
  isLevelEnabled?(level: LogLevel): boolean
  debug(fields: object, message?: string): void
  info(fields: object, message?: string): void
  warn(fields: object, message?: string): void
  error(fields: object, message?: string): void
}

/** The run a handler works for. */
export interface RunInfo {
  readonly id: RunId
  readonly job: string
  readonly version: number
  readonly queue: string
  /** The job policy's attempt, from 1. Only errors thrown between steps raise it, never a lost worker. */
  readonly attempt: number
  /** How often a worker died or was lost under this run. */
  readonly losses: number
  readonly enqueuedAt: Date
  /** The name of the schedule that made it, by a tick or by a trigger. */
  readonly schedule?: string
  /** The tick, if a schedule made it: the time the run is meant for, even if it began late. */
  readonly scheduledFor?: Date
  /** Whether it needs scale-in protection. */
  readonly protect: boolean
  readonly tags: readonly string[]
  readonly headers: Readonly<Record<string, string>>
}

/** What a step's body gets. */
export interface StepContext {
  /** Aborts when the step's time is up, the run is cancelled, the worker drains or its lease is lost. */
  readonly signal: AbortSignal
  /** The same on every attempt and resume of this step: pass it to a provider that refuses repeats. */
  readonly idempotencyKey: string
  /** From 1. */
  readonly attempt: number
  readonly log: Logger
  /**
   * Replaces the estimate that a `limits.points` of this step was charged with the true cost of the call; `limiter` if
   * it uses several.
   * @throws InvalidOptionsError when the step uses none, or `cost` is not a whole number
   */
  correctCost(cost: number, limiter?: Limiter): Promise<void>
}

/** Returned by `onUnknown` to say that the effect did not happen and the body may run again. */
type StepAgain = typeof stepAgain
/** Shared by all copies of the package. */
export const stepAgain: unique symbol = Symbol.for('durable-jobs.step-again')

interface StepTiming {
  /** Attempts and pauses; left out: 10 attempts, 1 s doubled up to 5 m, full jitter. */
  retry?: Retry
  /** The timeout of one attempt. */
  timeout?: Duration
  /** Distinguishes concurrent steps of one name. */
  key?: string | number
  /** Taken together before each attempt; over a limit the step waits, without a slot if it waits long. */
  limits?: readonly StepLimit[]
}

/**
 * Options of `step.run`. An `atMostOnce` step has one attempt, so it takes no `retry`; after a crash inside its body
 * `onUnknown` looks the effect up and returns the result, throws, or returns `step.again`.
 */
export type StepOptions<T> =
  | (StepTiming & { atMostOnce?: false; onUnknown?: never })
  | (Omit<StepTiming, 'retry'> & {
      retry?: never
      atMostOnce: true
      onUnknown?: (context: { readonly idempotencyKey: string }) => T | StepAgain | Promise<T | StepAgain>
    })

/** The durable operations of a handler. All return real promises; native `Promise.all` over them is safe. */
export interface StepTools {
  /**
   * Runs `body` once and stores its result before it resolves; a resumed run gets the stored result.
   * @throws StepFailedError when no attempt is left, also on every resume.
   * @throws StepUnknownError, a StepFailedError, for an interrupted `atMostOnce` body that no `onUnknown` looked up.
   */
  run<T>(name: string, body: (context: StepContext) => T | Promise<T>, options?: StepOptions<T>): Promise<T>
  /** Waits without a slot; the deadline is stored when the wait begins and no resume restarts it. */
  sleep(name: string, time: Duration | Date, options?: { key?: string | number }): Promise<void>
  /** Prefixes the names of steps called inside `body` with `name/`. */
  scope<T>(name: string, body: () => T | Promise<T>, options?: { key?: string | number }): Promise<T>
  /** Returned by `onUnknown` to let the body run again. */
  readonly again: StepAgain
}

/** What a handler gets. */
export interface Context<Input> {
  readonly input: Input
  readonly step: StepTools
  readonly run: RunInfo
  /**
   * Silent while stored steps are replayed: until the function has passed every stored result, and has reached the step
   * at which the run waited.
   */
  readonly log: Logger
  /** Aborts when the run is cancelled, times out, is handed over, suspended, or its lease is lost. */
  readonly abortSignal: AbortSignal
}

/** Options of `defineJob`. `Input` is the type that callers pass, `Parsed` the type that the schema returns. */
export interface JobOptions<Input, Parsed> {
  /** Unique among the jobs of a worker. */
  name: string
  /** A worker takes runs of its version and older. Default 1. */
  version?: number
  /** Any Standard Schema (zod, valibot, arktype …). */
  input?: StandardSchemaV1<Input, Parsed>
  /** Default `default`. */
  queue?: string
  /** -1000 to 1000, higher first. Default 0. */
  priority?: number
  /** For errors thrown by code between steps. Default: 10 attempts, 1 s doubled up to 5 m, full jitter. */
  retry?: Retry
  /** Limit of the wall time from the first claim to the end, waits included. Default: none. */
  timeout?: Duration
  /** Cron for the job. Its schedule has the job's name. */
  schedule?: ScheduleOptions<NoInfer<Input>>
  /** Taken together when a run starts; a run over a limit waits and doesn't delay the runs behind it in the queue. */
  limits?: readonly JobLimit<NoInfer<Parsed>>[]
  /** One run per key at a time; `true`: per input. Default: any number. */
  unique?: boolean | UniqueOptions<Parsed>
  /**
   * Whether a run needs scale-in protection, for jobs that can't be repeated: a worker with protection configured asks
   * ECS for it before it takes the run, one without takes it like all others. A function decides from the parsed input,
   * once, when the run is enqueued. Default: false.
   */
  protect?: true | ((input: NoInfer<Parsed>) => boolean)
  /** Called once per final failure, stored as a step. */
  onFailed?: OnFailed<Parsed>
}

export type Handler<Parsed, Output> = (context: Context<Parsed>) => Output | Promise<Output>

/** A job: its checked definition and its function. Made by `defineJob`. */
export interface Job<Input = unknown, Output = unknown> {
  readonly [jobBrand]: typeof jobBrand
  readonly name: string
  readonly version: number
  readonly queue: string
  readonly priority: number
  readonly retry: RetryPolicy
  readonly timeoutMs: number | undefined
  readonly unique: UniqueRule | undefined
  readonly protect: ProtectRule | undefined
  readonly schema: StandardSchemaV1 | undefined
  readonly schedule: Schedule | undefined
  readonly onFailed: OnFailed | undefined
  readonly limits: readonly PlannedLimit[]
  readonly handler: Handler<unknown, unknown>
  /** Types only: the type that callers pass and the type that `result()` resolves to. */
  readonly '~types'?: { readonly input: Input; readonly output: Output }
}

export type OnFailed<Parsed = unknown> = (failure: {
  readonly error: Error
  readonly run: RunInfo
  readonly input: Parsed
}) => unknown

/** Recognized across copies of the package, so that a job file may load its own. */
export const jobBrand: unique symbol = Symbol.for('durable-jobs.job')

/** Fingerprint of a job's code: a run that could not continue with one definition is tried once with the next. */
export function definitionText(job: Job): string {
  return [job.name, job.version, job.handler.toString(), job.onFailed?.toString()].join('\n')
}

export function isJob(value: unknown): value is Job {
  return hasBrand(value, jobBrand)
}

/** Which steps a retry runs again and which it keeps. */
export interface RetryPlan {
  /** Paths of stored steps that will run again. */
  readonly runsAgain: readonly StepPath[]
  /** Paths of stored steps that stay. */
  readonly keeps: readonly StepPath[]
}
