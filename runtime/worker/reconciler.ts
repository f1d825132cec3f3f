import type { LeaseListener } from '../execution/lease-listener.ts'
import type { Clock } from '../model/clock.ts'
import { outageKindOf } from '../model/errors.ts'
import type { Logger } from '../model/job.ts'
import { toStoredError } from '../model/stored-error.ts'
import type { LeaseId, Store } from '../store/store.ts'
import type { SlotTable } from './slot-table.ts'

const reconcileEveryMs = 10_000
/** A worker without runs only checks whether the store knows of one. */
const reconcileIdleEveryMs = 30_000

export interface ReconcilerDeps {
  readonly store: Pick<Store, 'reconcile'>
  readonly lease: LeaseId
  readonly clock: Clock
  readonly log: Logger
  readonly slots: SlotTable
  readonly listener: Pick<LeaseListener, 'lost'>
}

/** R14: compares, with no claim in flight, the runs of the worker with those that the store says it holds. */
export class Reconciler {
  readonly #deps: ReconcilerDeps
  #reconciledAt: number

  constructor(deps: ReconcilerDeps) {
    this.#deps = deps
    this.#reconciledAt = deps.clock.elapsed()
  }

  get dueInMs(): number {
    const { slots, clock } = this.#deps
    return this.#reconciledAt + (slots.size > 0 ? reconcileEveryMs : reconcileIdleEveryMs) - clock.elapsed()
  }

  /** The store and the worker may disagree: they are compared before the next claim. */
  soon(): void {
    this.#reconciledAt = Number.NEGATIVE_INFINITY
  }

  async whenDue(): Promise<void> {
    if (this.dueInMs < 0) await this.#reconcile()
  }

  async #reconcile(): Promise<void> {
    const { store, lease, clock, log, slots, listener } = this.#deps
    this.#reconciledAt = clock.elapsed()
    try {
      const answer = await store.reconcile(lease, slots.held)
      if (answer === 'lost') listener.lost()
      else slots.drop(answer.drop)
    } catch (error) {
      if (outageKindOf(error) === undefined) {
        log.warn({ err: toStoredError(error) }, 'held runs could not be compared with the store')
      }
    }
  }
}
