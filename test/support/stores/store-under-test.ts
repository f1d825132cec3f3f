import type { Store } from '../../../runtime/store/store.ts'
import type { RetentionOptions } from '../../../runtime/store/store-config.ts'

/** A fresh store whose time advances only when a test moves it. */
export interface StoreUnderTest {
  readonly store: Store
  /** Another connection to it, as another process would have. */
  another(): Promise<Store>
  /** The time on the clock of the store's host. */
  now(): number
  /** Lets time pass, which that clock shows. */
  advance(ms: number): void
  /** Sets that clock ahead or back; no time passes. */
  moveClock(ms: number): void
  /** Closes every connection and deletes the store. */
  close(): Promise<void>
}

export interface OpenOptions {
  readonly retention?: RetentionOptions
}

/** The parts of the suite that differ by store. */
export interface StoreKind {
  readonly name: string
  readonly open: (options?: OpenOptions) => Promise<StoreUnderTest>
}

/** Opens the store of one test. */
export type Open = StoreKind['open']
