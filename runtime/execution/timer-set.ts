import type { CancelTimer, Clock } from '../model/clock.ts'

/** The timers of one execution, canceled together when it ends. */
export class TimerSet {
  readonly #clock: Clock
  #timers: Set<CancelTimer> | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  after(ms: number, run: () => void): CancelTimer {
    const cancel = (): void => {
      cancelTimer()
      this.#timers?.delete(cancel)
    }
    const cancelTimer = this.#clock.after(ms, () => {
      this.#timers?.delete(cancel)
      run()
    })
    this.#timers ??= new Set()
    this.#timers.add(cancel)
    return cancel
  }

  clear(): void {
    if (this.#timers === undefined) return
    for (const cancel of this.#timers) cancel()
  }
}
