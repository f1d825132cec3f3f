/** The time of a fake cloud: when protections expire, when a SIGKILL follows a SIGTERM, when buckets refill. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Runs `act` once after `ms`. The returned function cancels it. */
  after(ms: number, act: () => void): () => void
}

/** Its timers keep no process alive: the servers and children of a fake do, until it is closed. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, act) => {
    const timer = setTimeout(act, ms).unref()
    return () => clearTimeout(timer)
  },
}

interface Timer {
  readonly due: number
  readonly act: () => void
}

/** A clock that moves only on demand. */
export class ManualClock implements Clock {
  #now: number
  readonly #timers = new Set<Timer>()

  constructor(now = Date.UTC(2026, 0, 1)) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  after(ms: number, act: () => void): () => void {
    const timer = { due: this.#now + Math.max(0, ms), act }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** Runs every timer that falls due on the way, in order of its time. */
  advance(ms: number): void {
    const target = this.#now + ms
    for (let next = this.#dueBy(target); next !== undefined; next = this.#dueBy(target)) {
      this.#timers.delete(next)
      this.#now = Math.max(this.#now, next.due)
      next.act()
    }
    this.#now = target
  }

  #dueBy(target: number): Timer | undefined {
    const due = [...this.#timers].filter((timer) => timer.due <= target)
    return due.sort((a, b) => a.due - b.due)[0]
  }
}
