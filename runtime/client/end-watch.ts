import { type Clock, pause } from '../model/clock.ts'
import { StoreUnavailableError } from '../model/errors.ts'
import type { RunId } from '../model/run-id.ts'
import type { Store } from '../store/store.ts'

const pollMs = 1_000
const runsPerLook = 1_000
/** More frequent reads would cost a busy store more than they save a caller. */
const restMs = 5

/**
 * Notifies all callers that wait for a run's end: one subscription and one read for all of them. Polling makes it
 * reliable.
 */
export class EndWatch {
  readonly #store: Store
  readonly #clock: Clock
  readonly #waiting = new Map<RunId, Set<PromiseWithResolvers<void>>>()
  #looking = false
  #closed = false
  /** Ends the pause before the next read. */
  #changed = new AbortController()

  constructor(store: Store, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  /** Resolves when the run has ended or is gone, or after `timeoutMs`. */
  async ended(id: RunId, timeoutMs: number | undefined): Promise<void> {
    if (this.#closed) throw closedError(this.#store.address)
    const waiters = this.#waiting.get(id) ?? new Set()
    this.#waiting.set(id, waiters)
    const waiter = Promise.withResolvers<void>()
    waiters.add(waiter)
    const cancel = timeoutMs === undefined ? () => undefined : this.#clock.after(timeoutMs, waiter.resolve)
    this.#look()
    try {
      await waiter.promise
    } finally {
      cancel()
      waiters.delete(waiter)
      if (waiters.size === 0) this.#waiting.delete(id)
    }
  }

  close(): void {
    this.#closed = true
    this.#fail(closedError(this.#store.address))
    this.#changed.abort()
  }

  #look(): void {
    this.#changed.abort()
    if (!this.#looking) void this.#lookWhileNeeded()
  }

  async #lookWhileNeeded(): Promise<void> {
    this.#looking = true
    const stop = this.#store.onChange(() => this.#changed.abort())
    while (this.#waiting.size > 0 && !this.#closed) {
      this.#changed = new AbortController()
      await this.#tellEnded()
      await pause(this.#clock, restMs)
      if (this.#waiting.size > 0) await pause(this.#clock, pollMs, this.#changed.signal)
    }
    stop()
    this.#looking = false
  }

  async #tellEnded(): Promise<void> {
    const ids = [...this.#waiting.keys()]
    try {
      for (let i = 0; i < ids.length; i += runsPerLook) {
        const ended = await this.#store.ended(ids.slice(i, i + runsPerLook))
        for (const id of ended) for (const { resolve } of this.#waiting.get(id) ?? []) resolve()
      }
    } catch (error) {
      // A store that can't be reached may come back: the next read tries again.
      if (!StoreUnavailableError.is(error)) this.#fail(error)
    }
  }

  #fail(error: unknown): void {
    for (const waiters of this.#waiting.values()) for (const { reject } of waiters) reject(error)
  }
}

function closedError(address: string): StoreUnavailableError {
  return new StoreUnavailableError(
    `the connection to ${address} was closed by this process while a result was awaited; connect again and await the run by its id`,
    { kind: 'closed' },
  )
}
