import { backoffMs, type Clock, pause } from '../model/clock.ts'
import { StoreUnavailableError } from '../model/errors.ts'
import { storedErrorBytes } from '../model/stored-error.ts'
import {
  type Checkpoint,
  type CommitAnswer,
  commitLimits,
  type EntryAnswer,
  type LeaseId,
  type Orders,
  type Settlement,
  type Store,
} from '../store/store.ts'

type Entry = Checkpoint | Settlement

interface Waiting {
  readonly entry: Entry
  readonly bytes: number
  readonly resolve: (answer: EntryAnswer) => void
  readonly reject: (error: unknown) => void
}

/** With room for what entries weigh beside their values. */
const largestBatch = { entries: commitLimits.entries, bytes: commitLimits.bytes * 0.8 } as const
const smallEntryBytes = 1_000
/** While the store works on one batch, the next one is made. */
const mostInFlight = 3

/**
 * Natural batching: what arrives while commits are in flight goes in the next one.
 * B1  Entries of one run reach the store in the order they were handed in: while one is in flight, no later one is sent.
 * B2  A store that can't be reached is asked again with the same batch (S3) until the lease is gone.
 * B3  A batch that errors goes entry by entry, so that one bad entry fails only its own run (R24).
 */
export class Committer {
  readonly #store: Pick<Store, 'commit'>
  readonly #lease: LeaseId
  readonly #clock: Clock
  readonly #onOrders: (orders: Orders) => void
  readonly #abandoned: AbortSignal
  #line: Waiting[] = []
  #scheduled = false
  #inFlight = 0
  readonly #runsInFlight = new Set<string>()

  constructor(
    store: Pick<Store, 'commit'>,
    lease: LeaseId,
    clock: Clock,
    seams: {
      readonly onOrders: (orders: Orders) => void
      readonly abandoned: AbortSignal
    },
  ) {
    this.#store = store
    this.#lease = lease
    this.#clock = clock
    this.#onOrders = seams.onOrders
    this.#abandoned = seams.abandoned
  }

  submit(entry: Entry): Promise<EntryAnswer> {
    return new Promise((resolve, reject) => {
      this.#line.push({ entry, bytes: entryBytes(entry), resolve, reject })
      this.#schedule()
    })
  }

  #schedule(): void {
    if (this.#scheduled || this.#line.length === 0 || this.#inFlight >= mostInFlight) return
    this.#scheduled = true
    this.#clock.soon(() => {
      this.#scheduled = false
      const batch = this.#takeBatch()
      if (batch.length === 0) return
      void this.#send(batch)
      this.#schedule()
    })
  }

  #takeBatch(): Waiting[] {
    let bytes = 0
    const batch: Waiting[] = []
    const left: Waiting[] = []
    // B1: what stays in line keeps later entries of its run there.
    const skipped = new Set<string>()
    let full = false
    for (const waiting of this.#line) {
      const { run } = waiting.entry
      // An intent may have to wait for a disk or a replica (R11): others do not wait with it.
      const apart = batch.length > 0 && (isIntent(waiting.entry) || isIntent(batch[0]?.entry))
      const heavy = batch.length > 0 && bytes + waiting.bytes > largestBatch.bytes
      full ||= batch.length === largestBatch.entries || heavy
      if (full || apart || this.#runsInFlight.has(run) || skipped.has(run)) {
        left.push(waiting)
        skipped.add(run)
      } else {
        bytes += waiting.bytes
        batch.push(waiting)
      }
    }
    this.#line = left
    return batch
  }

  /** B1: the runs of a batch stay in flight until all of it is answered, also entry by entry. */
  async #send(batch: readonly Waiting[]): Promise<void> {
    this.#inFlight++
    for (const { entry } of batch) this.#runsInFlight.add(entry.run)
    if (!(await this.#commit(batch))) for (const waiting of batch) await this.#commit([waiting])
    for (const { entry } of batch) this.#runsInFlight.delete(entry.run)
    this.#inFlight--
    this.#schedule()
  }

  /** Answers whether the batch was answered; a single entry always is. */
  async #commit(batch: readonly Waiting[]): Promise<boolean> {
    try {
      const { answers, orders } = await this.#reach(batch.map(({ entry }) => entry))
      for (const [i, waiting] of batch.entries()) waiting.resolve(answers[i] ?? { kind: 'gone' })
      this.#onOrders(orders)
    } catch (error) {
      if (batch.length > 1) return false
      for (const waiting of batch) waiting.reject(error)
    }
    return true
  }

  /** B2. */
  async #reach(entries: readonly Entry[]): Promise<CommitAnswer> {
    for (let attempt = 1; ; attempt++) {
      if (this.#abandoned.aborted) return { answers: [], orders: { drain: false, cancel: [], granted: [] } }
      try {
        return await this.#store.commit(this.#lease, entries)
      } catch (error) {
        if (!StoreUnavailableError.is(error)) throw error
        await pause(this.#clock, backoffMs(attempt, this.#clock.random()), this.#abandoned)
      }
    }
  }
}

function isIntent(entry: Entry | undefined): boolean {
  return entry?.kind === 'checkpoint' && entry.record.phase === 'intent'
}

/** About what an entry weighs. */
export function entryBytes(entry: Entry): number {
  const content = entry.kind === 'settle' ? entry.outcome : entry.record
  if ('error' in content) return storedErrorBytes(content.error)
  if ('output' in content) return content.output.length
  return 'value' in content ? content.value.length : smallEntryBytes
}
