import type { StoreOutageKind } from '../model/store-outage.ts'
import type { OpenSteps } from '../store/open-steps.ts'
import type { LeaseId, Orders } from '../store/store.ts'
import type { StoreConfig } from '../store/store-config.ts'
import type { DrainStatus } from '../store/worker-drain.ts'
import type { WorkerReport } from '../store/worker-report.ts'

/** The start data of the lease thread. */
export interface LeaseThreadData {
  /** A password function stays on the main thread, which calls it. */
  readonly store: Omit<StoreConfig, 'password'> & { readonly password: string | undefined }
  readonly asksForPassword: boolean
  readonly leaseMs: number
  readonly maxBlockedMs: number
  readonly healthPort: number | undefined
  /** Shared with the main thread, see `beatSlots`. */
  readonly beats: Int32Array
}

/** Places in the shared array. */
export const beatSlots = { beat: 0, draining: 1, deadDuty: 2, length: 3 } as const

/** Main thread to lease thread. */
export type ToLeaseThread =
  | { readonly kind: 'keep'; readonly lease: LeaseId }
  /** To go with the next renewal. */
  | { readonly kind: 'open steps'; readonly lease: LeaseId; readonly told: OpenSteps }
  /** Sent with the next renewal, or at once; under any lease of the process. */
  | { readonly kind: 'report'; readonly report: WorkerReport; readonly atOnce: boolean }
  /** Sent at once: the process drains, under any lease. */
  | { readonly kind: 'drain'; readonly drain: DrainStatus }
  | { readonly kind: 'password'; readonly password: string }
  | { readonly kind: 'password failed'; readonly reason: string }
  | { readonly kind: 'stop' }

/** Lease thread to main thread; `lease` distinguishes messages of an older lease (R18). */
export type FromLeaseThread =
  /** It runs, and its health server listens if there is one: the first message unless it can't start. */
  | { readonly kind: 'up'; readonly healthPort: number | undefined }
  | { readonly kind: 'health port taken'; readonly port: number; readonly reason: string }
  | { readonly kind: 'password wanted' }
  | { readonly kind: 'held'; readonly lease: LeaseId; readonly orders: Orders }
  | { readonly kind: 'lost'; readonly lease: LeaseId }
  | { readonly kind: 'blocked'; readonly silentMs: number }
  /** A call of the thread failed; `outage` when it is the store's. */
  | {
      readonly kind: 'failed'
      readonly outage: StoreOutageKind | undefined
      readonly reason: string
      readonly tookMs: number
    }

/** The part of a lease between two renewals: 3 s of 10 s. */
export const renewalShare = 0.3
