import { setTimeout as wait } from 'node:timers/promises'
import type { Jobs, RunState } from '../../sdk/index.ts'

type StoreEvent = Awaited<ReturnType<Jobs['inspector']['events']>>['events'][number]
type RunEvent = Extract<StoreEvent, { kind: 'run' }>

/** From the release of a slot until the next claim of the key, while a run that a worker could take waited for it. */
export interface KeyIdle {
  readonly from: number
  readonly to: number
}

interface Seen {
  state: RunState
  losses: number
  /** It waits for its key, and for no delay. */
  waits: boolean
}

const everyMs = 100
/** A run with as many losses is a poison suspect: a lease takes one of them. */
const suspectFrom = 2

/**
 * Follows the store's own events, so that a process that is late for lack of CPU time counts only while it withholds a
 * key from others.
 */
export class KeyIdleWatch {
  readonly #keys: ReadonlyMap<string, string>
  readonly #max: number
  readonly #runs = new Map<string, Seen>()
  readonly #held = new Map<string, number>()
  readonly #waiting = new Map<string, number>()
  readonly #begun = new Set<string>()
  readonly #idleSince = new Map<string, number>()
  readonly #found: KeyIdle[] = []
  readonly #reading: Promise<void>
  #over = false

  /** @param keys The key of each run. */
  constructor({ inspector }: Jobs, keys: ReadonlyMap<string, string>, max: number) {
    this.#keys = keys
    this.#max = max
    this.#reading = this.#read(inspector)
  }

  /** Reads the rest, and returns the findings. */
  async end(): Promise<readonly KeyIdle[]> {
    this.#over = true
    await this.#reading
    return this.#found
  }

  async #read(inspector: Jobs['inspector']): Promise<void> {
    let after: string | undefined
    for (let last = false; ; ) {
      const page = await inspector.events({
        ...{ log: 'runs', limit: 1_000 },
        ...(after === undefined ? {} : { after }),
      })
      if (page.gap) throw new Error('events were dropped before they were read')
      for (const event of page.events) if (event.kind === 'run') this.#take(event)
      after = page.cursor
      if (page.events.length > 0) continue
      if (last) return
      last = this.#over
      if (!last) await wait(everyMs)
    }
  }

  #take({ run, at, state, transition }: RunEvent): void {
    const key = this.#keys.get(run)
    if (key === undefined) return
    const seen = this.#runs.get(run) ?? { state: 'scheduled', losses: 0, waits: false }
    const lost = transition === 'lose' || transition === 'lose with delay'
    const losses = seen.losses + (lost ? 1 : 0)
    const waits = losses < suspectFrom && (state === 'ready' || transition === 'line up')
    const held = (one: RunState): number => (one === 'running' || one === 'cancelling' ? 1 : 0)
    add(this.#held, key, held(state) - held(seen.state))
    add(this.#waiting, key, Number(waits) - Number(seen.waits))
    this.#runs.set(run, { state, losses, waits })
    // The first runs of a key wait for the start of workers.
    if (transition === 'claim') this.#begun.add(key)
    if (this.#begun.has(key)) this.#note(key, at)
  }

  #note(key: string, at: number): void {
    const isIdle = (this.#held.get(key) ?? 0) < this.#max && (this.#waiting.get(key) ?? 0) > 0
    const since = this.#idleSince.get(key)
    if (isIdle && since === undefined) this.#idleSince.set(key, at)
    if (isIdle || since === undefined) return
    this.#idleSince.delete(key)
    this.#found.push({ from: since, to: at })
  }
}

function add(counts: Map<string, number>, key: string, by: number): void {
  counts.set(key, (counts.get(key) ?? 0) + by)
}
