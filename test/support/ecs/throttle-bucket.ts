import type { Clock } from './clock.ts'

export interface BucketSize {
  readonly burst: number
  readonly perSecond: number
}

/** A token bucket: each call takes a token, and tokens refill at a steady rate up to the burst. */
export class ThrottleBucket {
  readonly #clock: Clock
  readonly #size: BucketSize
  #tokens: number
  #countedAt: number

  constructor(clock: Clock, size: BucketSize) {
    this.#clock = clock
    this.#size = size
    this.#tokens = size.burst
    this.#countedAt = clock.now()
  }

  /** Takes one token. Returns false if there is none: the call is throttled. */
  take(): boolean {
    const now = this.#clock.now()
    const refilled = ((now - this.#countedAt) / 1_000) * this.#size.perSecond
    this.#tokens = Math.min(this.#size.burst, this.#tokens + Math.max(0, refilled))
    this.#countedAt = now
    if (this.#tokens < 1) return false
    this.#tokens -= 1
    return true
  }
}
