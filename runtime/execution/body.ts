import { bodyGraceMs } from '../model/body-grace.ts'
import { type CancelTimer, type Clock, endsWithin } from '../model/clock.ts'
import { AbortedError, type AbortReason } from '../model/errors.ts'
import { handled } from '../model/handled.ts'
import { InvalidOptionsError } from '../model/invalid-options-error.ts'
import type { Logger, StepContext } from '../model/job.ts'
import type { StepPath } from '../model/step-path.ts'
import { toStoredError } from '../model/stored-error.ts'
import { readProperty } from '../model/thrown.ts'
import type { CurrentRun } from './current-run.ts'
import { idempotencyKey } from './idempotency-key.ts'

/** How one attempt of a step's body ended. `abandoned`: it gave up because it was told to; nothing is recorded. */
export type BodyEnd =
  | { readonly kind: 'returned'; readonly value: unknown; readonly durationMs: number }
  | { readonly kind: 'threw'; readonly error: unknown; readonly durationMs: number }
  | { readonly kind: 'timed out'; readonly durationMs: number }
  | { readonly kind: 'abandoned' }

function noCosts(): Promise<never> {
  return Promise.reject(
    new InvalidOptionsError('correctCost: the step names no limits.points in its option limits'),
  )
}

const notBegun = Promise.resolve()

/** One attempt of a step's body, from its call until its promise settles. */
export class Body implements StepContext {
  readonly path: StepPath
  readonly attempt: number
  /** Whether it is at-most-once. */
  readonly once: boolean
  /** By the clock of this process. */
  readonly since: number
  readonly #run: CurrentRun
  readonly #clock: Clock
  readonly log: Logger
  readonly correctCost: StepContext['correctCost']
  #controller: AbortController | undefined
  #aborted: AbortedError | undefined
  /** Resolves when the body's own promise has settled; never rejects. */
  settled: Promise<unknown> = notBegun

  constructor(
    run: CurrentRun,
    path: StepPath,
    attempt: number,
    clock: Clock,
    options: { readonly once: boolean; readonly correctCost?: StepContext['correctCost'] },
  ) {
    this.#run = run
    this.path = path
    this.attempt = attempt
    this.#clock = clock
    this.since = clock.elapsed()
    this.log = run.log
    this.once = options.once
    const { correctCost = noCosts } = options
    // A body that does not await it would otherwise not be told that the estimate still stands.
    this.correctCost = (cost, limiter) =>
      handled(correctCost(cost, limiter), (error) =>
        run.log.warn({ step: path, err: toStoredError(error) }, 'the cost of a step could not be corrected'),
      )
  }

  /** Created on first use: most bodies never read it. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#aborted !== undefined) this.#controller.abort(this.#aborted)
    }
    return this.#controller.signal
  }

  get idempotencyKey(): string {
    return idempotencyKey(this.#run.claimed.id, this.path)
  }

  abort(reason: AbortReason): void {
    if (this.#aborted !== undefined) return
    this.#aborted = new AbortedError(reason)
    this.#controller?.abort(this.#aborted)
  }

  /** Calls the body. Ends at `timeoutMs` at the latest, even if the body does not listen. */
  carryOut(call: () => Promise<unknown>, timeoutMs: number | undefined): Promise<BodyEnd> {
    const start = this.#clock.elapsed()
    const durationMs = (): number => this.#clock.elapsed() - start
    const work = call().then(
      (value): BodyEnd => ({ kind: 'returned', value, durationMs: durationMs() }),
      (error: unknown): BodyEnd => this.#threw(error, durationMs()),
    )
    this.settled = work
    return timeoutMs === undefined ? work : this.#within(timeoutMs, work, durationMs)
  }

  /** Waits for the promise of an attempt that was given up. Resolves to whether it ended in time. */
  endInGrace(): Promise<boolean> {
    return endsWithin(this.#clock, this.settled, bodyGraceMs)
  }

  async #within(timeoutMs: number, work: Promise<BodyEnd>, durationMs: () => number): Promise<BodyEnd> {
    let cancel: CancelTimer = () => undefined
    const timeout = new Promise<BodyEnd>((resolve) => {
      cancel = this.#clock.after(timeoutMs, () => {
        this.abort('timeout')
        resolve({ kind: 'timed out', durationMs: durationMs() })
      })
    })
    const end = await Promise.race([work, timeout])
    cancel()
    return end
  }

  #threw(error: unknown, durationMs: number): BodyEnd {
    const reason = this.#aborted?.reason
    if (reason === undefined || reason === 'timeout') return { kind: 'threw', error, durationMs }
    // A failure that the signal caused is left unrecorded, and so are others unless the run is handed over.
    const bySignal = error === this.#aborted || readProperty(error, 'name') === 'AbortError'
    const isHandOver = reason === 'draining' || reason === 'protection lost'
    // What an at-most-once body threw says what became of its effect.
    const isRecorded = (isHandOver || this.once) && !bySignal
    return isRecorded ? { kind: 'threw', error, durationMs } : { kind: 'abandoned' }
  }
}
