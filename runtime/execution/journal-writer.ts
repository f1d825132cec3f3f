import { JournalFullError } from '../model/errors.ts'
import { entryOverheadBytes, type JournalRecord, journalLimits } from '../model/journal.ts'
import { onFailedPath } from '../model/step-path.ts'
import { messageOf } from '../model/thrown.ts'
import type { Checkpoint, ClaimedRun, EntryReply } from '../store/store.ts'
import type { ExecutionState } from './execution-state.ts'
import { forever } from './forever.ts'
import type { StepResults } from './step-results.ts'

/** Sends a run's entries to the store, in their order. */
export interface EntrySender {
  submit(entry: Checkpoint): Promise<EntryReply>
}

/** Writes the journal of one execution: E2 of step-scheduler.ts. */
export class JournalWriter {
  readonly #run: ClaimedRun
  readonly #state: ExecutionState
  readonly #sender: EntrySender
  readonly #results: Pick<StepResults, 'stored'>
  #position: number
  #bytes: number
  /** Stored entries: after a retry of the run fewer than positions. */
  #entries = 0
  /** Whether the store refused an entry with an error: what was handed in behind it finds a gap, which is no loss. */
  #isBroken = false

  constructor(
    run: ClaimedRun,
    state: ExecutionState,
    sender: EntrySender,
    results: Pick<StepResults, 'stored'>,
  ) {
    this.#run = run
    this.#state = state
    this.#sender = sender
    this.#results = results
    this.#position = run.position
    this.#bytes = run.journalBytes
  }

  /** The last position known to be stored, once no call is in flight. */
  get position(): number {
    return this.#position
  }

  /** Counts entries that earlier executions stored. */
  countStored(entries: number): void {
    this.#entries += entries
  }

  /** Stores one record as the run's next entry. */
  async append(
    record: JournalRecord,
    { limited = false }: { readonly limited?: boolean } = {},
  ): Promise<EntryReply & { readonly position: number }> {
    while (this.#state.gate !== undefined) await this.#state.gate
    if (this.#state.isClosed || this.#isBroken || !this.#takeRoom(record)) return forever()
    const position = ++this.#position
    this.#entries++
    // The end of a wait may be refused as early: its position is then free again, so no entry may follow it yet.
    const isRefusable = record.phase === 'done' && record.waitedAt !== undefined
    const openGate = isRefusable ? this.#state.closeGate() : undefined
    const { id, fence } = this.#run
    const entry = { kind: 'checkpoint', run: id, fence, position, record } as const
    try {
      const reply = await this.#state.during(() =>
        this.#sender.submit(limited ? { ...entry, limited } : entry),
      )
      if (reply.kind === 'early') {
        this.#position--
        this.#entries--
      }
      if (reply.kind === 'gap' || reply.kind === 'gone') {
        if (!this.#isBroken || reply.kind === 'gone') this.#state.requestStop({ kind: 'lost' })
        return forever()
      }
      // Replies come in the order of the journal.
      if (reply.kind !== 'early' && isEnd(record)) this.#results.stored(record.path)
      return { ...reply, position }
    } catch (error) {
      // The run is blocked at the last position that is stored; at a later one the store would find a gap.
      this.#isBroken = true
      this.#position = Math.min(this.#position, position - 1)
      const reason = `step '${record.path}' can't be stored: ${messageOf(error)}`
      this.#state.requestStop({ kind: 'blocked', reason })
      return forever()
    } finally {
      openGate?.()
    }
  }

  /** Counts the record. Returns false, and stops the run, when its journal is full. */
  #takeRoom(record: JournalRecord): boolean {
    this.#bytes +=
      record.path.length + entryOverheadBytes + (record.phase === 'done' ? record.value.length : 0)
    const full =
      this.#entries >= journalLimits.entries
        ? `${journalLimits.entries} entries`
        : this.#bytes > journalLimits.bytes
          ? `${journalLimits.bytes} bytes`
          : undefined
    if (full === undefined || record.path === onFailedPath) return true
    this.#state.requestStop({ kind: 'journal full', error: new JournalFullError(full) })
    return false
  }
}

function isEnd({ phase }: JournalRecord): boolean {
  return phase === 'done' || phase === 'failed'
}
