import type { Finding } from '../../runtime/attention/finding.ts'
import type { Overview } from '../../runtime/store/overview.ts'
import type { Pulse } from './pulse.ts'

/**
 * - `connecting`: no read has ended yet
 * - `live`: the last read succeeded
 * - `offline`: it failed; the next try is at `retryAt`
 * - `newer`: the store was written by a newer version, which no retry fixes
 * - `forbidden`: the store's user lacks a permission
 */
export type Connection =
  | { readonly kind: 'connecting' }
  /** `at`: when the last read ended, by this host's clock. */
  | { readonly kind: 'live'; readonly latencyMs: number; readonly at: number }
  | (Trouble & {
      /** When the last successful read ended, or the first try began; by this host's clock, as `retryAt`. */
      readonly since: number
      readonly attempt: number
      readonly retryAt: number
    })

export interface Trouble {
  readonly kind: 'offline' | 'newer' | 'forbidden'
  readonly message: string
}

/** The known state of the fleet: one immutable value, replaced once a second. */
export interface FleetView {
  readonly connection: Connection
  /** Of the range '1h'; undefined until the first read. */
  readonly overview: Overview | undefined
  /** Raised and not muted, the most severe first. */
  readonly findings: readonly Finding[]
  readonly muted: readonly Finding[]
  /**
   * At first, and while a finding was seen in one round only: it's raised in the second, so an empty list means nothing
   * yet.
   */
  readonly isLooking: boolean
  readonly pulse: Pulse
  /** How far the store's clock is ahead of this host's. */
  readonly aheadMs: number
}
