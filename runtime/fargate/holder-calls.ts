import type { ProtectionCalls } from '../model/protection.ts'
import { closeStretch, tellUsers } from './holder-ends.ts'
import type { HolderRules } from './holder-rules.ts'
import {
  type CallAction,
  counted,
  type HolderState,
  type HolderStep,
  isWinding,
  leftMs,
} from './holder-state.ts'

/** Sends the call that is due, if any. */
export function sendDue(rules: HolderRules, state: HolderState, now: number): HolderStep {
  if (state.call !== undefined) return { state, effects: [] }
  if (state.retry?.action === 'unprotect') return repeatRelease(rules, state, now)
  const isNeeded = state.users > 0 || state.wanted
  if (isNeeded) return protect(rules, state, now)
  const idle = state.retry === undefined ? state : { ...state, retry: undefined }
  return idle.grant !== undefined && now >= releaseAt(rules, idle, now)
    ? send(idle, 'unprotect', 0, now)
    : { state: idle, effects: [] }
}

/** Returns when protection without users is released; Infinity if it's left to expire (H4). */
export function releaseAt(rules: HolderRules, state: HolderState, now: number): number {
  if (state.shared) return Number.POSITIVE_INFINITY
  // The process ends: its last release isn't one of many.
  if (state.draining) return now
  const atOnce = state.superseded || isWinding(rules, state, now)
  const dueAt = atOnce ? now : state.idleSince + state.holdMs
  return Math.max(dueAt, state.releasedAt + rules.releaseEveryMs)
}

/** Repeats an `unprotect` that failed, unless a run or user needs protection by now. */
function repeatRelease(rules: HolderRules, state: HolderState, now: number): HolderStep {
  const { retry, shared, users, wanted } = state
  if (retry === undefined) return { state, effects: [] }
  if (shared || users > 0 || wanted) return sendDue(rules, closeStretch(rules, state, now), now)
  return now >= retry.at ? send(state, 'unprotect', 0, now) : { state, effects: [] }
}

/** Requests or renews protection, if that's due and allowed. */
function protect(rules: HolderRules, state: HolderState, now: number): HolderStep {
  const { draining, grant, refusal, restUntil, retry, stretch, taskArn } = state
  const isClosed = draining || restUntil > now || stretch?.ended === true
  if (isClosed) return { state: { ...state, retry: undefined, wanted: false }, effects: [] }
  const isPut =
    taskArn === undefined || state.notBefore > now || (refusal !== undefined && refusal.until > now)
  if (isPut || (retry !== undefined && now < retry.at)) return { state, effects: [] }
  if (grant === undefined) return send(state, 'protect', rules.periodMinutes, now)
  const isDue = now >= grant.renewAt && state.users > 0
  const isShort = state.wanted && leftMs(state, now) < rules.marginMs
  if (!isDue && !isShort) return { state: { ...state, retry: undefined }, effects: [] }
  const minutes = Math.min(rules.periodMinutes, minutesLeft(rules, state, now))
  // A call sets the expiry anew, it never takes the later one.
  if (now + minutes * rules.minuteMs > grant.until) return send(state, 'protect', minutes, now)
  const ended: HolderState = {
    ...state,
    retry: undefined,
    wanted: false,
    stretch: { since: stretch?.since ?? now, ended: true },
  }
  return tellUsers(ended, 'total', now)
}

/** Whole minutes until the stretch has lasted its total (H6). */
function minutesLeft({ maxTotalMs, minuteMs }: HolderRules, { stretch }: HolderState, now: number): number {
  const sinceMs = stretch === undefined ? 0 : now - stretch.since
  return Math.max(0, Math.floor((maxTotalMs - sinceMs) / minuteMs))
}

function send(state: HolderState, action: CallAction, minutes: number, now: number): HolderStep {
  const id = state.calls + 1
  const unprotects = action === 'unprotect'
  return {
    state: {
      ...state,
      calls: id,
      call: { id, action, sentAt: now, minutes },
      retry: undefined,
      counts: countSent(state, action),
      grant: unprotects ? undefined : state.grant,
      releasedAt: unprotects && state.retry === undefined ? now : state.releasedAt,
    },
    effects: [{ kind: 'call', id, action, minutes }],
  }
}

function countSent({ counts, grant, retry }: HolderState, action: CallAction): ProtectionCalls {
  if (retry !== undefined) return counted(counts, 'retried')
  if (action === 'unprotect') return counted(counts, 'released')
  return counted(counts, grant === undefined ? 'asked' : 'renewed')
}
