import type { LimitUse } from '../model/limit-use.ts'
import type { RunId } from '../model/run-id.ts'
import type { UniqueClaim } from '../model/unique.ts'

/** A run as it is enqueued. */
export interface NewRun {
  readonly id: RunId
  readonly job: string
  readonly version: number
  readonly queue: string
  /** -1000 to 1000, higher first. */
  readonly priority: number
  readonly input: Uint8Array
  /**
   * The written digest of the input (model/digest.ts), to distinguish a repeat of `id` from a conflict; '' for an id of
   * the client's.
   */
  readonly inputDigest: string
  /** Its canonical digest, if that is another one. A run has the same input if it has one of the two. */
  readonly canonicalDigest?: string
  readonly tags: readonly string[]
  readonly headers: Readonly<Record<string, string>>
  /** How long until it is ready: a duration, or an instant the caller named. */
  readonly start:
    | { readonly kind: 'now' }
    | { readonly kind: 'in'; readonly ms: number }
    | { readonly kind: 'at'; readonly at: number }
  /** If it isn't started within this many ms after it could be: `expired`. */
  readonly expiresInMs?: number
  /** The job's timeout, counted from its first claim. */
  readonly timeoutMs?: number
  /** Only a worker with scale-in protection takes it. */
  readonly protect?: true
  /** Taken together by each claim of it. */
  readonly limits?: readonly LimitUse[]
  /** At most one run with this job and key is live at a time (G7). */
  readonly unique?: UniqueClaim
  /** The schedule that made it, by a tick or a trigger; stores set it themselves. */
  readonly schedule?: string
  /** The tick of the schedule that made it. */
  readonly scheduledFor?: number
}
