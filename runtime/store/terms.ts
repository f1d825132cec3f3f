import { InvalidOptionsError } from '../model/invalid-options-error.ts'
import { isName } from '../model/name.ts'

/** The role whose holder does the duties of the fleet: sweep and schedules. */
export const leaderRole = 'leader'

/**
 * Leadership: at most one worker per role, for a term at a time.
 * - A term's number only grows, also past a resignation, and is kept forever: it is the fence of its holder's writes.
 * Operations that take it refuse one that has ended.
 * - A term ends by `resignTerm`, by its time in the store's clock, and at once with the lease of its holder.
 * - Time in which no process could reach the store counts here, unlike for leases (R16): a term that ends early costs
 * an election, a lease that ends early costs the work of every run under it.
 */
export interface TermStore {
  /**
   * Takes the role for `termMs` if no lease holds it. The lease that holds it keeps its term, for another `termMs` from
   * now. `after` is the last term of the role that this lease has resigned, if any: a late request from before that
   * must not take the role for a lease that does not know of it (R34).
   * @throws InvalidOptionsError for an invalid role or length.
   */
  campaign(role: string, lease: string, termMs: number, after?: number): Promise<CampaignReply>
  /** Extends the term by its length from now on, and stores the state of its duties. */
  renewTerm(role: string, term: number, lease: string, duties: DutyAges): Promise<'held' | 'lost'>
  /** Ends this term and no other. */
  resignTerm(role: string, term: number, lease: string): Promise<void>
  /** Calls `listener` when a role may have become vacant before its term was over, until the returned function is called. A hint: polling is the truth. */
  onVacancy(listener: () => void): () => void
}

/**
 * - `leading`: the role is this lease's, the term's number is the fence
 * - `following`: another worker has it for at most `termLeftMs`; `workers` live ones share the polling
 * - `lost`: this lease has ended, or never began, or has resigned a later term than it says
 */
export type CampaignReply =
  | { readonly kind: 'leading'; readonly term: number }
  | {
      readonly kind: 'following'
      readonly leader: string
      readonly termLeftMs: number
      readonly workers: number
    }
  | { readonly kind: 'lost' }

/** By duty: ms since its last successful round, or since it began. */
export type DutyAges = Readonly<Record<string, number>>

/** A role, held or not, from its first leader on. */
export interface LeaderInfo {
  readonly role: string
  /** The number of the running term, or of the last one. */
  readonly term: number
  /** The leader's name. Left out: no worker leads. */
  readonly worker?: string
  /** When the term began, or when the last one ended. */
  readonly since: number
  readonly termLeftMs: number
  readonly duties: DutyAges
}

/** @throws InvalidOptionsError */
export function checkCampaign(role: string, termMs: number): void {
  if (!isName(role))
    throw new InvalidOptionsError(`campaign: '${role}' can't name a role; write a short text`)
  if (!Number.isSafeInteger(termMs) || termMs < 1)
    throw new InvalidOptionsError(`campaign: ${termMs} is not a number of ms that a term can last`)
}
