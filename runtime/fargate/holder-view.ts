import { protectionText } from '../describe/protection-text.ts'
import { type ProtectionState, type ProtectionStatus, startsUnprotected } from '../model/protection.ts'
import { releaseAt } from './holder-calls.ts'
import type { HolderRules } from './holder-rules.ts'
import { blockOf, type HolderState, leftMs } from './holder-state.ts'

/** Describes a holder at one moment. Reads only; nothing here changes the state. */
export function stateOf(rules: HolderRules, state: HolderState, now: number): ProtectionState {
  const block = blockOf(rules, state, now)
  switch (block) {
    case 'draining':
    case 'newer revision':
    case 'total':
      return { kind: 'closing', cause: block }
    case 'resting':
      return { kind: 'resting', forMs: state.restUntil - now }
    case 'refused':
      return refusedState(state, now)
    case undefined:
      break
  }
  if (state.askingSince !== undefined) {
    const forMs = now - state.askingSince
    return { kind: 'asking', forMs, keepsSlot: state.wanted && forMs < rules.waitMs }
  }
  return state.grant === undefined ? { kind: 'idle' } : { kind: 'held' }
}

function refusedState({ refusal }: HolderState, now: number): ProtectionState {
  const { code = '', detail = '', until = now } = refusal ?? {}
  return { kind: 'refused', code, detail, retryInMs: Number.isFinite(until) ? until - now : undefined }
}

export function statusOf(rules: HolderRules, state: HolderState, now: number): ProtectionStatus {
  const found = stateOf(rules, state, now)
  const protectedForMs = leftMs(state, now)
  return {
    mode: rules.mode,
    state: found,
    users: state.users,
    protectedForMs,
    sharesTask: state.shared,
    calls: state.counts,
    reason: protectionText(rules.mode, found, protectedForMs),
  }
}

/** Returns whether a claim sent now may take runs that need protection. */
export function mayClaim(rules: HolderRules, state: HolderState, now: number): boolean {
  const found = stateOf(rules, state, now)
  switch (found.kind) {
    case 'held':
      return leftMs(state, now) >= rules.marginMs
    case 'refused':
      return startsUnprotected[rules.mode]
    case 'asking':
      return startsUnprotected[rules.mode] && found.forMs >= rules.waitMs
    case 'idle':
    case 'closing':
    case 'resting':
      return false
  }
}

/** Returns whether protection could be requested if it were needed. */
export function mayAsk(rules: HolderRules, state: HolderState, now: number): boolean {
  return blockOf(rules, state, now) === undefined
}

/** Returns when the state next changes by time alone, or a call becomes due; Infinity if neither does. */
export function wakeAt(rules: HolderRules, state: HolderState, now: number): number {
  const { askingSince, grant, notBefore, refusal, restUntil, retry, stretch, users, wanted } = state
  const isNeeded = users > 0 || wanted
  const times = [
    grant?.until,
    grant === undefined ? undefined : grant.until - rules.marginMs,
    grant !== undefined && users > 0 ? grant.renewAt : undefined,
    grant !== undefined && !isNeeded ? releaseAt(rules, state, now) : undefined,
    stretch === undefined ? undefined : stretch.since + rules.maxTotalMs / 2,
    retry?.at,
    refusal?.until,
    restUntil,
    isNeeded ? notBefore : undefined,
    askingSince === undefined ? undefined : askingSince + rules.waitMs,
  ]
  return Math.min(...times.filter((time) => time !== undefined && time > now).map(Number))
}
