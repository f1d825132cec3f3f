import { type CancelTimer, type Clock, endsWithin } from '../model/clock.ts'
import { LeaseThreadError, outageKindOf } from '../model/errors.ts'
import { formatDuration } from '../model/format-duration.ts'
import type { Logger } from '../model/job.ts'
import { toStoredError } from '../model/stored-error.ts'
import type { OpenStep } from '../store/open-steps.ts'
import type { LeaseId, Orders, RenewReply, WorkerStatus } from '../store/store.ts'
import type { WorkerReport } from '../store/worker-report.ts'
import {
  beatSlots,
  type FromLeaseThread,
  type LeaseThreadData,
  renewalShare,
  type ToLeaseThread,
} from './lease-messages.ts'
import { OpenStepsReport } from './open-steps-report.ts'
import type { OutageLog } from './outage-log.ts'
import type { SelfReport } from './self-report.ts'
import { type RunningLeaseThread, startLeaseThread } from './start-lease-thread.ts'
import { stopMarginMs, type WorkerConfig } from './worker-options.ts'

export interface LeaseKeeperDeps {
  readonly clock: Clock
  readonly log: Logger
  readonly status: () => WorkerStatus
  /** Per run that the worker holds, the step in which it has been for longest. */
  readonly openSteps: () => readonly OpenStep[]
  readonly report: Pick<SelfReport, 'next' | 'whole'>
  /** Whether the worker leads although a duty of it is dead. */
  readonly hasDeadDuty: () => boolean
  readonly renew: (lease: LeaseId) => Promise<RenewReply>
  readonly outages: Pick<OutageLog, 'failed' | 'succeeded'>
  readonly onOrders: (lease: LeaseId, orders: Orders) => void
  readonly onLost: (lease: LeaseId) => void
  /** The thread is gone for good: the worker has to end (K3). */
  readonly onGone: (error: unknown) => void
}

const beatMs = 200
/** The name of the thread's calls in the record of outages. */
const threadCall = 'lease thread'
/** How often a thread that died is restarted. A recurring fault needs a new process, started by the platform. */
const restarts = { max: 3, perMs: 10 * 60_000 } as const

/**
 * The main thread's side of the lease thread.
 * K1  The thread renews; when no renewal has succeeded for half a lease, the main loop renews too.
 * K2  Messages about another lease than the current one are ignored (R18).
 * K3  A thread that dies is started again, on the same health port. When it dies too often or can't come up,
 *     `onGone` is called once.
 * K4  The thread gets the open steps once per renewal, shortly before it is due, to send them with it.
 * K5  The thread is told of a drain when it begins, and renews at once: the fleet is to know it within a call. So it is when
 *     the worker has news of its task; what changes of that beside goes as the open steps do.
 */
export class LeaseKeeper {
  readonly #deps: LeaseKeeperDeps
  readonly #leaseMs: number
  readonly #maxBlockedMs: number
  readonly #password: () => string | undefined | Promise<string>
  readonly #beats: Int32Array
  readonly #data: LeaseThreadData
  readonly #diedAt: number[] = []
  readonly #openSteps = new OpenStepsReport()
  #toldAt = Number.NEGATIVE_INFINITY
  #thread: RunningLeaseThread | undefined
  #ended: Promise<void> = Promise.resolve()
  #stopping = false
  #lease: LeaseId | undefined
  #heldAt: number
  #renewing = false
  #choked = false
  #beatAt: number
  #cancelBeat: CancelTimer = () => undefined

  constructor(config: WorkerConfig, deps: LeaseKeeperDeps) {
    this.#deps = deps
    this.#leaseMs = config.leaseMs
    this.#maxBlockedMs = config.maxBlockedMs
    this.#heldAt = deps.clock.elapsed()
    this.#beatAt = this.#heldAt
    this.#beats = new Int32Array(new SharedArrayBuffer(beatSlots.length * Int32Array.BYTES_PER_ELEMENT))
    const { store, leaseMs, maxBlockedMs, healthPort } = config
    const { password } = store
    this.#password = typeof password === 'function' ? password : () => password
    this.#data = {
      store: { ...store, password: typeof password === 'function' ? undefined : password },
      asksForPassword: typeof password === 'function',
      ...{ leaseMs, maxBlockedMs, healthPort, beats: this.#beats },
    }
  }

  /** Resolves when the thread is up. @throws LeaseThreadError, HealthPortError */
  async start(): Promise<void> {
    this.#beat()
    this.#ended = this.#keepRunning(await this.#startThread(this.#data))
  }

  /** The port of the health server, or undefined when there is none. */
  get healthPort(): number | undefined {
    return this.#thread?.healthPort
  }

  /** Whether the event loop was blocked for longer than `maxBlocked` under the current or the last lease. */
  get choked(): boolean {
    this.#noteSilence()
    return this.#choked
  }

  /** Keeps this lease alive from now on. */
  keep(lease: LeaseId): void {
    this.#lease = lease
    this.#noteSilence()
    this.#choked = false
    this.#heldAt = this.#deps.clock.elapsed()
    this.#openSteps.forget()
    this.#send({ kind: 'keep', lease })
  }

  /** Tells the store at once why this worker drains (K5). */
  tellDrain(): void {
    const { drain } = this.#deps.status()
    if (drain !== undefined) this.#send({ kind: 'drain', drain })
  }

  /** Reports news of this worker's task to the store at once (K5). */
  tellReport(): void {
    this.#sendReport(this.#deps.report.next(), true)
  }

  /**
   * Resolves when the thread no longer renews: only then the lease may be resigned (R18). A thread that waits for its
   * store is ended after `withinMs`.
   */
  async stop(withinMs: number = stopMarginMs): Promise<void> {
    this.#lease = undefined
    this.#stopping = true
    this.#cancelBeat()
    this.#send({ kind: 'stop' })
    if (await endsWithin(this.#deps.clock, this.#ended, withinMs)) return
    this.#thread?.terminate()
    await this.#ended
  }

  async #startThread(data: LeaseThreadData): Promise<RunningLeaseThread> {
    const thread = await startLeaseThread(data, (message) => this.#heardFromThread(message))
    this.#thread = thread
    // Messages that were sent while there was no thread.
    if (this.#lease !== undefined) this.#send({ kind: 'keep', lease: this.#lease })
    this.#openSteps.doubt()
    this.tellDrain()
    if (this.#lease !== undefined) this.#sendReport(this.#deps.report.whole(), false)
    if (this.#stopping) this.#send({ kind: 'stop' })
    const { healthPort } = thread
    if (healthPort !== undefined) {
      this.#deps.log.info({ port: healthPort }, 'health endpoints /live and /ready listen')
    }
    return thread
  }

  /** K3. Resolves when the thread has ended, for good. */
  async #keepRunning(first: RunningLeaseThread): Promise<void> {
    const { log, onGone } = this.#deps
    for (let thread = first; ; ) {
      const why = await thread.ended
      if (this.#stopping) return
      log.error({ err: toStoredError(why) }, 'the lease thread died')
      try {
        this.#countDeath(why)
        thread = await this.#startThread({ ...this.#data, healthPort: thread.healthPort })
      } catch (error) {
        if (!this.#stopping) onGone(error)
        return
      }
    }
  }

  #countDeath(why: Error): void {
    const now = this.#deps.clock.elapsed()
    this.#diedAt.push(now)
    const lately = this.#diedAt.filter((at) => now - at < restarts.perMs).length
    if (lately <= restarts.max) return
    const message =
      `the thread that renews the worker's lease died ${lately} times within ${formatDuration(restarts.perMs)}, ` +
      `last of: ${why.message}; a worker doesn't run without it, start a new process`
    throw new LeaseThreadError(message, { cause: why })
  }

  #send(message: ToLeaseThread): void {
    this.#thread?.post(message)
  }

  #noteSilence(): void {
    const now = this.#deps.clock.elapsed()
    if (now - this.#beatAt > this.#maxBlockedMs) this.#choked = true
    this.#beatAt = now
  }

  #beat(): void {
    this.#noteSilence()
    Atomics.add(this.#beats, beatSlots.beat, 1)
    const { draining } = this.#deps.status()
    Atomics.store(this.#beats, beatSlots.draining, draining ? 1 : 0)
    Atomics.store(this.#beats, beatSlots.deadDuty, this.#deps.hasDeadDuty() ? 1 : 0)
    this.#tellNews()
    void this.#renewIfThreadIsSilent()
    this.#cancelBeat = this.#deps.clock.after(beatMs, () => this.#beat())
  }

  /** K4, K5. */
  #tellNews(): void {
    const now = this.#deps.clock.elapsed()
    const dueAt = Math.max(this.#heldAt, this.#toldAt) + this.#leaseMs * renewalShare
    if (this.#lease === undefined || now < dueAt - beatMs) return
    this.#toldAt = now
    const told = this.#openSteps.next(this.#deps.openSteps())
    if (told !== undefined) this.#send({ kind: 'open steps', lease: this.#lease, told })
    this.#sendReport(this.#deps.report.next(), false)
  }

  #sendReport(report: WorkerReport | undefined, atOnce: boolean): void {
    if (report !== undefined) this.#send({ kind: 'report', report, atOnce })
  }

  /** K1. */
  async #renewIfThreadIsSilent(): Promise<void> {
    const lease = this.#lease
    const silentMs = this.#deps.clock.elapsed() - this.#heldAt
    if (lease === undefined || this.#renewing || silentMs < this.#leaseMs / 2) return
    this.#renewing = true
    try {
      const answer = await this.#deps.renew(lease)
      this.#heard(
        answer.kind === 'lost' ? { kind: 'lost', lease } : { kind: 'held', lease, orders: answer.orders },
      )
    } catch (error) {
      if (outageKindOf(error) === undefined) {
        this.#deps.log.warn({ err: toStoredError(error) }, 'the lease could not be renewed')
      }
    } finally {
      this.#renewing = false
    }
  }

  async #tellPassword(): Promise<void> {
    try {
      this.#send({ kind: 'password', password: (await this.#password()) ?? '' })
    } catch (error) {
      this.#deps.log.error({ err: error }, 'the password function failed; the lease thread can’t connect')
      const { message } = toStoredError(error)
      this.#send({ kind: 'password failed', reason: message })
    }
  }

  /** Not in `#heard`: a renewal by the main loop (K1) proves nothing about the thread's own connection. */
  #heardFromThread(message: FromLeaseThread): void {
    if (message.kind === 'held' || message.kind === 'lost') this.#deps.outages.succeeded(threadCall)
    this.#heard(message)
  }

  #heard(message: FromLeaseThread): void {
    const { log, outages } = this.#deps
    switch (message.kind) {
      case 'held':
        if (message.lease !== this.#lease) return
        this.#heldAt = this.#deps.clock.elapsed()
        this.#deps.onOrders(message.lease, message.orders)
        return
      case 'lost':
        if (message.lease !== this.#lease) return
        this.#lease = undefined
        this.#deps.onLost(message.lease)
        return
      case 'password wanted':
        void this.#tellPassword()
        return
      case 'blocked':
        log.error({ silentMs: message.silentMs }, 'a step blocks the event loop for longer than maxBlocked')
        return
      case 'failed':
        if (message.outage === undefined) {
          log.warn({ reason: message.reason }, 'the lease thread could not renew')
        } else outages.failed(threadCall, message.outage, message.reason, message.tookMs)
        return
      case 'up':
      case 'health port taken':
        // startLeaseThread reports how a start ended.
        return
    }
  }
}
