import type { Jobs } from '../../runtime/client/client.ts'
import { type Clock, pause } from '../../runtime/model/clock.ts'
import type { ReadOutcome } from '../app/app-event.ts'
import type { ReadRequest, ScreenRead } from '../screens/screen.ts'
import { problemOf } from './trouble.ts'

/** The read that the shown place needs. */
export interface Wanted {
  readonly place: number
  /** Identifies its subject: see `requestKey`. */
  readonly key: string
  readonly request: ReadRequest
  /** Left out: the screen shows nothing but the fleet. */
  readonly read: ScreenRead<unknown> | undefined
  /** The known data of the same key. */
  readonly before: unknown
}

export interface ScreenReaderDeps {
  readonly jobs: () => Jobs | undefined
  readonly clock: Clock
  readonly report: (wanted: Wanted, outcome: ReadOutcome) => void
}

/** Between two reads that each stopped before they had all, and before a repeat of one that failed. */
const partialMs = 30
const failedMs = 2_000

/**
 * Reads only for the shown place, one read at a time. Another place, filter or sort is read at once when the current
 * read has ended, whose result is dropped.
 */
export class ScreenReader {
  readonly #deps: ScreenReaderDeps
  readonly #closed = new AbortController()
  #wake = new AbortController()
  #wanted: Wanted | undefined
  #ended: Promise<void> = Promise.resolve()

  constructor(deps: ScreenReaderDeps) {
    this.#deps = deps
  }

  start(): void {
    this.#ended = this.#run()
  }

  want(wanted: Wanted): void {
    const last = this.#wanted
    this.#wanted = wanted
    const isSame = last?.place === wanted.place && last.key === wanted.key
    const hasMoved = wanted.read?.followsCursor && wanted.request.current !== last?.request.current
    if (!isSame || hasMoved || wanted.request.wanted > last.request.wanted) this.reload()
  }

  reload(): void {
    this.#wake.abort()
  }

  async close(): Promise<void> {
    this.#closed.abort()
    await this.#ended
  }

  async #run(): Promise<void> {
    while (!this.#closed.signal.aborted) {
      this.#wake = new AbortController()
      const signal = AbortSignal.any([this.#wake.signal, this.#closed.signal])
      await pause(this.#deps.clock, await this.#readOnce(), signal)
    }
  }

  /** Returns how long to wait before the next read. */
  async #readOnce(): Promise<number> {
    const wanted = this.#wanted
    const jobs = this.#deps.jobs()
    if (wanted?.read === undefined) return failedMs
    if (jobs === undefined) return partialMs
    const { read, request, before } = wanted
    try {
      const data = await read.load(jobs, request, before)
      const isPartial = read.isPartial?.(data) === true
      this.#report(wanted, isPartial ? { kind: 'read', data, isPartial } : { kind: 'read', data })
      return isPartial ? partialMs : read.everyMs
    } catch (error) {
      this.#report(wanted, { kind: 'failed', problem: problemOf(error) })
      return failedMs
    }
  }

  #report(wanted: Wanted, outcome: ReadOutcome): void {
    const now = this.#wanted
    if (this.#closed.signal.aborted || now?.place !== wanted.place || now.key !== wanted.key) return
    if (outcome.kind === 'read') this.#wanted = { ...now, before: outcome.data }
    this.#deps.report(wanted, outcome)
  }
}
