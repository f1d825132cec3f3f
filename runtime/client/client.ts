/// <reference lib="esnext.disposable" preserve="true" />

import type { Finding } from '../attention/finding.ts'
import { type Explanation, explainRun } from '../describe/explain-run.ts'
import { type Clock, systemClock } from '../model/clock.ts'
import { DuplicateRunError, RunIdConflictError, UnknownJobError } from '../model/errors.ts'
import type { ExpectedMute, ExpectedPause } from '../model/expecting-write.ts'
import { InvalidOptionsError } from '../model/invalid-options-error.ts'
import { isJob, type Job } from '../model/job.ts'
import { checkKnownOptions } from '../model/known-options.ts'
import { hooksOf, type Middleware, through } from '../model/middleware.ts'
import { checkNodeVersion } from '../model/node-version-error.ts'
import { newRunId, type RunId } from '../model/run-id.ts'
import { checkInput } from '../store/check-input.ts'
import { enqueueLimits } from '../store/enqueue-outbox.ts'
import type { NewRun } from '../store/new-run.ts'
import { openStore } from '../store/open-store.ts'
import type { Miscount } from '../store/recount.ts'
import type { EnqueueReply, Inspector, Store } from '../store/store.ts'
import { parseStoreConfig, type StoreConfig, type StoreOptions } from '../store/store-config.ts'
import { Actions } from './actions/actions.ts'
import { type AttentionOptions, attention, type MuteOptions, muteFinding } from './attention.ts'
import {
  type ByHand,
  type ByHandOn,
  expectingWrite,
  operatorWrite,
  type RunByHand,
  runWrite,
} from './by-hand.ts'
import { EndWatch } from './end-watch.ts'
import { type EnqueueOptions, type EnqueuePlan, parseEnqueueOptions } from './enqueue-options.ts'
import { EnqueuedRun, type EnqueueOutcome } from './enqueued-run.ts'
import { Limiters } from './limiters.ts'
import { namingStore } from './naming-store.ts'
import { RunHandle } from './run-handle.ts'
import { Schedules } from './schedules.ts'
import { UniqueKeys } from './unique-keys.ts'

export interface ConnectOptions {
  /** Only the `enqueue` hooks are used here. */
  middleware?: readonly Middleware[]
}

/** The outcome of one run of `enqueueMany`; a duplicate is returned, never thrown. */
export type EnqueueResult<Output = unknown> =
  | (EnqueueOutcome & { readonly handle: RunHandle<Output> })
  | {
      readonly outcome: 'rejected'
      readonly id: RunId
      readonly error: RunIdConflictError | DuplicateRunError
    }

/** Arguments of `enqueue` after the job: the input may be left out if the job takes none. */
export type EnqueueArguments<Input> = undefined extends Input
  ? [input?: Input, options?: EnqueueOptions]
  : [input: Input, options?: EnqueueOptions]

/**
 * Connects to a store, without writing: the first call that writes creates a missing store, and upgrades one of an
 * older version; a read of a missing store throws StoreUnavailableError.
 * @param store `sqlite:PATH` or options; left out: `DURABLE_JOBS_STORE`, else `sqlite:.durable-jobs/jobs.db`
 * @throws InvalidOptionsError, StoreUnavailableError, StoreFormatError, NodeVersionError
 * @example
 * const jobs = await connect()
 * const handle = await jobs.enqueue(welcome, { email: 'ana@example.com' }, { delay: '5m' })
 * const sent = await handle.result({ timeout: '1h' })
 * await jobs.close()
 */
export async function connect(store?: string | StoreOptions, options: ConnectOptions = {}): Promise<Jobs> {
  checkNodeVersion()
  checkKnownOptions(options, ['middleware'], 'connect')
  const config = parseStoreConfig(store)
  return new Jobs(await openStore(config, { prepare: 'at first write' }), config, options.middleware ?? [])
}

/** A connection to a store: enqueue, inspect, and manual actions. */
export class Jobs {
  /** Reads of the store: runs, journals, queues, workers. */
  readonly inspector: Inspector
  /** Cron: schedules, their ledgers, and manual changes. */
  readonly schedules: Schedules
  /** Limiters: inspect, and change them while workers run. */
  readonly limits: Limiters
  /** Retry, cancel or remove many runs at once. */
  readonly actions: Actions
  /** The unique keys that runs hold. */
  readonly unique: UniqueKeys
  readonly #store: Store
  readonly #config: StoreConfig
  readonly #middleware: readonly Middleware[]
  readonly #clock: Clock
  readonly #ends: EndWatch

  constructor(
    store: Store,
    config: StoreConfig,
    middleware: readonly Middleware[],
    clock: Clock = systemClock,
  ) {
    this.#store = store
    this.#config = config
    this.#middleware = middleware
    this.#clock = clock
    this.inspector = store
    this.limits = new Limiters(store)
    this.actions = new Actions(store, clock)
    this.#ends = new EndWatch(store, clock)
    this.schedules = new Schedules(store, clock, config.maxValueBytes, (id) => this.#handle(id))
    this.unique = new UniqueKeys(store, (id) => this.#handle(id))
  }

  /**
   * Recounts all runs and corrects the counters of `inspector.counts`, in short steps while workers keep running.
   * Returns how many runs it inspected and which counters were wrong.
   */
  async recountRuns(): Promise<{ readonly looked: number; readonly miscounts: readonly Miscount[] }> {
    for (let looked = 0; ; ) {
      const report = await this.#store.recount()
      looked += report.looked
      if (report.done) return { looked, miscounts: report.miscounts }
    }
  }

  /**
   * Stores one run. The input is parsed by the job's schema once, here, and the parsed value is stored. The handle's
   * `outcome` says whether that created a run or joined one.
   * @throws InvalidInputError, InvalidOptionsError, SerializationError, RunIdConflictError, DuplicateRunError; then
   * nothing was stored
   */
  async enqueue<Input, Output>(
    job: Job<Input, Output>,
    ...rest: EnqueueArguments<NoInfer<Input>>
  ): Promise<EnqueuedRun<Output>> {
    const [input, options] = rest
    const [result] = await this.#enqueue(job, [input], options)
    if (result === undefined) {
      throw new InvalidOptionsError(
        `an enqueue middleware did not call next(): no run of job '${job.name}' was stored`,
      )
    }
    if (result.outcome === 'rejected') throw result.error
    const deps = { store: this.#store, clock: this.#clock, ends: this.#ends }
    return new EnqueuedRun<Output>(result.handle.id, deps, result)
  }

  /** Stores many runs of one job, all checked before the first is stored. Resolves to the outcome of each, in order. */
  enqueueMany<Input, Output>(
    job: Job<Input, Output>,
    inputs: readonly NoInfer<Input>[],
    options?: Omit<EnqueueOptions, 'id'>,
  ): Promise<EnqueueResult<Output>[]> {
    if (options !== undefined && 'id' in options) {
      return Promise.reject(new InvalidOptionsError('enqueueMany: one id can’t name many runs; omit it'))
    }
    return this.#enqueue(job, inputs, options)
  }

  /** Returns a handle by id, without a round trip; with the job its result is typed. */
  run(id: RunId): RunHandle<unknown>
  run<Output>(job: Job<unknown, Output>, id: RunId): RunHandle<Output>
  run(jobOrId: RunId | Job, id?: RunId): RunHandle<unknown> {
    return this.#handle(typeof jobOrId === 'string' ? jobOrId : (id ?? ''))
  }

  /** Returns why a run is not running now: plain sentences, from the run itself to the cause. */
  explain(id: RunId): Promise<Explanation> {
    return explainRun(this.#store, id, this.#clock.now())
  }

  /**
   * Returns the findings that need a person now, the most severe first, then the oldest. Checks findings that may clear
   * by themselves a second time, a second later.
   * @throws StoreUnavailableError, InvalidOptionsError
   * @example
   * for (const { sentence, next } of await jobs.attention({ severity: 'critical' })) await page(`${sentence} ${next}`)
   */
  attention(options: AttentionOptions = {}): Promise<readonly Finding[]> {
    return attention(this.#store, this.#clock, options)
  }

  /**
   * Hides a finding from `attention` for a while, for all users; a new mute replaces the end of the current one.
   * Resolves to the end.
   * @throws InvalidOptionsError for more than 30 days, and when 200 others are muted
   */
  muteFinding(id: string, options: MuteOptions): Promise<Date> {
    return muteFinding(this.#store, id, options)
  }

  /** Ends a mute early. Resolves to whether there was one. @throws StaleWriteError when it is not as `expected` */
  async unmuteFinding(id: string, write: ByHandOn<ExpectedMute> = {}): Promise<boolean> {
    return this.#store.unmuteFinding(id, expectingWrite(write, ['until']))
  }

  /**
   * Stops claims from a queue; runs already in a slot continue. @throws StaleWriteError when it is not as `expected`
   */
  async pauseQueue(queue: string, write: ByHandOn<ExpectedPause> = {}): Promise<void> {
    return this.#store.pauseQueue(queue, expectingWrite(write, ['pausedAt']))
  }

  /** @throws StaleWriteError when it is not as `expected` */
  async resumeQueue(queue: string, write: ByHandOn<ExpectedPause> = {}): Promise<void> {
    return this.#store.resumeQueue(queue, expectingWrite(write, ['pausedAt']))
  }

  /** Orders a worker to hand its runs over and stop. @throws RunStateError when no such worker lives. */
  drainWorker(worker: string, write: ByHand = {}): Promise<void> {
    return this.#store.drainWorker(worker, operatorWrite(write))
  }

  /** Deletes an ended run with its journal. @throws RunStateError while it has not ended, UnknownRunError. */
  async remove(id: RunId, write: RunByHand = {}): Promise<void> {
    return namingStore(this.#store, this.#store.remove(id, runWrite(write)))
  }

  /** Callers that still wait for a result get StoreUnavailableError. */
  close(): Promise<void> {
    this.#ends.close()
    return this.#store.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #handle<Output>(id: RunId): RunHandle<Output> {
    return new RunHandle<Output>(id, this.#store, this.#clock, this.#ends)
  }

  async #enqueue<Input, Output>(
    job: Job<Input, Output>,
    inputs: readonly unknown[],
    options: EnqueueOptions | undefined,
  ): Promise<EnqueueResult<Output>[]> {
    if (!isJob(job)) throw new UnknownJobError('enqueue: the first argument must be a job made by defineJob')
    const plan = parseEnqueueOptions(options ?? {})
    const headers = { ...plan.run.headers }
    let answers: EnqueueReply[] = []
    let runs: NewRun[] = []
    const context = { job: job.name, input: inputs.length === 1 ? inputs[0] : inputs, headers }
    await through(hooksOf(this.#middleware, 'enqueue'), context, async () => {
      runs = await this.#newRuns(job, inputs, { ...plan, run: { ...plan.run, headers } })
      answers = await this.#insert(runs)
      return answers.map(({ id }) => id)
    })
    const own = plan.id === undefined
    return answers.map((answer, i) => this.#result<Output>(own ? ofOwnId(answer, runs[i]) : answer, runs[i]))
  }

  async #insert(runs: readonly NewRun[]): Promise<EnqueueReply[]> {
    const answers: EnqueueReply[] = []
    for (let i = 0; i < runs.length; i += enqueueLimits.runs) {
      answers.push(...(await this.#store.enqueue(runs.slice(i, i + enqueueLimits.runs))))
    }
    return answers
  }

  #result<Output>(answer: EnqueueReply, run: NewRun | undefined): EnqueueResult<Output> {
    const { id, outcome } = answer
    if (outcome === 'rejected') {
      const error =
        answer.reason === 'duplicate'
          ? new DuplicateRunError(answer.holder, { job: run?.job ?? '', key: run?.unique?.key ?? '' })
          : new RunIdConflictError(id)
      return { outcome, id, error }
    }
    const handle = this.#handle<Output>(id)
    return outcome === 'replaced' ? { outcome, handle, replaced: answer.replaced } : { outcome, handle }
  }

  async #newRuns<Input>(job: Job<Input>, inputs: readonly unknown[], plan: EnqueuePlan): Promise<NewRun[]> {
    const runs: NewRun[] = []
    const { maxValueBytes } = this.#config
    for (const input of inputs) {
      const id = plan.id ?? newRunId(this.#clock.now())
      const checked = await checkInput(job, input, { maxValueBytes, named: plan.id !== undefined })
      runs.push({ id, ...checked, ...plan.run })
    }
    return runs
  }
}

/**
 * No other client has an id that was made here: a run that has it already was created by this enqueue, whose reply was
 * lost.
 */
function ofOwnId(answer: EnqueueReply, run: NewRun | undefined): EnqueueReply {
  return answer.outcome === 'joined' && answer.id === run?.id ? { ...answer, outcome: 'created' } : answer
}
