import type { Store } from '../../../runtime/store/store.ts'
import type { RetentionOptions } from '../../../runtime/store/store-config.ts'

/** A fresh store whose time stands still until a test moves it. */
export interface StoreUnderTest {
  readonly store: Store
  /** Another connection to it, as another process would have. */
  another(): Promise<Store>
  /** What the clock of the store's host shows. */
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

/** What a store gives to be tested; everything else of the suite is the same for all. */
export interface StoreKind {
  readonly name: string
  readonly open: (options?: OpenOptions) => Promise<StoreUnderTest>
}

/** Opens the store of one test. */
export type Open = StoreKind['open']
