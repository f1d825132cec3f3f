import type { ProtectionCalls } from '../model/protection.ts'
import type { HolderRules } from './holder-rules.ts'
import type { ProtectionReply } from './protection-reply.ts'

/* The state of one task's holder of protection. All times are ms of the monotonic clock. */

export type CallAction = 'protect' | 'unprotect'

export interface Call {
  readonly id: number
  readonly action: CallAction
  readonly sentAt: number
  /** The requested time; 0 for `unprotect`. */
  readonly minutes: number
}

/** Protection that ECS confirmed. */
interface Grant {
  /** Counted from the send of the call, so that ECS protects at least as long. */
  readonly until: number
  readonly renewAt: number
  /** A renewal failed for good since it was granted. */
  readonly refused: boolean
}

/** Protection without a gap, over its renewals. */
interface Stretch {
  /** Send time of its first confirmed call. */
  readonly since: number
  /** Its total is used up: it's never renewed again. */
  readonly ended: boolean
}

interface Refusal {
  readonly code: string
  readonly detail: string
  /** Infinity when asking again is pointless. */
  readonly until: number
}

export interface HolderState {
  /** Undefined until the metadata is read. */
  readonly taskArn: string | undefined
  readonly users: number
  /** A run waits for protection, or a user for more of it. */
  readonly wanted: boolean
  /** Since when a run or user has waited. */
  readonly askingSince: number | undefined
  /** Since when protection has had no user. */
  readonly idleSince: number
  readonly calls: number
  readonly call: Call | undefined
  readonly retry: { readonly action: CallAction; readonly at: number } | undefined
  /** Since the last successful reply to a `protect`. */
  readonly retriesUsed: number
  /** Until then an `unprotect` without a reply may still take effect. */
  readonly notBefore: number
  readonly grant: Grant | undefined
  readonly stretch: Stretch | undefined
  /** Users were notified that this grant ends. */
  readonly told: boolean
  readonly refusal: Refusal | undefined
  /** In a row. */
  readonly refusals: number
  readonly restUntil: number
  readonly holdMs: number
  /** End of the last stretch, by release or expiry. */
  readonly endedAt: number
  readonly releasedAt: number
  readonly draining: boolean
  readonly shared: boolean
  readonly superseded: boolean
  readonly counts: ProtectionCalls
}

export type HolderEvent =
  | { readonly kind: 'task'; readonly arn: string }
  | { readonly kind: 'want' }
  | { readonly kind: 'acquire' }
  | { readonly kind: 'release' }
  /** A worker begins to use a holder whose workers had all begun to drain. */
  | { readonly kind: 'rejoin' }
  /** As `release`, of a hold that no run used. */
  | { readonly kind: 'withdraw' }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: ProtectionReply }
  | { readonly kind: 'shared'; readonly value: boolean }
  | { readonly kind: 'superseded'; readonly value: boolean }
  | { readonly kind: 'drain' }
  | { readonly kind: 'tick' }

export type HolderEffect =
  | { readonly kind: 'call'; readonly id: number; readonly action: CallAction; readonly minutes: number }
  /** Protection that users rely on ends: `untilMs` from now, at the latest. */
  | { readonly kind: 'lost'; readonly why: LossReason; readonly untilMs: number }
  /** `repeated`: the same as the previous one. */
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly repeated: boolean }
  | { readonly kind: 'confirmed'; readonly afterRefusals: number }

export interface HolderStep {
  readonly state: HolderState
  readonly effects: readonly HolderEffect[]
}

export type LossReason = 'renewal refused' | 'expired' | 'total'

/** The moment of an event: `wall` for dates of ECS only, `random` for jitter. */
export interface Moment {
  readonly now: number
  readonly wall: number
  /** 0 <= n < 1 */
  readonly random: number
}

export const noCalls: ProtectionCalls = {
  asked: 0,
  renewed: 0,
  released: 0,
  retried: 0,
  confirmed: 0,
  refused: 0,
  throttled: 0,
  lost: 0,
}

export function counted(counts: ProtectionCalls, call: keyof ProtectionCalls): ProtectionCalls {
  return { ...counts, [call]: counts[call] + 1 }
}

export function initialState({ holdMs }: HolderRules): HolderState {
  return {
    taskArn: undefined,
    users: 0,
    wanted: false,
    askingSince: undefined,
    idleSince: 0,
    calls: 0,
    call: undefined,
    retry: undefined,
    retriesUsed: 0,
    notBefore: Number.NEGATIVE_INFINITY,
    grant: undefined,
    stretch: undefined,
    told: false,
    refusal: undefined,
    refusals: 0,
    restUntil: Number.NEGATIVE_INFINITY,
    holdMs,
    endedAt: Number.NEGATIVE_INFINITY,
    releasedAt: Number.NEGATIVE_INFINITY,
    draining: false,
    shared: false,
    superseded: false,
    counts: noCalls,
  }
}

/** Returns how long the confirmed protection lasts. */
export function leftMs({ grant }: HolderState, now: number): number {
  return grant === undefined ? 0 : Math.max(0, grant.until - now)
}

/** Returns whether half of the stretch's total is over: from then on it's brought to its end. */
export function isWinding({ maxTotalMs }: HolderRules, { stretch }: HolderState, now: number): boolean {
  return stretch !== undefined && (stretch.ended || now - stretch.since >= maxTotalMs / 2)
}

/** Returns why no new protected run is accepted, or undefined. */
export function blockOf(
  rules: HolderRules,
  state: HolderState,
  now: number,
): 'draining' | 'refused' | 'newer revision' | 'total' | 'resting' | undefined {
  if (state.draining) return 'draining'
  if (state.superseded) return 'newer revision'
  if (isWinding(rules, state, now)) return 'total'
  // Checked after the causes that close the task: a refusal lets best-effort runs start, a deployment that waits for
  // this task must not.
  if (state.refusal !== undefined && state.refusal.until > now) return 'refused'
  return state.restUntil > now ? 'resting' : undefined
}
