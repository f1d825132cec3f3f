import type { Orders, Settlement } from '../store/store.ts'

/** The messages from the parts of a lease's work to the session that holds them together. */
export interface LeaseListener {
  /** The store sent orders with a reply. */
  ordered(orders: Orders): void
  /** A settlement waits, or a slot is free: the claim loop checks again. */
  changed(): void
  /** An execution now holds its slot only to wait: a claim may be due. */
  idle(): void
  /** The store may hold a run for this worker that has no slot (R14). */
  uncertain(): void
  /** A settlement that the store can't carry out: its run is blocked (R24). */
  unsettled(settlement: Settlement, error: unknown): void
  /** The store replied that the lease is over. */
  lost(): void
}
