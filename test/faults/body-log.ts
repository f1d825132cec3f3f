/**
 * - `start`, `end`: a step's body was entered, and has returned or thrown
 * - `asked`: the `onUnknown` of a step was called
 * - `released`: the job's function continued after the step
 * - `settled`: a worker got the result of an execution
 */
export type Moment = 'start' | 'end' | 'asked' | 'released' | 'settled'

export interface Sighting {
  readonly moment: Moment
  readonly run: string
  /** Of the step; empty for the run itself. */
  readonly path: string
  /** Ms since the epoch, by the clock that the server reads too. */
  readonly at: number
  /** Of the step, from 1. */
  readonly attempt?: number
  /** How an execution ended. */
  readonly outcome?: string
}

const patienceMs = 120_000

/** Records the work of all workers of this process, in order. */
export class BodyLog {
  readonly seen: Sighting[] = []
  readonly #waiting = new Set<() => void>()

  see(moment: Moment, run: string, path: string, more: Pick<Sighting, 'attempt' | 'outcome'> = {}): void {
    this.seen.push({ moment, run, path, at: Date.now(), ...more })
    for (const look of [...this.#waiting]) look()
  }

  count(moment: Moment, run?: string, path?: string): number {
    return this.seen.filter(
      (one) =>
        one.moment === moment &&
        (run === undefined || one.run === run) &&
        (path === undefined || one.path === path),
    ).length
  }

  /** The first sighting, before or after this call, that `matches`. */
  async until(matches: (one: Sighting) => boolean): Promise<Sighting> {
    let next = 0
    const find = (): Sighting | undefined => {
      for (; next < this.seen.length; next++) {
        const one = this.seen[next]
        if (one !== undefined && matches(one)) return one
      }
      return undefined
    }
    const { promise, resolve, reject } = Promise.withResolvers<Sighting>()
    const look = (): void => {
      const found = find()
      if (found !== undefined) resolve(found)
    }
    const late = setTimeout(
      () => reject(new Error(`the bodyLog waited ${patienceMs} ms for ${matches.toString()}`)),
      patienceMs,
    )
    this.#waiting.add(look)
    look()
    try {
      return await promise
    } finally {
      clearTimeout(late)
      this.#waiting.delete(look)
    }
  }

  /** Resolves at this many sightings of this moment. */
  async times(moment: Moment, count: number): Promise<void> {
    if (count <= 0) return
    let seen = 0
    await this.until((one) => one.moment === moment && ++seen >= count)
  }
}
