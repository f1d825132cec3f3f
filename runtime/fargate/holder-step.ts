import { sendDue } from './holder-calls.ts'
import { closeStretch, tellUsers } from './holder-ends.ts'
import { receiveReply } from './holder-replies.ts'
import type { HolderRules } from './holder-rules.ts'
import {
  blockOf,
  type HolderEvent,
  type HolderState,
  type HolderStep,
  leftMs,
  type Moment,
} from './holder-state.ts'

/**
 * The rules of a task's protection, as a pure function of state, event and time.
 * H1  One call is in flight at a time. A `protect` is sent only when no `unprotect` can still take effect.
 * H2  Protected means: ECS confirmed it for this task, and counted from the send of that call it hasn't expired.
 * H3  One `protect` per busy phase, renewed at 80 % of the granted time; with less than a minute left it's renewed
 * before a run may start.
 * H4  Protection is kept for a minute after its last user, for up to one period when the task flaps, and released at
 * most once a minute, plus the last time of a process that drains. If another live process has the task, it's never
 * released: it expires.
 * H5  A call without a reply is repeated at most twice between two successful replies. After any other failure, or when
 * those are used up, no request is sent for 5 to 60 s.
 * H6  A stretch lasts at most `maxTotal`: from half of it on no run is added, at its end nothing is renewed. When it
 * has no users it's released and the task rests, so that ECS can stop it.
 * H7  Users are notified once when their protection can't be kept: a minute before its end, or later when the renewal
 * fails in that minute (with a period of 5 min or less always); at once when asking again is pointless, or the total is
 * used up.
 */
export function stepHolder(
  rules: HolderRules,
  before: HolderState,
  event: HolderEvent,
  at: Moment,
): HolderStep {
  const received = receive(rules, before, event, at)
  const lapsed = lapse(rules, received.state, at.now)
  const sent = sendDue(rules, lapsed.state, at.now)
  const state = noteAsking(rules, sent.state, at.now)
  return { state, effects: [...received.effects, ...lapsed.effects, ...sent.effects] }
}

function receive(rules: HolderRules, state: HolderState, event: HolderEvent, at: Moment): HolderStep {
  switch (event.kind) {
    case 'answer':
      return receiveReply(rules, state, event, at)
    case 'task':
      return { state: { ...state, taskArn: event.arn }, effects: [] }
    case 'want':
      return { state: wants(rules, state, at.now) ? { ...state, wanted: true } : state, effects: [] }
    case 'acquire':
      return { state: { ...state, users: state.users + 1 }, effects: [] }
    case 'release':
      return { state: { ...state, users: state.users - 1, idleSince: at.now }, effects: [] }
    case 'withdraw':
      return { state: { ...state, users: state.users - 1 }, effects: [] }
    case 'shared':
      return { state: { ...state, shared: event.value }, effects: [] }
    case 'superseded':
      return {
        state: { ...state, superseded: event.value, wanted: state.wanted && !event.value },
        effects: [],
      }
    case 'drain':
      return { state: { ...state, draining: true, wanted: false }, effects: [] }
    case 'rejoin':
      return { state: { ...state, draining: false }, effects: [] }
    case 'tick':
      return { state, effects: [] }
  }
}

/** Returns whether a request is accepted: a run may be added, and the current protection doesn't suffice. */
function wants(rules: HolderRules, state: HolderState, now: number): boolean {
  return blockOf(rules, state, now) === undefined && leftMs(state, now) < rules.marginMs
}

/** Applies the ends that time alone brings. */
function lapse(rules: HolderRules, state: HolderState, now: number): HolderStep {
  const { grant, stretch, users } = state
  if (grant === undefined) {
    // A stretch outlives its grant while an `unprotect` is in flight, or when its total ended before its users did.
    const over = stretch?.ended && users === 0 && state.call === undefined && state.retry === undefined
    return { state: over ? closeStretch(rules, state, now) : state, effects: [] }
  }
  if (now >= grant.until) {
    const told = tellUsers(state, 'expired', now)
    const keeps = stretch?.ended === true && users > 0
    return {
      ...told,
      state: keeps ? { ...told.state, grant: undefined } : closeStretch(rules, told.state, now),
    }
  }
  const isPermanent = state.refusal?.until === Number.POSITIVE_INFINITY
  const ending = grant.refused && (isPermanent || grant.until - now <= rules.marginMs)
  return ending ? tellUsers(state, 'renewal refused', now) : { state, effects: [] }
}

/** Records since when a run or user has waited for a reply. */
function noteAsking(rules: HolderRules, state: HolderState, now: number): HolderState {
  const unheld = leftMs(state, now) < rules.marginMs
  const asking =
    (state.wanted && unheld) ||
    (state.users > 0 && state.grant === undefined && blockOf(rules, state, now) === undefined)
  const askingSince = asking ? (state.askingSince ?? now) : undefined
  return askingSince === state.askingSince ? state : { ...state, askingSince }
}
