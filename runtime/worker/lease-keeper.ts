import { Worker as Thread } from 'node:worker_threads'
import type { CancelTimer, Clock } from '../model/clock.ts'
import type { Logger } from '../model/job.ts'
import { toStoredError } from '../model/stored-error.ts'
import type { LeaseId, Orders, RenewAnswer, WorkerStatus } from '../store/store.ts'
import {
  beatSlots,
  type FromLeaseThread,
  type LeaseThreadData,
  type ToLeaseThread,
} from './lease-messages.ts'
import type { WorkerConfig } from './worker-options.ts'

export interface LeaseKeeperSeams {
  readonly clock: Clock
  readonly log: Logger
  readonly status: () => WorkerStatus
  /** Whether the worker leads although a duty of it is dead. */
  readonly hasDeadDuty: () => boolean
  readonly renew: (lease: LeaseId) => Promise<RenewAnswer>
  readonly onOrders: (lease: LeaseId, orders: Orders) => void
  readonly onLost: (lease: LeaseId) => void
}

const beatMs = 200

/**
 * The main thread's side of the lease thread.
 * K1  The thread renews; when nothing good was heard for half a lease, the main loop renews too (R18).
 * K2  Messages about another lease than the current one are ignored.
 */
export class LeaseKeeper {
  readonly #seams: LeaseKeeperSeams
  readonly #leaseMs: number
  readonly #password: () => string | undefined | Promise<string>
  readonly #beats: Int32Array
  readonly #thread: Thread
  readonly #stopped: Promise<void>
  readonly #listening: Promise<number | undefined>
  #lease: LeaseId | undefined
  #heldAt: number
  #renewing = false
  #cancelBeat: CancelTimer = () => undefined

  constructor(config: WorkerConfig, seams: LeaseKeeperSeams) {
    this.#seams = seams
    this.#leaseMs = config.leaseMs
    this.#heldAt = seams.clock.elapsed()
    this.#beats = new Int32Array(new SharedArrayBuffer(beatSlots.length * Int32Array.BYTES_PER_ELEMENT))
    const { store, leaseMs, maxBlockedMs, healthPort } = config
    const { password } = store
    this.#password = typeof password === 'function' ? password : () => password
    const data: LeaseThreadData = {
      store: { ...store, password: typeof password === 'function' ? undefined : password },
      asksForPassword: typeof password === 'function',
      ...{ leaseMs, maxBlockedMs, healthPort, beats: this.#beats },
    }
    // The file's own ending: the sources run as they are, the build as JavaScript.
    const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
    this.#thread = new Thread(new URL(`./lease-thread.${ending}`, import.meta.url), {
      workerData: data,
      execArgv: ['--disable-warning=ExperimentalWarning'],
    })
    this.#listening = new Promise((resolve) => {
      if (healthPort === undefined) resolve(undefined)
      this.#thread.on('message', (message: FromLeaseThread) => {
        if (message.kind === 'listening') resolve(message.port)
        if (message.kind === 'health port taken') resolve(undefined)
      })
    })
    this.#stopped = new Promise((resolve) => this.#thread.once('exit', () => resolve()))
    this.#thread.on('message', (message: FromLeaseThread) => this.#heard(message))
    this.#thread.on('error', (error) => seams.log.error({ err: error }, 'the lease thread failed'))
    this.#beat()
  }

  /** The port of the health server, or undefined when there is none. */
  get healthPort(): Promise<number | undefined> {
    return this.#listening
  }

  /** Keeps this lease alive from now on. */
  keep(lease: LeaseId): void {
    this.#lease = lease
    this.#heldAt = this.#seams.clock.elapsed()
    this.#send({ kind: 'keep', lease })
  }

  /** Resolves when the thread renews no more: only then the lease may be resigned (R18). */
  async stop(): Promise<void> {
    this.#lease = undefined
    this.#cancelBeat()
    this.#send({ kind: 'stop' })
    await this.#stopped
  }

  #send(message: ToLeaseThread): void {
    this.#thread.postMessage(message)
  }

  #beat(): void {
    Atomics.add(this.#beats, beatSlots.beat, 1)
    const { draining } = this.#seams.status()
    Atomics.store(this.#beats, beatSlots.draining, draining ? 1 : 0)
    Atomics.store(this.#beats, beatSlots.deadDuty, this.#seams.hasDeadDuty() ? 1 : 0)
    void this.#renewIfThreadIsSilent()
    this.#cancelBeat = this.#seams.clock.after(beatMs, () => this.#beat())
  }

  /** K1. */
  async #renewIfThreadIsSilent(): Promise<void> {
    const lease = this.#lease
    const silentMs = this.#seams.clock.elapsed() - this.#heldAt
    if (lease === undefined || this.#renewing || silentMs < this.#leaseMs / 2) return
    this.#renewing = true
    try {
      const answer = await this.#seams.renew(lease)
      this.#heard(
        answer.kind === 'lost' ? { kind: 'lost', lease } : { kind: 'held', lease, orders: answer.orders },
      )
    } catch (error) {
      this.#seams.log.warn({ err: error }, 'the lease could not be renewed')
    } finally {
      this.#renewing = false
    }
  }

  async #tellPassword(): Promise<void> {
    try {
      this.#send({ kind: 'password', password: (await this.#password()) ?? '' })
    } catch (error) {
      this.#seams.log.error({ err: error }, 'the password function failed; the lease thread can’t connect')
      const { message } = toStoredError(error)
      this.#send({ kind: 'password failed', reason: message })
    }
  }

  #heard(message: FromLeaseThread): void {
    const { log } = this.#seams
    switch (message.kind) {
      case 'held':
        if (message.lease !== this.#lease) return
        this.#heldAt = this.#seams.clock.elapsed()
        this.#seams.onOrders(message.lease, message.orders)
        return
      case 'lost':
        if (message.lease !== this.#lease) return
        this.#lease = undefined
        this.#seams.onLost(message.lease)
        return
      case 'password wanted':
        void this.#tellPassword()
        return
      case 'blocked':
        log.error({ silentMs: message.silentMs }, 'a step blocks the event loop for longer than maxBlocked')
        return
      case 'unreachable':
        log.warn({ reason: message.reason }, 'the lease thread could not renew')
        return
      case 'health port taken':
        log.error({ reason: message.reason }, 'the health port can’t be served')
        return
      case 'listening':
        log.info({ port: message.port }, 'health endpoints /live and /ready listen')
        return
    }
  }
}
