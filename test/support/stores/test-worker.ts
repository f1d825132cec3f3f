import type { JournalRecord } from '../../../runtime/model/journal.ts'
import type { Outcome } from '../../../runtime/model/outcome.ts'
import type { RunId } from '../../../runtime/model/run-id.ts'
import type {
  Checkpoint,
  ClaimedRun,
  ClaimReply,
  EntryReply,
  LeaseId,
  NewWorker,
  Settlement,
  Store,
  WorkerStatus,
} from '../../../runtime/store/store.ts'
import { encoded, newWorker } from './store-inputs.ts'

export type Claimed = Extract<ClaimReply, { kind: 'claimed' }>

export const completed: Outcome = { kind: 'completed', output: encoded('output') }

/** The part of a claim about runs that need scale-in protection. */
export type Protection = keyof typeof protections
const protections = {
  takes: { protected: true, mayAsk: false },
  'may ask': { protected: false, mayAsk: true },
  none: { protected: false, mayAsk: false },
} as const

/** A worker as a test plays it, call by call: it counts its claims and the positions of its runs. */
export class TestWorker {
  readonly lease: LeaseId
  readonly name: string
  readonly store: Store
  n = 0
  readonly #positions = new Map<RunId, number>()

  constructor(store: Store, worker: NewWorker) {
    this.store = store
    this.lease = worker.lease
    this.name = worker.name
  }

  static async register(store: Store, over: Partial<NewWorker> = {}): Promise<TestWorker> {
    const worker = newWorker(over)
    await store.register(worker)
    return new TestWorker(store, worker)
  }

  async claimReply(
    max = 10,
    settle: readonly Settlement[] = [],
    n: number = ++this.n,
    protection: Protection = 'takes',
  ): Promise<Claimed> {
    const answer = await this.store.claim(this.lease, n, { max, ...protections[protection] }, settle)
    if (answer.kind === 'lost') throw new Error(`the lease of ${this.name} is lost`)
    for (const run of answer.runs) this.#positions.set(run.id, run.position)
    return answer
  }

  async claim(max = 10): Promise<readonly ClaimedRun[]> {
    return (await this.claimReply(max)).runs
  }

  /** Claims like a worker that has scale-in protection, may request it, or neither. */
  claimAs(protection: Protection, max = 10): Promise<Claimed> {
    return this.claimReply(max, [], ++this.n, protection)
  }

  /** Claims and expects exactly one run. */
  async claimOne(): Promise<ClaimedRun> {
    const [run, ...others] = await this.claim(1)
    if (others.length > 0) throw new Error(`claimed ${others.length} runs beside the first`)
    if (run === undefined) throw new Error('there was no run to claim')
    return run
  }

  /** Claims over another connection than its own, which may be gone. */
  async claimOn(store: Store): Promise<void> {
    await store.claim(this.lease, ++this.n, { max: 1, protected: true, mayAsk: false }, [])
  }

  checkpoint(run: ClaimedRun, record: JournalRecord, position?: number): Checkpoint {
    const at = position ?? (this.#positions.get(run.id) ?? 0) + 1
    if (position === undefined) this.#positions.set(run.id, at)
    return { kind: 'checkpoint', run: run.id, fence: run.fence, position: at, record }
  }

  settlement(run: ClaimedRun, outcome: Outcome): Settlement {
    const position = this.#positions.get(run.id) ?? 0
    return { kind: 'settle', run: run.id, fence: run.fence, position, outcome }
  }

  async send(...entries: (Checkpoint | Settlement)[]): Promise<readonly EntryReply[]> {
    return (await this.store.commit(this.lease, entries)).answers
  }

  /** Stores records of a run, one after the other in one call. */
  append(run: ClaimedRun, ...records: JournalRecord[]): Promise<readonly EntryReply[]> {
    return this.send(...records.map((record) => this.checkpoint(run, record)))
  }

  async settle(run: ClaimedRun, outcome: Outcome): Promise<EntryReply> {
    const [answer] = await this.send(this.settlement(run, outcome))
    return answer ?? { kind: 'gone' }
  }

  renew(status: Partial<WorkerStatus> = {}): ReturnType<Store['renew']> {
    return this.store.renew(this.lease, { draining: false, ...status })
  }
}
