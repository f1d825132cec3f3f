import { type Clock, pause } from '../../model/clock.ts'
import { unitMs } from '../../model/duration.ts'
import { InvalidOptionsError } from '../../model/invalid-options-error.ts'
import { maxChunkRuns } from '../../store/actions.ts'

/** How many runs per second, minute or hour. */
export type Rate = `${number}/${'s' | 'm' | 'h'}`

/** A chunk takes the runs of this time, so that they don't come in bursts. */
const chunkMs = 250

/** Runs per millisecond. @throws InvalidOptionsError */
export function parseRate(rate: unknown, option = 'rate'): number {
  const [, count = '', unit = ''] = /^(\d+(?:\.\d+)?)\/(s|m|h)$/.exec(String(rate)) ?? []
  const perMs = Number(count) / unitMs[unit as 's' | 'm' | 'h']
  if (count !== '' && perMs > 0) return perMs
  throw new InvalidOptionsError(
    `${option}: '${String(rate)}' is not a rate; use runs per time such as '20/s', '300/m', '50/h'`,
  )
}

/** Spreads the runs of an action over time. */
export class Pacer {
  readonly #clock: Clock
  readonly #perMs: number | undefined
  readonly #startedAt: number
  #done = 0

  /** @param perMs Left out: as fast as the store takes them. */
  constructor(clock: Clock, perMs: number | undefined) {
    this.#clock = clock
    this.#perMs = perMs
    this.#startedAt = clock.elapsed()
  }

  /** Returns how many runs a chunk may have. */
  get chunkRuns(): number {
    if (this.#perMs === undefined) return maxChunkRuns
    return Math.max(1, Math.min(maxChunkRuns, Math.round(this.#perMs * chunkMs)))
  }

  count(runs: number): void {
    this.#done += runs
  }

  /**
   * Resolves when the next chunk may begin, or the signal aborts; in a macrotask of its own. A store in a file replies
   * within the macrotask of the call: without that, keys, signals and timers of this process would wait for the last
   * chunk.
   */
  async turn(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => this.#clock.soon(resolve))
    if (this.#perMs === undefined) return
    const waitMs = this.#startedAt + this.#done / this.#perMs - this.#clock.elapsed()
    if (waitMs > 0) await pause(this.#clock, waitMs, signal)
  }
}
