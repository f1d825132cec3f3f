import type { NewRun } from './new-run.ts'
import type { EnqueueReply } from './store.ts'

/** A larger trip would block the store for too long (R24). */
export const enqueueLimits = { runs: 500, bytes: 4_194_304 } as const

/**
 * The runs of one call, in the form in which its engine sends them; within `enqueueLimits`, unless one run alone is
 * larger.
 */
export interface EnqueuePart {
  readonly runs: readonly NewRun[]
  readonly bytes: number
}

interface EnqueueOutboxDeps<Part> {
  /** Makes one attempt at storing these parts in one transaction. Resolves to a result per run, in order. */
  readonly send: (parts: readonly Part[]) => Promise<readonly EnqueueReply[]>
  /** Returns whether an error means that the store can't be used, so that no part would succeed alone. */
  readonly isOutage: (error: unknown) => boolean
  /** How many trips may be in flight before a call waits for the next one. */
  readonly maxInFlight: number
}

interface WaitingCall<Part> {
  readonly part: Part
  readonly resolve: (answers: readonly EnqueueReply[]) => void
  readonly reject: (error: unknown) => void
}

/**
 * Lets the enqueues of concurrent callers share a trip to the store.
 * EO1  Calls of one macrotask go together. Calls that arrive while trips are in flight wait for the next one, unless
 * they fill it. No timer: a single awaited call goes at once.
 * EO2  Calls are sent in the order in which they arrived, each of them whole, in trips of bounded size (R24).
 * EO3  When the store refuses a trip, its calls are sent again in the same order, each alone, under the same ids (S3).
 * So each gets its own result or error.
 * EO4  An outage rejects all calls of a trip, which is not repeated here: each caller repeats its own call until its
 * own deadline.
 */
export class EnqueueOutbox<Part extends EnqueuePart> {
  readonly #deps: EnqueueOutboxDeps<Part>
  readonly #waiting: WaitingCall<Part>[] = []
  #waitingRuns = 0
  #waitingBytes = 0
  #inFlight = 0
  #scheduled = false

  constructor(deps: EnqueueOutboxDeps<Part>) {
    this.#deps = deps
  }

  /** Makes one attempt at a call. Rejects with the error of `send`. */
  enqueue(part: Part): Promise<readonly EnqueueReply[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ part, resolve, reject })
      this.#waitingRuns += part.runs.length
      this.#waitingBytes += part.bytes
      this.#schedule()
    })
  }

  /** A tick runs after all promises that can settle by themselves, and before the next macrotask. */
  #schedule(): void {
    if (this.#scheduled || !this.#mayGo()) return
    this.#scheduled = true
    process.nextTick(() => {
      this.#scheduled = false
      while (this.#mayGo()) void this.#send(this.#takeTrip())
    })
  }

  #mayGo(): boolean {
    if (this.#waiting.length === 0) return false
    const full = this.#waitingRuns >= enqueueLimits.runs || this.#waitingBytes >= enqueueLimits.bytes
    return full || this.#inFlight < this.#deps.maxInFlight
  }

  #takeTrip(): WaitingCall<Part>[] {
    let [calls, runs, bytes] = [0, 0, 0]
    for (const { part } of this.#waiting) {
      const fits = runs + part.runs.length <= enqueueLimits.runs && bytes + part.bytes <= enqueueLimits.bytes
      if (calls > 0 && !fits) break
      calls++
      runs += part.runs.length
      bytes += part.bytes
    }
    this.#waitingRuns -= runs
    this.#waitingBytes -= bytes
    return this.#waiting.splice(0, calls)
  }

  async #send(trip: readonly WaitingCall<Part>[]): Promise<void> {
    this.#inFlight++
    await this.#attempt(trip)
    this.#inFlight--
    this.#schedule()
  }

  async #attempt(trip: readonly WaitingCall<Part>[]): Promise<void> {
    try {
      const answers = await this.#deps.send(trip.map(({ part }) => part))
      let from = 0
      for (const { part, resolve } of trip) {
        resolve(answers.slice(from, from + part.runs.length))
        from += part.runs.length
      }
    } catch (error) {
      const goesSingly = trip.length > 1 && !this.#deps.isOutage(error)
      if (goesSingly) await Promise.all(trip.map((call) => this.#attempt([call])))
      else for (const { reject } of trip) reject(error)
    }
  }
}
