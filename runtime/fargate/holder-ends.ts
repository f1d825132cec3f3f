import type { HolderRules } from './holder-rules.ts'
import { type HolderState, type HolderStep, isWinding, type LossReason, leftMs } from './holder-state.ts'

/** Notifies the users, once per grant, that the protection they rely on ends. */
export function tellUsers(state: HolderState, why: LossReason, now: number): HolderStep {
  if (state.told || state.users === 0) return { state, effects: [] }
  return {
    state: { ...state, told: true },
    effects: [{ kind: 'lost', why, untilMs: leftMs(state, now) }],
  }
}

/** Ends a stretch. A long one is followed by a rest. */
export function closeStretch(rules: HolderRules, state: HolderState, now: number): HolderState {
  return {
    ...state,
    grant: undefined,
    stretch: undefined,
    retry: state.retry?.action === 'unprotect' ? undefined : state.retry,
    endedAt: now,
    restUntil: isWinding(rules, state, now) ? now + rules.restMs : state.restUntil,
  }
}
