import type { Clock } from '../model/clock.ts'

/**
 * The macrotasks of a worker, shared by its executions: their deferred calls share one, as each macrotask of the event
 * loop costs more than a step. By its number a release queue knows whether it has used the current one (R1).
 */
export class Macrotasks {
  readonly #clock: Clock
  #number = 0
  #later: (() => void)[] = []
  #isScheduled = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The number of the current macrotask. Consecutive ones may share it. */
  get current(): number {
    this.#schedule()
    return this.#number
  }

  /** Calls `run` in a later macrotask, in the order of the calls. `run` must not throw. */
  later(run: () => void): void {
    this.#later.push(run)
    this.#schedule()
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    this.#clock.soon(() => {
      this.#isScheduled = false
      this.#number++
      const due = this.#later
      this.#later = []
      for (const run of due) run()
    })
  }
}
