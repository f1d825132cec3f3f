import type { Clock } from '../model/clock.ts'
import { storedErrorBytes } from '../model/stored-error.ts'
import { messageOf } from '../model/thrown.ts'
import { untilReplied } from '../model/until-replied.ts'
import {
  type Checkpoint,
  type CommitReply,
  commitLimits,
  type EntryReply,
  type LeaseId,
  type Settlement,
  type Store,
} from '../store/store.ts'
import type { LeaseListener } from './lease-listener.ts'

type Entry = Checkpoint | Settlement

interface Waiting<E extends Entry = Entry> {
  readonly entry: E
  readonly bytes: number
  readonly resolve: (reply: EntryReply) => void
  readonly reject: (error: unknown) => void
}

/** Settlements that are being sent with one claim. */
export interface SettlementBatch {
  readonly entries: readonly Settlement[]
  /** Replies in the order of `entries`; a missing one means that the run is no longer this worker's. */
  settled(replies: readonly EntryReply[]): void
  /** Sends each one by itself, after the store refused them together (B3). */
  sendSingly(): Promise<void>
}

export interface OutboxDeps {
  readonly store: Pick<Store, 'commit'>
  readonly lease: LeaseId
  readonly clock: Clock
  /** Aborted once the lease is over: nothing is sent any more. */
  readonly over: AbortSignal
  readonly listener: Pick<LeaseListener, 'changed' | 'ordered' | 'unsettled'>
}

/** Leaves room for the parts of an entry that `entryBytes` doesn't count. */
const maxBatch = { entries: commitLimits.entries, bytes: commitLimits.bytes * 0.8 } as const
const smallEntryBytes = 1_000
/** At most this many commits are in flight: the next batch is sent while the store still works on earlier ones. */
const maxInFlight = 3
const gone: EntryReply = { kind: 'gone' }
const noAnswers: CommitReply = { answers: [], orders: { drain: false, cancel: [], granted: [] } }

/**
 * Sends the entries of a lease's runs to the store: checkpoints in commits, settlements with the next claim (R2). A
 * settlement that must be sent alone is sent in a commit. Entries that arrive while commits are in flight form the next
 * batch.
 * B1  Checkpoints of one run reach the store in the order in which they were handed in: while one is in flight, no later
 *     one is sent. A run hands in its settlement only once its checkpoints have replies.
 * B2  While the store can't be reached, the same batch is sent again (S3) until the lease is over.
 * B3  A batch that the store refuses is sent again entry by entry, so that one bad entry fails only its own run (R24).
 */
export class Outbox {
  readonly #deps: OutboxDeps
  #forCommit: Waiting[] = []
  readonly #settlements: Waiting<Settlement>[] = []
  #isScheduled = false
  #inFlight = 0
  readonly #runsInFlight = new Set<string>()

  constructor(deps: OutboxDeps) {
    this.#deps = deps
  }

  /** Sends an entry in a commit. */
  submit(entry: Entry): Promise<EntryReply> {
    return new Promise((resolve, reject) => {
      this.#forCommit.push({ entry, bytes: entryBytes(entry), resolve, reject })
      this.#schedule()
    })
  }

  /** Sends a settlement with the next claim. Never rejects. */
  settle(settlement: Settlement): Promise<EntryReply> {
    if (this.#deps.over.aborted) return Promise.resolve(gone)
    return new Promise((resolve, reject) => {
      this.#settlements.push({ entry: settlement, bytes: entryBytes(settlement), resolve, reject })
      this.#deps.listener.changed()
    })
  }

  /** Whether a settlement waits for a claim. */
  get hasSettlements(): boolean {
    return this.#settlements.length > 0
  }

  /** Returns the settlements for the next claim: as many as one call may carry (R24). */
  takeSettlements(): SettlementBatch {
    let bytes = 0
    const tooMany = this.#settlements.findIndex((waiting, i) => {
      bytes += waiting.bytes
      return i === commitLimits.entries || (i > 0 && bytes > commitLimits.bytes)
    })
    const batch = this.#settlements.splice(0, tooMany === -1 ? this.#settlements.length : tooMany)
    return {
      entries: batch.map(({ entry }) => entry),
      settled: (replies) => {
        for (let i = 0; i < batch.length; i++) batch[i]?.resolve(replies[i] ?? gone)
      },
      sendSingly: async () => {
        for (const { entry, resolve } of batch) resolve(await this.#settleSingly(entry))
      },
    }
  }

  /** Resolves waiting settlements as `gone`: the lease is over, so their runs are no longer this worker's. */
  close(): void {
    for (const { resolve } of this.#settlements.splice(0)) resolve(gone)
  }

  /** R24: a settlement that the store refuses fails alone, and its run is blocked with the reason. */
  async #settleSingly(settlement: Settlement): Promise<EntryReply> {
    try {
      return await this.submit(settlement)
    } catch (error) {
      this.#deps.listener.unsettled(settlement, error)
      const reason = `its end can't be stored: ${messageOf(error)}`
      const outcome = { kind: 'blocked', reason, digest: '' } as const
      return this.submit({ ...settlement, outcome }).catch(() => gone)
    }
  }

  #schedule(): void {
    if (this.#isScheduled || this.#forCommit.length === 0 || this.#inFlight >= maxInFlight) return
    this.#isScheduled = true
    const { clock } = this.#deps
    // If no commit is in flight, send at the end of this macrotask; else in a later one, so that more entries join.
    const schedule = this.#inFlight === 0 ? clock.atMacrotaskEnd : clock.soon
    schedule.call(clock, () => {
      this.#isScheduled = false
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
    // B1: if an entry is left for a later batch, so are the later entries of its run.
    const skipped = new Set<string>()
    let isFull = false
    for (const waiting of this.#forCommit) {
      const { run } = waiting.entry
      // An intent is sent alone: it may have to wait for a disk or a replica (R11), and other entries must not wait with it.
      const isApart = batch.length > 0 && (isIntent(waiting.entry) || isIntent(batch[0]?.entry))
      const isHeavy = batch.length > 0 && bytes + waiting.bytes > maxBatch.bytes
      isFull ||= batch.length === maxBatch.entries || isHeavy
      if (isFull || isApart || this.#runsInFlight.has(run) || skipped.has(run)) {
        left.push(waiting)
        skipped.add(run)
      } else {
        bytes += waiting.bytes
        batch.push(waiting)
      }
    }
    this.#forCommit = left
    return batch
  }

  /** B1: all runs of a batch count as in flight until the whole batch has replies, even if it is sent entry by entry. */
  async #send(batch: readonly Waiting[]): Promise<void> {
    this.#inFlight++
    for (const { entry } of batch) this.#runsInFlight.add(entry.run)
    if (!(await this.#commit(batch))) for (const waiting of batch) await this.#commit([waiting])
    for (const { entry } of batch) this.#runsInFlight.delete(entry.run)
    this.#inFlight--
    this.#schedule()
  }

  /**
   * Resolves to false if a batch of several entries failed: it must be sent entry by entry. A single entry that fails
   * rejects its own call.
   */
  async #commit(batch: readonly Waiting[]): Promise<boolean> {
    try {
      const { answers, orders } = await this.#untilCommitted(batch.map(({ entry }) => entry))
      for (const [i, waiting] of batch.entries()) waiting.resolve(answers[i] ?? gone)
      this.#deps.listener.ordered(orders)
    } catch (error) {
      if (batch.length > 1) return false
      for (const waiting of batch) waiting.reject(error)
    }
    return true
  }

  /** B2. */
  #untilCommitted(entries: readonly Entry[]): Promise<CommitReply> {
    const { store, lease, clock, over } = this.#deps
    return untilReplied(() => store.commit(lease, entries), { clock, over }, noAnswers)
  }
}

function isIntent(entry: Entry | undefined): boolean {
  return entry?.kind === 'checkpoint' && entry.record.phase === 'intent'
}

/** Returns the approximate size of an entry. */
export function entryBytes(entry: Entry): number {
  const content = entry.kind === 'settle' ? entry.outcome : entry.record
  if ('error' in content) return storedErrorBytes(content.error)
  if ('output' in content) return content.output.length
  return 'value' in content ? content.value.length : smallEntryBytes
}
