import { type Explanation, explainRun } from '../describe/explain-run.ts'
import { readStepOutlines, type StepSummary } from '../describe/step-summary.ts'
import type { Clock } from '../model/clock.ts'
import { decodeValue } from '../model/codec.ts'
import { defined } from '../model/defined.ts'
import { type Duration, parseDuration } from '../model/duration.ts'
import {
  ResultTimeoutError,
  RunCancelledError,
  RunExpiredError,
  RunFailedError,
  UnknownRunError,
} from '../model/errors.ts'
import { handled } from '../model/handled.ts'
import type { RetryPlan } from '../model/job.ts'
import { checkKnownOptions } from '../model/known-options.ts'
import { isEnd, type Run, type RunningStep, type RunState, type WaitingFor } from '../model/run.ts'
import type { RunId } from '../model/run-id.ts'
import { fromStoredError } from '../model/stored-error.ts'
import type { RetryChoice, Store } from '../store/store.ts'
import { type RunByHand, runWrite } from './by-hand.ts'
import type { EndWatch } from './end-watch.ts'
import { namingStore } from './naming-store.ts'

/** The status of a run. Times are Dates by the store's clock. */
export interface RunStatus extends Pick<Run, 'state' | 'queue' | 'attempt' | 'losses'> {
  readonly waitingFor?: { readonly kind: WaitingFor['kind']; readonly name?: string; readonly until?: Date }
  /** Its unique key and until when it is held; a Date is the end of its window. */
  readonly unique?: { readonly key: string; readonly until: 'finished' | 'started' | Date }
  /** Of a held run: the step that has been open for more than a second, as its worker last reported. */
  readonly step?: RunningStep
  /** Of the last failed attempt, or why it failed, or why it is blocked. */
  readonly error?: Error
}

/** The state of one step of a run, as `durable-jobs show` lists it. */
export interface RunStep extends Omit<StepSummary, 'storedAt' | 'error' | 'result' | 'orphan'> {
  /** When its last entry was stored, by the store's clock. */
  readonly storedAt: Date
  /** Of the last attempt that failed. */
  readonly error?: Error
}

export interface RetryRunOptions extends RunByHand {
  /** Path of the step to begin again at; it and every step stored after it run again. Default: the failed one. */
  from?: string
  /** At-most-once steps that may run again, by path: the caller has made sure that their effect did not happen. */
  runAgain?: readonly string[]
  /** Only returns the plan. */
  dryRun?: boolean
}

const retryOptions = ['from', 'runAgain', 'dryRun', 'by', 'reason', 'requestId', 'expected'] as const

/** One run, seen from outside its worker. */
export class RunHandle<Output> {
  readonly id: RunId
  readonly #store: Store
  readonly #clock: Clock
  readonly #ends: EndWatch

  constructor(id: RunId, store: Store, clock: Clock, ends: EndWatch) {
    this.id = id
    this.#store = store
    this.#clock = clock
    this.#ends = ends
  }

  /**
   * The run's output, once it has ended. A rejection that is never awaited does no harm: how the run ended is stored.
   * @throws RunFailedError, RunCancelledError, RunExpiredError, ResultTimeoutError, UnknownRunError
   */
  result(options: { timeout?: Duration } = {}): Promise<Output> {
    return handled(this.#result(options))
  }

  async #result(options: { timeout?: Duration }): Promise<Output> {
    checkKnownOptions(options, ['timeout'], 'result')
    const timeoutMs =
      options.timeout === undefined ? undefined : parseDuration(options.timeout, 'result: timeout')
    const run = await this.#ended(timeoutMs)
    switch (run.state) {
      case 'completed':
        return decodeValue(run.output, `output of run '${this.id}'`) as Output
      case 'failed':
        throw new RunFailedError(this.id, fromStoredError(run.error))
      case 'cancelled':
        throw new RunCancelledError(this.id, run.by, run.reason)
      case 'expired':
        throw new RunExpiredError(this.id)
      default:
        throw new ResultTimeoutError(this.id, timeoutMs ?? 0, run.state)
    }
  }

  /** @throws UnknownRunError */
  async status(): Promise<RunStatus> {
    const run = await this.#read()
    const { state, queue, attempt, losses } = run
    const step = 'step' in run ? run.step : undefined
    const error = errorOf(run)
    const base = { state, queue, attempt, losses, ...uniqueOf(run), ...defined({ step, error }) }
    if (run.state === 'scheduled')
      return { ...base, waitingFor: { kind: 'time', until: new Date(run.dueAt) } }
    if (run.state !== 'waiting') return base
    const { until, ...waitingFor } = run.waitingFor
    return {
      ...base,
      waitingFor: { ...waitingFor, ...(until === undefined ? {} : { until: new Date(until) }) },
    }
  }

  /**
   * The steps of the run that stored anything, in the order in which each did first. A step that runs for the first time
   * has stored nothing yet: `status().step` shows it. Results stay where they are.
   * @throws UnknownRunError
   * @example
   * const steps = await jobs.run(id).steps()
   * const failed = steps.filter(({ state }) => state === 'failed')
   * for (const { path, tries, error } of failed) console.log(`${path}: ${error?.message} (${tries} tries)`)
   */
  async steps(): Promise<RunStep[]> {
    await this.#read()
    return (await readStepOutlines(this.#store, this.id)).map(runStep)
  }

  /** Returns why the run is not running now, in plain sentences. */
  explain(): Promise<Explanation> {
    return explainRun(this.#store, this.id, this.#clock.now())
  }

  /**
   * Cancels a run at once if no worker holds it; otherwise its worker gets the order within a second. An ended run
   * stays unchanged.
   */
  async cancel(write: RunByHand = {}): Promise<{ readonly state: RunState }> {
    return namingStore(this.#store, this.#store.cancel(this.id, runWrite(write)))
  }

  /**
   * Continues a failed, cancelled, expired or blocked run from its stored steps.
   * @throws RunStateError when it has completed or has not ended, or an at-most-once step would run again
   * @throws DuplicateRunError when another run holds its unique key
   */
  async retry(options: RetryRunOptions = {}): Promise<RetryPlan> {
    checkKnownOptions(options, retryOptions, 'retry')
    const { from, runAgain, dryRun, ...write } = options
    const choice: RetryChoice = defined({ from, runAgain })
    if (dryRun) return namingStore(this.#store, this.#store.planRetry(this.id, choice))
    return namingStore(this.#store, this.#store.retry(this.id, choice, runWrite(write)))
  }

  /** Returns the run once it has ended, or its current state when the time is up. */
  async #ended(timeoutMs: number | undefined): Promise<Run> {
    const start = this.#clock.elapsed()
    for (;;) {
      const run = await this.#read()
      const leftMs = timeoutMs === undefined ? undefined : timeoutMs - (this.#clock.elapsed() - start)
      if (isEnd(run.state) || (leftMs !== undefined && leftMs <= 0)) return run
      await this.#ends.ended(this.id, leftMs)
    }
  }

  async #read(): Promise<Run> {
    const run = await this.#store.run(this.id)
    if (run === undefined) throw new UnknownRunError(this.id, this.#store.address)
    return run
  }
}

function runStep({ storedAt, error, result: _, ...step }: StepSummary): RunStep {
  return { ...step, storedAt: new Date(storedAt), ...defined({ error: error && fromStoredError(error) }) }
}

function uniqueOf({ unique }: Run): Pick<RunStatus, 'unique'> {
  if (unique === undefined) return {}
  const { key, until } = unique
  return { unique: { key, until: typeof until === 'number' ? new Date(until) : until } }
}

function errorOf(run: Run): Error | undefined {
  if (run.state === 'failed') return fromStoredError(run.error)
  if (run.state === 'waiting' && run.error !== undefined) return fromStoredError(run.error)
  return run.state === 'blocked' ? new Error(run.reason) : undefined
}
