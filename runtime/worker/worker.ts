import { hostname } from 'node:os'
import { CronDuty } from '../coordination/cron-duty.ts'
import { DeadlockDuty } from '../coordination/deadlock-duty.ts'
import type { Duty } from '../coordination/duty.ts'
import { settleGraceMs } from '../coordination/elector.ts'
import { type Leader, Leadership } from '../coordination/leadership.ts'
import { MetricsDuty } from '../coordination/metrics-duty.ts'
import type { LeaderFunction } from '../coordination/role-runner.ts'
import { SweepDuty } from '../coordination/sweep-duty.ts'
import type { RunExecutor } from '../execution/run-executor.ts'
import { type Clock, endsWithin, pause } from '../model/clock.ts'
import { type Duration, parseDuration } from '../model/duration.ts'
import { outageKindOf } from '../model/errors.ts'
import { handled } from '../model/handled.ts'
import { InvalidOptionsError } from '../model/invalid-options-error.ts'
import { checkKnownOptions } from '../model/known-options.ts'
import { checkNodeVersion } from '../model/node-version-error.ts'
import type { RunId } from '../model/run-id.ts'
import { type StoredError, toStoredError } from '../model/stored-error.ts'
import { TimeBudget } from '../model/time-budget.ts'
import { untilReplied } from '../model/until-replied.ts'
import type { WorkerDefinition } from '../store/definitions.ts'
import { openStore } from '../store/open-store.ts'
import type { Store, Unsubscribe, WorkerStatus } from '../store/store.ts'
import { leaderRole } from '../store/terms.ts'
import type { DrainCause, RunDrainPlan } from '../store/worker-drain.ts'
import { declaredDefinitions } from './declared-definitions.ts'
import { logCutRuns, logDrainPlan, logUncutRuns, logUnknownSteps } from './drain-plan-log.ts'
import { LeaseKeeper } from './lease-keeper.ts'
import { LeaseSession } from './lease-session.ts'
import { OutageLog } from './outage-log.ts'
import { OwnTask } from './own-task.ts'
import { packageManagerAsInit } from './package-manager.ts'
import { noRunProtection, TaskRunProtection } from './run-protection.ts'
import { onStopSignals } from './stop-signals.ts'
import { taskConcurrency } from './task-concurrency.ts'
import { parseWorkerOptions, stopMarginMs, type WorkerConfig, type WorkerOptions } from './worker-options.ts'

type Phase = 'new' | 'starting' | 'working' | 'draining' | 'stopped'

/** For the reply to a resignation, in addition to the time granted to the work of a term. */
const resignMs = 1_000
/** A middleware that never ends must not keep `stop()` from ending. */
const maxUnwindMs = 10_000

/**
 * Works on the runs of its jobs, as one process or as a part of it.
 * @throws InvalidOptionsError, NodeVersionError
 * @example
 * const worker = createWorker({ jobs: [welcome], concurrency: 20 })
 * await worker.run() // until SIGTERM: hands its runs over and exits 0
 */
export function createWorker(options: WorkerOptions): Worker {
  checkNodeVersion()
  return new Worker(parseWorkerOptions(options))
}

type StopTimes = Pick<WorkerConfig, 'drainMs' | 'stopMs'>

/** A drain in progress. */
interface Drain {
  readonly why: DrainCause
  /** By the elapsed time. */
  readonly begunAt: number
  /** For runs to reach a step edge. */
  readonly budget: TimeBudget
}

/** Opens the store of a worker; a test wraps it to fail or to kill at a chosen call. */
export type StoreOpener = (config: WorkerConfig) => Promise<Store>

export class Worker {
  readonly name: string
  #config: WorkerConfig
  readonly #clock: Clock
  readonly #open: StoreOpener
  readonly #leadership: Leadership
  readonly #outages: OutageLog
  readonly #executors = new Map<RunId, RunExecutor>()
  /** The definitions that its code declares besides its jobs, once checked. */
  #definitions: readonly WorkerDefinition[] | undefined
  #phase: Phase = 'new'
  #store: Store | undefined
  #keeper: LeaseKeeper | undefined
  #task: OwnTask | undefined
  #session: LeaseSession | undefined
  #stopping: Promise<void> | undefined
  #drain: Drain | undefined
  /** A start or a change of leases in progress: a stop waits for its end. */
  #changing: Promise<void> = Promise.resolve()
  #hurry = new AbortController()
  #exitCode: 0 | 1 = 0
  #ended: () => void = () => undefined
  /** Resolves when the worker has stopped, for any reason. */
  readonly stopped: Promise<void> = new Promise((resolve) => {
    this.#ended = resolve
  })

  constructor(config: WorkerConfig, open: StoreOpener = ({ store, clock }) => openStore(store, { clock })) {
    this.#config = config
    this.#clock = config.clock
    this.#open = open
    this.name = config.name
    const { clock, log, campaigns, terms } = config
    this.#outages = new OutageLog({ clock, log })
    this.#leadership = new Leadership({ clock, log, campaigns, times: terms })
  }

  /** Whether this worker leads the fleet now, and the number of its term. */
  get leader(): Leader {
    return this.#leadership.leader
  }

  /**
   * Calls `lead` once for each term in which this worker leads the fleet, or holds the named role, on one worker at a
   * time. Its signal aborts when the term ends, and it has 5 s then; an error that it throws is logged, and it is
   * called again while the term lasts. May be called before `start`. Returns a function that unsubscribes.
   * @throws InvalidOptionsError
   * @example
   * worker.onLeader('reports', async ({ signal, fence }) => {
   *   while (!signal.aborted) await sendDueReports({ signal, fence })
   * })
   */
  onLeader(lead: LeaderFunction): Unsubscribe
  onLeader(role: string, lead: LeaderFunction): Unsubscribe
  onLeader(first: string | LeaderFunction, lead?: LeaderFunction): Unsubscribe {
    return typeof first === 'function'
      ? this.#leadership.listen(leaderRole, first)
      : this.#leadership.listen(first, lead as LeaderFunction)
  }

  /**
   * Opens the store, starts the lease thread and the health server, registers and begins to claim. When it rejects,
   * nothing is registered.
   * @throws StoreUnavailableError, StoreFormatError, LeaseThreadError, HealthPortError
   */
  async start(): Promise<void> {
    if (this.#phase !== 'new')
      throw new InvalidOptionsError(`worker ${this.name} was started before; make a new one`)
    this.#phase = 'starting'
    this.#changing = this.#openAndBegin()
    await this.#changing
  }

  get #isStopped(): boolean {
    return this.#phase === 'stopped'
  }

  async #openAndBegin(): Promise<void> {
    try {
      const store = this.#outages.watch(await this.#open(this.#config))
      if (this.#isStopped) return await store.close()
      this.#store = store
      this.#task = await this.#openTask()
      this.#leadership.open(this.#store, [...this.#duties(store), ...(await this.#task.duties(store))])
      this.#keeper = this.#makeKeeper(this.#store, this.#task)
      // Before it registers: a worker whose thread or health port is missing must leave nothing in the store.
      await this.#keeper.start()
      await this.#beginSession(this.#store)
      this.#task.watchPeers(() => store.workers())
    } catch (error) {
      await this.#keeper?.stop(resignMs)
      await this.#task?.close()
      await this.#store?.close()
      this.#phase = 'stopped'
      this.#ended()
      throw error
    }
    // A stop that came meanwhile waits for this, and continues from here.
    if (this.#phase === 'starting') this.#phase = 'working'
    void this.#warnOfFaults(this.#store)
    const { registered, concurrency, log } = this.#config
    log.info({ worker: this.name, jobs: registered.map(({ name }) => name), concurrency }, 'worker started')
  }

  async #openTask(): Promise<OwnTask> {
    const plan = (): readonly RunDrainPlan[] =>
      this.#drain === undefined ? [] : (this.#session?.drainPlan ?? [])
    const task = await OwnTask.open(this.#config, plan)
    this.#config = taskConcurrency(this.#config, await task.known())
    task.protection?.onChange(() => this.#session?.hint())
    task.onChange(() => this.#keeper?.tellReport())
    return task
  }

  /** The log of a worker's start should warn of a server that may delete runs, not only `doctor` afterwards. */
  async #warnOfFaults(store: Store): Promise<void> {
    const checks = await store.checks('quick').catch(() => [])
    for (const { name, verdict, found, remedy } of checks) {
      // This worker is about to take over a dead worker's runs.
      if (verdict === 'fault' && name !== 'workers') {
        this.#config.log.warn({ check: name, found, remedy }, 'the store has a fault')
      }
    }
  }

  /** The port of the health server once it listens, or undefined when there is none. */
  async healthPort(): Promise<number | undefined> {
    return this.#keeper?.healthPort
  }

  /**
   * Takes no more runs, hands over the current ones at their next step edge, and gives up after `timeout` those that
   * reach none. Resolves when the bodies of its steps have ended too, at most 5 s after `timeout`; left out, within
   * `stopTimeout`. When the store can't be reached, its runs continue elsewhere once their lease has expired, and a log
   * line says so.
   */
  stop(options: { timeout?: Duration } = {}): Promise<void> {
    checkKnownOptions(options, ['timeout'], 'stop')
    const ms = options.timeout === undefined ? undefined : parseDuration(options.timeout, 'stop: timeout')
    return this.#stop(
      { cause: 'program' },
      ms === undefined ? this.#config : { drainMs: ms, stopMs: ms + stopMarginMs },
    )
  }

  #stop(why: DrainCause, times: StopTimes = this.#config): Promise<void> {
    // A signal or an order stops the worker without a caller that awaits it.
    this.#stopping ??= handled(this.#shutDown(why, times), (error) =>
      this.#config.log.error({ err: toStoredError(error) }, 'the worker did not stop cleanly'),
    )
    return this.#stopping
  }

  /**
   * Starts, works until a stop signal, a drain order or `stop()`, and resolves to the exit code: 0 once everything is
   * handed over, 1 when it could not start, its lease thread is gone, the store was gone so that runs continue
   * elsewhere only after its lease, or an at-most-once body was still running when it had to end. After a signal it
   * exits the process with that code by itself.
   */
  async run(): Promise<number> {
    const { handleSignals, log } = this.#config
    const signals = handleSignals
      ? onStopSignals((signal, repeated) => this.#signalled(signal, repeated))
      : undefined
    const init = handleSignals ? packageManagerAsInit() : undefined
    if (init !== undefined) {
      log.warn(
        { init },
        `${init} is process 1 of this container: on SIGTERM it exits within a second, and this process with it; ` +
          'start node or node_modules/.bin/durable-jobs instead',
      )
    }
    try {
      // A stop that comes meanwhile may be over before a hanging store lets the start fail.
      const started = this.start()
      await Promise.race([started, this.stopped.then(() => endsWithin(this.#clock, started, 0))])
    } catch (error) {
      log.error({ err: toStoredError(error) }, 'the worker could not start')
      signals?.release()
      return 1
    }
    await this.stopped
    const bySignal = signals?.received ?? false
    signals?.release()
    // Bodies that ignore their signals must not keep a drained process alive until SIGKILL.
    if (bySignal) process.exit(this.#exitCode)
    return this.#exitCode
  }

  #signalled(signal: string, repeated: boolean): void {
    this.#config.log.info({ signal }, repeated ? 'second signal: handing over at once' : 'draining')
    if (repeated) this.#hurry.abort()
    void this.#stop({ cause: 'signal', signal })
  }

  #makeKeeper(store: Store, { report }: OwnTask): LeaseKeeper {
    return new LeaseKeeper(this.#config, {
      clock: this.#clock,
      log: this.#config.log,
      status: () => this.#status(),
      openSteps: () => this.#session?.openSteps ?? [],
      report,
      hasDeadDuty: () => this.#leadership.hasDeadDuty,
      renew: (lease) => store.renew(lease, this.#status()),
      outages: this.#outages,
      onOrders: (lease, orders) => {
        if (this.#session?.lease === lease) this.#session.ordered(orders)
      },
      onLost: (lease) => {
        if (this.#session?.lease === lease) this.#replace(store, this.#session)
      },
      onGone: (error) => {
        this.#config.log.error({ err: toStoredError(error) }, 'the worker ends: its lease thread is gone')
        this.#exitCode = 1
        void this.#stop({ cause: 'lease thread' })
      },
    })
  }

  #status(): WorkerStatus {
    // Even after it stopped: an at-most-once body may still keep its lease.
    return {
      draining: this.#phase === 'draining' || this.#phase === 'stopped',
      ...this.#drainStatus(),
    }
  }

  #drainStatus(): Pick<WorkerStatus, 'drain'> {
    if (this.#drain === undefined) return {}
    const { why, begunAt, budget } = this.#drain
    const agoMs = Math.round(this.#clock.elapsed() - begunAt)
    return { drain: { ...why, agoMs, leftMs: Math.round(budget.leftMs) } }
  }

  async #beginSession(store: Store): Promise<void> {
    const { registered, limiters, queues, queueOrder, concurrency, leaseMs } = this.#config
    const protection = this.#task?.protection
    const session = new LeaseSession(store, this.#config, {
      executors: this.#executors,
      protection:
        protection === undefined ? noRunProtection : new TaskRunProtection(protection, this.#config.log),
      onDrainOrder: () => void this.#stop({ cause: 'order' }),
      onLost: () => this.#replace(store, session),
    })
    this.#definitions ??= await declaredDefinitions(
      this.#config.jobs.values(),
      this.#config.store.maxValueBytes,
    )
    const report = this.#task?.report.whole()
    await store.register({
      lease: session.lease,
      name: this.name,
      host: hostname(),
      pid: process.pid,
      node: process.version,
      concurrency,
      leaseMs,
      jobs: registered,
      definitions: this.#definitions,
      limiters,
      ...(queues === undefined ? {} : { queues }),
      queueOrder,
      draining: this.#phase === 'draining',
      ...(report === undefined ? {} : { report }),
    })
    this.#session = session
    this.#keeper?.keep(session.lease)
    session.begin()
    this.#leadership.begin(session.lease)
  }

  /** The leader's duties for the fleet. */
  #duties(store: Store): Duty[] {
    const { clock, emfNamespace: namespace, log } = this.#config
    const print = (line: string): void => void process.stdout.write(`${line}\n`)
    return [
      ...[new SweepDuty(store, this.#config), new CronDuty(store, log), new DeadlockDuty(store, log)],
      ...(namespace === undefined ? [] : [new MetricsDuty(store, { clock, namespace, print })]),
    ]
  }

  #replace(store: Store, lost: LeaseSession): void {
    // A renewal and a comparison may both find the lease gone: a stop waits for the change that the first one began.
    if (this.#session !== lost) return
    this.#changing = this.#replaceSession(store, lost).catch((error: unknown) =>
      this.#config.log.error({ err: toStoredError(error) }, 'the worker could not go on under a new lease'),
    )
  }

  /** The lease is lost: everything under it ends, and the worker continues under a new one. */
  async #replaceSession(store: Store, lost: LeaseSession): Promise<void> {
    this.#session = undefined
    this.#leadership.lose()
    this.#outages.forget()
    this.#config.log.error({ lease: lost.lease }, 'the lease was lost: its runs go on elsewhere')
    const choked = this.#keeper?.choked ?? false
    await lost.lose()
    await store.resign(lost.lease, []).catch(() => undefined)
    const registerAgain = async (): Promise<void> => {
      // A process with a blocked event loop may have cut its connections itself: its losses count.
      if (!choked) await this.#reportCut(store, lost)
      await this.#beginSession(store)
    }
    const onFailure = (error: unknown): void => {
      if (outageKindOf(error) !== undefined) return
      this.#config.log.warn(
        { err: toStoredError(error) },
        'the worker could not register again; it keeps trying',
      )
    }
    const goesOn = (): boolean => this.#phase === 'working'
    const options = { clock: this.#clock, over: this.#hurry.signal, goesOn, onFailure }
    await untilReplied(registerAgain, options, undefined)
  }

  /** Peers declared a worker with cut connections dead: these losses must not count against its runs. */
  async #reportCut(store: Store, lost: LeaseSession): Promise<void> {
    if ((await store.reportCut(lost.lease)) === 'not cut') return
    this.#config.log.warn(
      { lease: lost.lease },
      'this worker lost its connections and its peers took it for dead; its runs continue elsewhere and the loss does not ' +
        'count against them; check the network to the store',
    )
  }

  /** Each store call of a stop gets the rest of the stop's time, so that an unreachable store can't stretch it. */
  async #shutDown(why: DrainCause, { drainMs, stopMs }: StopTimes): Promise<void> {
    if (this.#phase === 'new' || this.#phase === 'stopped') {
      this.#phase = 'stopped'
      this.#ended()
      return
    }
    this.#phase = 'draining'
    this.#task?.protection?.drain()
    const whole = new TimeBudget(this.#clock, stopMs)
    const drain = new TimeBudget(this.#clock, drainMs)
    this.#drain = { why, begunAt: this.#clock.elapsed(), budget: drain }
    this.#keeper?.tellDrain()
    // First of all: the fleet must not wait for its next leader as long as for this worker's runs.
    const maxMs = Math.min(drainMs, settleGraceMs) + resignMs
    const resigned = this.#leadership.resign(maxMs, this.#hurry.signal)
    await whole.wait(this.#changing.catch(() => undefined))
    const session = this.#session
    session?.drain()
    this.#keeper?.tellReport()
    logDrainPlan(this.#config.log, session?.drainPlan ?? [], drain.leftMs)
    await this.#drained(session, drain.leftMs)
    logCutRuns(this.#config.log, session?.drainPlan ?? [])
    await this.#lastCalls(whole).wait(resigned)
    const kept = session?.insideOnce === true && !(await this.#finishOnce(session, whole))
    if (kept) {
      this.#exitCode = 1
      logUnknownSteps(this.#config.log, session.drainPlan)
    } else await this.#leave(session, this.#lastCalls(whole))
    this.#phase = 'stopped'
    this.#config.log.info({ worker: this.name }, 'worker stopped')
    this.#ended()
    // In a process that lives on, an at-most-once body keeps its lease until it has ended (R12).
    if (kept) {
      await session.empty()
      await this.#leave(session, this.#lastCalls(new TimeBudget(this.#clock, stopMarginMs)))
    }
    this.#outages.close()
    await whole.wait(Promise.all([...this.#executors.values()].map(({ ended }) => ended)), maxUnwindMs)
    // Its runs have left their slots: protection is released.
    if (this.#task !== undefined) await whole.wait(this.#task.close())
    if (this.#store !== undefined) await whole.wait(this.#store.close())
  }

  /** Resolves when no slot is taken, after `ms`, or at a second signal. */
  async #drained(session: LeaseSession | undefined, ms: number): Promise<void> {
    if (session !== undefined) await this.#unlessHurried(session.empty(), ms)
  }

  /**
   * Hands over all runs that are not in an at-most-once body, and lets these bodies continue until the process must end
   * or a second signal: the outcome of a cut one is unknown (R12). Returns whether they have ended.
   */
  async #finishOnce(session: LeaseSession, whole: TimeBudget): Promise<boolean> {
    // Read first: a body that ends meanwhile still has to store its end.
    const ended = session.onceEnded()
    await this.#handOver(session, this.#lastCalls(whole))
    if (!this.#hurry.signal.aborted) logUncutRuns(this.#config.log, session.drainPlan, whole.leftMs)
    // If such a body has ended and another step holds its run up, the run can be handed over.
    return (await this.#unlessHurried(ended, whole.leftMs)) || !session.insideOnce
  }

  /** Resolves when `work` has ended, after `ms`, or at a second signal. Returns whether it has ended. */
  async #unlessHurried(work: Promise<unknown>, ms: number): Promise<boolean> {
    const enough = new AbortController()
    const late = pause(this.#clock, ms, AbortSignal.any([enough.signal, this.#hurry.signal]))
    const hasEnded = await Promise.race([work.then(() => true), late.then(() => false)])
    enough.abort()
    return hasEnded
  }

  /** For the last calls: during an outage they are tried once, without the usual wait. */
  #lastCalls(whole: TimeBudget): TimeBudget {
    return this.#outages.isOut ? new TimeBudget(this.#clock, Math.min(whole.leftMs, resignMs)) : whole
  }

  async #handOver(session: LeaseSession, last: TimeBudget): Promise<void> {
    const held = session.held
    await this.#tellLeft(held, () => last.wait(session.handOverAll()))
  }

  /** R18: the thread has stopped before the lease is resigned; resigning is the last store call. */
  async #leave(session: LeaseSession | undefined, last: TimeBudget): Promise<void> {
    await this.#keeper?.stop(last.leftMs / 2)
    if (session === undefined) return
    const held = session.held
    await this.#tellLeft(held, () => last.wait(session.resign()))
  }

  /** Logs what will happen to the runs when the store did not take them back. */
  async #tellLeft(held: number, handOver: () => Promise<boolean>): Promise<void> {
    const { log, leaseMs } = this.#config
    let err: StoredError | undefined
    try {
      if (await handOver()) return
    } catch (error) {
      err = toStoredError(error)
    }
    if (held > 0) this.#exitCode = 1
    const fields = { worker: this.name, runs: held, leaseMs, ...(err === undefined ? {} : { err }) }
    if (held === 0) log.warn(fields, 'the lease could not be resigned; it will expire')
    else log.error(fields, 'runs could not be handed over; they go on elsewhere when their lease has expired')
  }
}
