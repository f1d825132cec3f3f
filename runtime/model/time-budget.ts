import { type Clock, endsWithin } from './clock.ts'

/** A time limit for several pieces of work in sequence: each gets what the previous ones left. */
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
   * Waits for `work`, at most for the rest of the budget, or for `maxMs` if that is less. Returns whether it ended in
   * time; a rejection in time is thrown, a later one is dropped.
   */
  async wait(work: Promise<unknown>, maxMs: number = Number.POSITIVE_INFINITY): Promise<boolean> {
    work.catch(() => undefined)
    return endsWithin(this.#clock, work, Math.min(this.leftMs, maxMs))
  }
}
