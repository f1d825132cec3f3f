import { noReply } from '../model/protection.ts'
import { closeStretch, tellUsers } from './holder-ends.ts'
import type { HolderRules } from './holder-rules.ts'
import { type Call, counted, type HolderState, type HolderStep, type Moment } from './holder-state.ts'
import type { ProtectionReply } from './protection-reply.ts'

/** Retries between two successful replies to a `protect`. */
const maxRetries = 2
const renewShare = 0.8
/** The task isn't part of a service, which doesn't change while it runs. */
const permanentCode = 'TASK_NOT_VALID'

type Verdict =
  | { readonly kind: 'good' }
  | {
      readonly kind: 'bad'
      readonly counted: 'refused' | 'throttled' | 'lost'
      readonly code: string
      readonly detail: string
      /** ECS said that the task isn't protected now, regardless of earlier replies. */
      readonly unprotected: boolean
    }

/** Handles the reply to the call in flight; any other one came too late and changes nothing. */
export function receiveReply(
  rules: HolderRules,
  state: HolderState,
  { id, answer }: { readonly id: number; readonly answer: ProtectionReply },
  at: Moment,
): HolderStep {
  const { call } = state
  if (call === undefined || call.id !== id) return { state, effects: [] }
  const verdict = judge(answer, call, state, at.wall)
  const counts = counted(state.counts, verdict.kind === 'good' ? 'confirmed' : verdict.counted)
  const answered = { ...state, call: undefined, counts }
  if (call.action === 'unprotect') return released(rules, answered, call, verdict, at)
  return verdict.kind === 'good' ? granted(rules, answered, call, at) : failed(rules, answered, verdict, at)
}

/** H2: own task, the requested state, an expiry ahead. */
function judge(answer: ProtectionReply, call: Call, state: HolderState, wall: number): Verdict {
  if (answer.kind !== 'state') {
    const code = answer.kind === 'lost' ? noReply : answer.code
    return { kind: 'bad', counted: answer.kind, code, detail: answer.detail, unprotected: false }
  }
  const bad = (code: string, detail: string, unprotected = false): Verdict => ({
    ...{ kind: 'bad', counted: 'refused', code, detail, unprotected },
  })
  if (answer.taskArn !== state.taskArn) {
    return bad('wrong task', `the reply is about ${answer.taskArn}, not about ${state.taskArn}`)
  }
  const asked = call.action === 'protect'
  if (answer.enabled !== asked) {
    return bad('not applied', `ECS replied that protection is ${answer.enabled ? 'on' : 'off'}`, asked)
  }
  if (asked && !(answer.expiresAt !== undefined && answer.expiresAt > wall)) {
    const expiry = answer.expiresAt === undefined ? 'nothing' : new Date(answer.expiresAt).toISOString()
    return bad('expired', `ECS replied that protection expires at ${expiry}, which is in the past`, true)
  }
  return { kind: 'good' }
}

function granted(rules: HolderRules, state: HolderState, call: Call, at: Moment): HolderStep {
  const askedMs = call.minutes * rules.minuteMs
  const until = call.sentAt + askedMs
  const flaps = call.sentAt - state.endedAt < rules.periodMinutes * rules.minuteMs
  const holdMs = flaps ? Math.min(state.holdMs * 2, rules.periodMinutes * rules.minuteMs) : rules.holdMs
  const next: HolderState = {
    ...state,
    grant: { until, renewAt: call.sentAt + askedMs * renewShare, refused: false },
    stretch: state.stretch ?? { since: call.sentAt, ended: false },
    holdMs: state.grant === undefined ? holdMs : state.holdMs,
    // A renewal for an idle claim must not delay the release.
    idleSince: state.grant === undefined || state.wanted ? at.now : state.idleSince,
    told: false,
  }
  if (askedMs > rules.marginMs && until - at.now < rules.marginMs) {
    // It counts, but starts no run: it's requested once more, as after a failed call.
    const detail = `the reply took ${Math.round(at.now - call.sentAt)} ms`
    return failed(
      rules,
      next,
      { kind: 'bad', counted: 'lost', code: 'too late', detail, unprotected: false },
      at,
    )
  }
  return {
    state: { ...next, wanted: false, retriesUsed: 0, refusal: undefined, refusals: 0 },
    effects: [{ kind: 'confirmed', afterRefusals: state.refusals }],
  }
}

/** H5, for a `protect`. */
function failed(
  rules: HolderRules,
  before: HolderState,
  { counted: how, code, detail, unprotected }: Extract<Verdict, { kind: 'bad' }>,
  at: Moment,
): HolderStep {
  const told =
    unprotected && before.grant !== undefined ? tellUsers(before, 'renewal refused', at.now) : undefined
  const state = unprotected ? closeStretch(rules, told?.state ?? before, at.now) : before
  const effects = told?.effects ?? []
  if (how !== 'refused' && state.retriesUsed < maxRetries) {
    return { state: withRetry(rules, state, 'protect', at), effects }
  }
  const until =
    code === permanentCode ? Number.POSITIVE_INFINITY : at.now + refusalPauseMs(rules, state.refusals, at)
  const refusal = { code, detail, until }
  return {
    state: {
      ...state,
      refusal,
      refusals: state.refusals + 1,
      wanted: false,
      grant: state.grant === undefined ? undefined : { ...state.grant, refused: true },
    },
    effects: [...effects, { kind: 'refused', refusal, repeated: state.refusal?.code === code }],
  }
}

/** H4: the task counts as unprotected from the send on, whatever the reply. */
function released(
  rules: HolderRules,
  state: HolderState,
  call: Call,
  verdict: Verdict,
  at: Moment,
): HolderStep {
  if (verdict.kind === 'good') return { state: closeStretch(rules, state, at.now), effects: [] }
  const isLost = verdict.counted === 'lost'
  const next = isLost ? { ...state, notBefore: call.sentAt + rules.deadlineMs } : state
  const again = verdict.counted !== 'refused' && state.retriesUsed < maxRetries
  return {
    state: again ? withRetry(rules, next, 'unprotect', at) : closeStretch(rules, next, at.now),
    effects: [],
  }
}

function withRetry(
  { retryMs }: HolderRules,
  state: HolderState,
  action: Call['action'],
  { now, random }: Moment,
): HolderState {
  const delayMs = retryMs * 2 ** state.retriesUsed * (0.5 + random / 2)
  return { ...state, retry: { action, at: now + delayMs }, retriesUsed: state.retriesUsed + 1 }
}

/**
 * Doubles from the shortest pause to the longest. A fifth is jitter, so that the tasks of a service don't ask all at
 * once.
 */
function refusalPauseMs(
  { minBackoffMs, maxBackoffMs }: HolderRules,
  refusals: number,
  { random }: Moment,
): number {
  const leastMs = Math.min(0.8 * maxBackoffMs, minBackoffMs * 2 ** Math.min(refusals, 10))
  return leastMs * (1 + random / 4)
}
