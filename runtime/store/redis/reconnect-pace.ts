import { backoffMs, type Clock } from '../../model/clock.ts'

/** A connection that lasted this long was a good one, however it ended. */
const stableMs = 5_000
/** A server that refuses writes is replaced less often than an unreachable one: reads continue. */
const firstReplacement = 3

/**
 * Says when a link may connect again: soon after the first failure, later after each further one, about 2 s at most
 * (`backoffMs`). The bound is below the time that workers have to come back after an outage (R16).
 * N4  Only a reply to a call of ours, or a connection that lasted 5 s, ends a row of failures. A server that accepts
 * connections and passes the library's handshake may refuse everything else.
 * N5  A connection to the wrong server is replaced at the same growing intervals, until a call that was refused there
 * succeeds. Other successes prove nothing: replicas serve reads.
 */
export class ReconnectPace {
  readonly #clock: Clock
  #failures = 0
  #readyAt: number | undefined
  readonly #refused = new Set<string>()
  #replacements = 0
  #replaceFrom = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** A connection is ready for calls. */
  ready(): void {
    this.#readyAt = this.#clock.elapsed()
  }

  /** A call was carried out (N4). */
  succeeded(call: string): void {
    this.#failures = 0
    if (!this.#refused.has(call)) return
    this.#refused.clear()
    this.#replacements = 0
    this.#replaceFrom = 0
  }

  /** A connection ended, or could not be opened: returns the ms until the next one. */
  nextConnectionMs(): number {
    const stood = this.#readyAt === undefined ? 0 : this.#clock.elapsed() - this.#readyAt
    this.#readyAt = undefined
    this.#failures = stood >= stableMs ? 1 : this.#failures + 1
    return backoffMs(this.#failures, this.#clock.random())
  }

  /** The server of this connection refused a call that another server may take: returns whether to replace it (N5). */
  mayReplace(call: string): boolean {
    this.#refused.add(call)
    const now = this.#clock.elapsed()
    if (now < this.#replaceFrom) return false
    this.#replaceFrom = now + backoffMs(firstReplacement + this.#replacements, this.#clock.random())
    this.#replacements++
    return true
  }
}
