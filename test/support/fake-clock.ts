import type { CancelTimer, Clock } from '../../runtime/model/clock.ts'

interface Timer {
  readonly at: number
  readonly run: () => void
}

/** Time that a test moves. Between two timers everything that follows from the first one happens. */
export class FakeClock implements Clock {
  readonly #timers = new Set<Timer>()
  #elapsed = 0

  now(): number {
    return this.#elapsed
  }

  elapsed(): number {
    return this.#elapsed
  }

  uptime(): number {
    return this.#elapsed
  }

  after(ms: number, run: () => void): CancelTimer {
    const timer: Timer = { at: this.#elapsed + Math.max(0, ms), run }
    this.#timers.add(timer)
    return () => void this.#timers.delete(timer)
  }

  soon(run: () => void): void {
    setImmediate(run)
  }

  atMacrotaskEnd(run: () => void): void {
    process.nextTick(run)
  }

  random(): number {
    return 0.5
  }

  get timers(): number {
    return this.#timers.size
  }

  async advance(ms: number): Promise<void> {
    const end = this.#elapsed + ms
    await this.settle()
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#timers.delete(next)
      this.#elapsed = Math.max(this.#elapsed, next.at)
      next.run()
      await this.settle()
    }
    this.#elapsed = Math.max(this.#elapsed, end)
  }

  /** Time passes and no timer fires: the process was stopped. */
  stopFor(ms: number): void {
    this.#elapsed += ms
  }

  /** Runs everything that waits for no timer. */
  async settle(): Promise<void> {
    for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve))
  }

  #next(end: number): Timer | undefined {
    return [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
  }
}
