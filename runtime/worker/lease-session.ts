import { randomUUID } from 'node:crypto'
import type { LeaseListener } from '../execution/lease-listener.ts'
import { Macrotasks } from '../execution/macrotasks.ts'
import { Outbox } from '../execution/outbox.ts'
import type { RunExecutor } from '../execution/run-executor.ts'
import { StoreFormatError, StoreUnavailableError } from '../model/errors.ts'
import { hooksOf } from '../model/middleware.ts'
import type { RunId } from '../model/run-id.ts'
import { toStoredError } from '../model/stored-error.ts'
import { untilReplied } from '../model/until-replied.ts'
import type { OpenStep } from '../store/open-steps.ts'
import type {
  ClaimedRun,
  JournalPage,
  LeaseId,
  Orders,
  Settlement,
  Store,
  Unsubscribe,
} from '../store/store.ts'
import type { RunDrainPlan } from '../store/worker-drain.ts'
import { ClaimLoop } from './claim-loop.ts'
import { LimitCalls } from './limit-calls.ts'
import { Reconciler } from './reconciler.ts'
import type { RunProtection } from './run-protection.ts'
import { SlotTable } from './slot-table.ts'
import type { WorkerConfig } from './worker-options.ts'

/** A journal that fails so often other than by an outage is taken for unreadable. */
const maxReadFailures = 8

export interface LeaseSessionDeps {
  /**
   * Executions of this process by run, over all its leases: a run that comes back waits until the older execution has
   * ended or its grace is over (R18).
   */
  readonly executors: Map<RunId, RunExecutor>
  readonly protection: RunProtection
  readonly onDrainOrder: () => void
  readonly onLost: () => void
}

/**
 * A worker's work under one lease, until the lease is resigned or lost: the claim loop fills the slot table, each slot
 * executes its run, and the outbox sends their entries.
 * W3  Once the lease is lost nothing is written any more and every slot's signal aborts.
 */
export class LeaseSession implements LeaseListener {
  readonly lease: LeaseId = randomUUID()
  readonly #store: Store
  readonly #config: WorkerConfig
  readonly #deps: LeaseSessionDeps
  readonly #over = new AbortController()
  readonly #outbox: Outbox
  readonly #slots: SlotTable
  readonly #reconciler: Reconciler
  readonly #loop: ClaimLoop
  #stopListening: Unsubscribe = () => undefined

  constructor(store: Store, config: WorkerConfig, deps: LeaseSessionDeps) {
    this.#store = store
    this.#config = config
    this.#deps = deps
    const { lease } = this
    const { clock, log, middleware } = config
    const { protection, executors } = deps
    const over = this.#over.signal
    const macrotasks = new Macrotasks(clock)
    const outbox = new Outbox({ store, lease, clock, over, listener: this })
    const slots = new SlotTable({
      ...{ config, protection, executors, listener: this },
      executionDeps: {
        ...{ clock, log, macrotasks, outbox, listener: this },
        runHooks: hooksOf(middleware, 'run'),
        stepHooks: hooksOf(middleware, 'step'),
        maxValueBytes: config.store.maxValueBytes,
        limitStore: new LimitCalls(store, lease, config, over),
        readPage: (run, from) => this.#readPage(run, from),
      },
    })
    const reconciler = new Reconciler({ store, lease, clock, log, slots, listener: this })
    this.#outbox = outbox
    this.#slots = slots
    this.#reconciler = reconciler
    this.#loop = new ClaimLoop({
      ...{ store, lease, config, slots, outbox, protection, reconciler, macrotasks, over, listener: this },
    })
  }

  begin(): void {
    this.#stopListening = this.#store.onWakeup(this.lease, (why) => {
      // R14: the store may have come back with an older state.
      if (why === 'reconnected') this.#reconciler.soon()
      this.hint()
    })
    this.#loop.begin()
  }

  /** There may be runs to claim, or an order. */
  hint(): void {
    this.#loop.hint()
  }

  ordered(orders: Orders): void {
    this.#slots.obey(orders)
    if (orders.drain && !this.#slots.isDraining) this.#deps.onDrainOrder()
  }

  changed(): void {
    this.#loop.wake()
  }

  idle(): void {
    this.hint()
  }

  uncertain(): void {
    this.#reconciler.soon()
  }

  unsettled({ run }: Settlement, error: unknown): void {
    const reason = toStoredError(error).message
    this.#config.log.error({ run, reason }, 'a run could not be settled; it is blocked')
  }

  lost(): void {
    this.#deps.onLost()
  }

  /** Claims no more runs and hands over the current ones, each at its next step edge. */
  drain(): void {
    this.#slots.drain()
    // Sends one empty claim, so that the store stops waking this worker for new runs.
    this.hint()
  }

  /** Resolves when no slot is taken. */
  empty(): Promise<void> {
    return this.#slots.empty()
  }

  get openSteps(): readonly OpenStep[] {
    return this.#slots.openSteps
  }

  get drainPlan(): readonly RunDrainPlan[] {
    return this.#slots.drainPlan
  }

  /** How many runs it holds. */
  get held(): number {
    return this.#slots.size
  }

  /** Whether a body runs that must not be handed over (R12). */
  get insideOnce(): boolean {
    return this.#slots.insideOnce.length > 0
  }

  /** Resolves when the runs that are inside such a body now have left their slots, its end stored. */
  onceEnded(): Promise<void> {
    return this.#slots.onceEnded()
  }

  /** Gives up all runs in slots except those in at-most-once bodies: the lease stays theirs until they have ended. */
  async handOverAll(): Promise<void> {
    const kept = this.#slots.insideOnce
    this.#slots.lose(kept)
    await this.#store.resign(this.lease, kept)
  }

  /**
   * Ends the session. Runs in slots are given up: their signals abort, they write nothing more, and the resigned lease
   * hands them to the next worker.
   */
  async resign(): Promise<void> {
    await this.lose()
    await this.#store.resign(this.lease, [])
  }

  /** W3. */
  async lose(): Promise<void> {
    this.#slots.lose()
    this.#over.abort()
    this.#stopListening()
    await this.#loop.end()
    this.#outbox.close()
  }

  /** Rejects with an error that is no outage and that another attempt did not clear; it blocks the run. */
  #readPage({ id, fence }: ClaimedRun, from: number): Promise<JournalPage | 'gone'> {
    const { clock, log } = this.#config
    const over = this.#over.signal
    let failures = 0
    const onFailure = (error: unknown): void => {
      if (StoreUnavailableError.is(error)) return
      if (StoreFormatError.is(error) || ++failures === maxReadFailures) throw error
      log.warn({ run: id, err: toStoredError(error) }, 'a journal could not be read; reading it again')
    }
    const read = (): Promise<JournalPage | 'gone'> => this.#store.readJournal(this.lease, id, fence, from)
    return untilReplied(read, { clock, over, onFailure }, 'gone')
  }
}
