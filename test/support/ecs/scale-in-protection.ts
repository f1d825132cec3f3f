import type { Clock } from './clock.ts'

interface Held {
  readonly expiresAt: number
  readonly cancelExpiry: () => void
}

export interface ProtectionDeps {
  readonly clock: Clock
  /** The length of a minute. Real: 60,000. */
  readonly minuteMs: number
  readonly onExpired: (taskArn: string) => void
}

/**
 * Which tasks are protected from scale-in, and until when. Every request resets the expiry from now, even to an
 * earlier time. A protection expires by the clock, in minutes of the length that the fake was configured with.
 */
export class ScaleInProtections {
  readonly #deps: ProtectionDeps
  readonly #held = new Map<string, Held>()

  constructor(deps: ProtectionDeps) {
    this.#deps = deps
  }

  protect(taskArn: string, minutes: number): void {
    this.end(taskArn)
    const { clock, minuteMs } = this.#deps
    const ms = minutes * minuteMs
    const expire = (): void => {
      this.#held.delete(taskArn)
      this.#deps.onExpired(taskArn)
    }
    this.#held.set(taskArn, { expiresAt: clock.now() + ms, cancelExpiry: clock.after(ms, expire) })
  }

  end(taskArn: string): void {
    this.#held.get(taskArn)?.cancelExpiry()
    this.#held.delete(taskArn)
  }

  /** Returns when the protection of the task ends, or undefined if it has none. */
  expiryOf(taskArn: string): number | undefined {
    const held = this.#held.get(taskArn)
    // A timer may be late: the time decides.
    return held === undefined || held.expiresAt <= this.#deps.clock.now() ? undefined : held.expiresAt
  }

  covers(taskArn: string): boolean {
    return this.expiryOf(taskArn) !== undefined
  }

  /** Ends all protections without an event: the cloud is closed. */
  clear(): void {
    for (const taskArn of [...this.#held.keys()]) this.end(taskArn)
  }
}
