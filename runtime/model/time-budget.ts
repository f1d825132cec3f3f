import { type Clock, endsWithin } from './clock.ts'

/** A bound for several pieces of work one after the other: each gets what those before it left. */
export class TimeBudget {
  readonly #clock: Clock
  readonly #endsAt: number

  constructor(clock: Clock, ms: number) {
    this.#clock = clock
    this.#endsAt = clock.elapsed() + ms
  }

  get leftMs(): number {
    return Math.max(0, this.#endsAt - this.#clock.elapsed())
  }

  /**
   * Waits for `work`, at most for what is left, or for `mostMs` if that is less. Returns whether it ended in time; what
   * it rejects with in time is thrown, later it is dropped.
   */
  async wait(work: Promise<unknown>, mostMs: number = Number.POSITIVE_INFINITY): Promise<boolean> {
    work.catch(() => undefined)
    return endsWithin(this.#clock, work, Math.min(this.leftMs, mostMs))
  }
}
