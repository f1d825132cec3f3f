import { noReply, type ProtectionState } from '../model/protection.ts'
import type { WorkerInfo } from '../store/worker-info.ts'
import { durationToken } from './duration-token.ts'
import { remedyOf } from './protection-text.ts'

/** A worker that could take a run if its task were protected, with its protection. */
export type ProtectionCandidate = Pick<WorkerInfo, 'protection' | 'protectedRuns'>

interface Cause {
  /** Equal for workers that wait for the same. */
  readonly key: string
  /** After `2 workers`; `isOne` for the verb. */
  readonly text: (isOne: boolean) => string
}

/** Returns which workers a run that needs protection waits for: how many, and what keeps each from having it. */
export function protectionWaitText(candidates: readonly ProtectionCandidate[]): string {
  const groups = new Map<string, { readonly cause: Cause; count: number }>()
  for (const candidate of candidates) {
    const cause = causeOf(candidate)
    const group = groups.get(cause.key)
    if (group === undefined) groups.set(cause.key, { cause, count: 1 })
    else group.count++
  }
  if (groups.size === 0 || (groups.size === 1 && groups.has(none.key)))
    return 'no worker that could take it has protection or may ask for it now'
  return [...groups.values()]
    .map(({ cause, count }) => `${workers(count)} ${cause.text(count === 1)}`)
    .join('; ')
}

/** Returns the code of the refusal that all of them have, or `noReply`; undefined if they differ. */
export function commonRefusal(candidates: readonly ProtectionCandidate[]): string | undefined {
  const codes = candidates.map(({ protection }) =>
    protection?.state.kind === 'refused' ? protection.state.code : undefined,
  )
  return new Set(codes).size === 1 ? codes[0] : undefined
}

const none: Cause = {
  key: 'none',
  text: (isOne) =>
    isOne ? "has no protection and doesn't ask for it" : "have no protection and don't ask for it",
}

function causeOf({ protection, protectedRuns }: ProtectionCandidate): Cause {
  const state = protection?.state
  switch (state?.kind) {
    case undefined:
      return protectedRuns === 'may ask' ? mayAsk : none
    case 'idle':
      return mayAsk
    case 'asking':
      return { key: 'asking', text: (isOne) => `${isOne ? 'asks' : 'ask'} ECS for protection` }
    case 'held':
      return {
        key: 'held',
        text: (isOne) =>
          isOne
            ? 'has too little protection left and renews it first'
            : 'have too little protection left and renew it first',
      }
    case 'refused':
      return refusedCause(state)
    case 'resting': {
      const text = `unprotected for ${durationToken(state.forMs)} more after a long protection, so that ECS can stop it`
      return { key: 'resting', text: (isOne) => `${isOne ? 'stays' : 'stay'} ${text}` }
    }
    case 'closing':
      return closing[state.cause]
  }
}

function refusedCause({ code, detail, retryInMs }: Extract<ProtectionState, { kind: 'refused' }>): Cause {
  const next = retryInMs === undefined ? 'for good' : `next try in ${durationToken(retryInMs)}`
  if (code === noReply) return { key: code, text: () => `got no reply from ECS (${detail}; ${next})` }
  const why = `${code}: ${detail}${remedyOf(code)}; ${next}`
  return {
    key: `refused ${code}`,
    text: (isOne) => `${isOne ? 'was' : 'were'} refused protection by ECS (${why})`,
  }
}

const mayAsk: Cause = { key: 'idle', text: () => 'that could take it may ask for protection' }

const closing = {
  draining: { key: 'draining', text: (isOne) => (isOne ? 'is stopping' : 'are stopping') },
  'newer revision': {
    key: 'newer revision',
    text: (isOne) =>
      `${isOne ? 'is' : 'are'} of an older revision than another one, and ${isOne ? 'takes' : 'take'} no such runs`,
  },
  total: {
    key: 'total',
    text: (isOne) =>
      `${isOne ? 'has' : 'have'} been protected for more than half of maxTotal, and ${isOne ? 'takes' : 'take'} no more until ` +
      `${isOne ? 'it has' : 'they have'} finished those in hand`,
  },
} as const satisfies Record<string, Cause>

function workers(count: number): string {
  return count === 1 ? '1 worker' : `${count} workers`
}
