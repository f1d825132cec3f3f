import { backoffMs, type CancelTimer, type Clock, endsWithin, pause } from '../model/clock.ts'
import { AbortedError, type AbortReason, outageKindOf } from '../model/errors.ts'
import type { Logger } from '../model/job.ts'
import { toStoredError } from '../model/stored-error.ts'
import type { CampaignReply, DutyAges, TermStore } from '../store/terms.ts'

/** The times of a term, in ms. */
export interface TermTimes {
  /** How long the store keeps a term without a renewal. */
  readonly termMs: number
  readonly renewEveryMs: number
  /** How long after sending its last successful renewal a leader trusts its term. */
  readonly cutOffMs: number
}

export const termTimes: TermTimes = { termMs: 15_000, renewEveryMs: 5_000, cutOffMs: 10_000 }

/** A term as its holder sees it. */
export interface RunningTerm {
  readonly fence: number
  /** Aborts when the term ends, with an AbortedError that says why. */
  readonly signal: AbortSignal
}

/** The work of a role, under any holder. */
export interface RoleWork {
  readonly role: string
  /** Does the work of one term. Resolves when all of it has settled, never before the term's signal has aborted. */
  serve(term: RunningTerm): Promise<void>
  dutyAges(): DutyAges
}

export interface ElectorDeps {
  readonly store: TermStore
  readonly clock: Clock
  readonly log: Logger
  readonly times: TermTimes
}

type Following = Extract<CampaignReply, { kind: 'following' }>

interface Term extends RunningTerm {
  trustedUntil: number
}

/**
 * All followers of a role together campaign about every 3 s, for any number of them, and each at least once per term.
 */
const followMsPerWorker = 2_500
/** Followers that get a hint of a vacancy campaign one after the other: the first one takes it. */
const vacancyMsPerWorker = 1
const maxVacancyMs = 500
/** How long the work of a term may take to settle after the signal. */
export const settleGraceMs = 5_000
const renewAgainMs = 1_000
/** Of many attempts in a row every tenth is logged. */
const loggedAttempts = 10

/**
 * One worker's candidacy for one role, lease after lease.
 * E1  A term is trusted until the cut-off: 10 s after the *send* of the last successful renewal, 5 s before the store
 * ends it. Then its signal aborts, whatever the store does. `fence` reads the clock itself: after a SIGSTOP the process
 * may read it before the timer of the cut-off has fired.
 * E2  The reply `lost` to a renewal, and the loss of the lease, end the term at once; there is nothing left to resign.
 * E3  A term that is given up is resigned only after its work has settled, or 5 s after its signal aborted: at a clean
 * hand-over two holders' work does not overlap.
 * E4  A term is served once: after a cut-off it is resigned before the next campaign, so that the next number is
 * another one.
 * E5  Terms don't overlap: after any end of a term, its work settles (E3) before this worker campaigns again.
 * E6  A campaign that is in flight when the candidacy ends is waited for; if it won, the term is resigned.
 * E7  A follower campaigns at the end of the term that it knows of. A vacancy before that is a hint, which may be lost:
 * in addition followers campaign now and then.
 * A suspended machine may stop the clock of E1 too. Then only the fence protects, which the store checks.
 */
export class Elector {
  readonly #work: RoleWork
  readonly #deps: ElectorDeps
  #term: Term | undefined
  /** The last number that it resigned, or was about to resign. */
  #resigned = 0
  #over = new AbortController()
  #candidacy: Promise<void> = Promise.resolve()

  constructor(work: RoleWork, deps: ElectorDeps) {
    this.#work = work
    this.#deps = deps
  }

  /** Returns the number of the term that this worker has now, or undefined. */
  get fence(): number | undefined {
    const term = this.#term
    if (term === undefined || term.signal.aborted) return undefined
    return this.#deps.clock.elapsed() < term.trustedUntil ? term.fence : undefined
  }

  /** Campaigns under this lease from now on, once the work of an earlier term has settled. */
  begin(lease: string): void {
    const over = new AbortController()
    this.#over = over
    this.#candidacy = this.#candidacy.then(() => this.#campaignUntil(over.signal, lease))
  }

  /** Ends the candidacy: aborts the term's signal now, resolves when it is settled and resigned (E3). */
  end(reason: Extract<AbortReason, 'draining' | 'unsubscribed' | 'lease lost'>): Promise<void> {
    this.#over.abort(new AbortedError(reason))
    return this.#candidacy
  }

  async #campaignUntil(over: AbortSignal, lease: string): Promise<void> {
    const vacancies = { next: new AbortController() }
    const stopListening = this.#deps.store.onVacancy(() => vacancies.next.abort())
    try {
      for (let attempt = 1; !over.aborted; ) {
        // A vacancy during the campaign may have come too late for it.
        vacancies.next = new AbortController()
        const went = await this.#campaign(over, lease, vacancies.next.signal, attempt)
        if (went === 'lost') return
        attempt = went === 'answered' ? 1 : attempt + 1
      }
    } finally {
      stopListening()
    }
  }

  /** Sends one campaign and acts on its reply. */
  async #campaign(
    over: AbortSignal,
    lease: string,
    vacancy: AbortSignal,
    attempt: number,
  ): Promise<'answered' | 'lost' | 'failed'> {
    const { store, clock, log, times } = this.#deps
    const { role } = this.#work
    const sentAt = clock.elapsed()
    try {
      const answer = await store.campaign(role, lease, times.termMs, this.#resigned)
      // The lease's own renewals tell the worker, which comes back with a new one.
      if (answer.kind === 'lost') return 'lost'
      if (answer.kind === 'leading') await this.#lead(over, lease, answer.term, sentAt)
      else await this.#follow(answer, over, vacancy)
      return 'answered'
    } catch (error) {
      if (outageKindOf(error) === undefined && attempt % loggedAttempts === 1) {
        log.warn({ role, err: toStoredError(error), attempt }, 'a campaign failed; trying again')
      }
      await pause(clock, backoffMs(attempt, clock.random()), over)
      return 'failed'
    }
  }

  /** E7. */
  async #follow({ workers, termLeftMs }: Following, over: AbortSignal, vacancy: AbortSignal): Promise<void> {
    const { clock, times } = this.#deps
    const shareMs = Math.min(Math.max(workers * followMsPerWorker, times.termMs / 3), times.termMs)
    const turnMs = clock.random() * Math.min(workers * vacancyMsPerWorker, maxVacancyMs)
    const ms = Math.min(shareMs * (0.75 + clock.random() / 2), termLeftMs + turnMs)
    await pause(clock, ms, AbortSignal.any([over, vacancy]))
    if (vacancy.aborted) await pause(clock, turnMs, over)
  }

  async #lead(over: AbortSignal, lease: string, fence: number, sentAt: number): Promise<void> {
    const { clock, log, times } = this.#deps
    const { role } = this.#work
    const ended = new AbortController()
    const end = (): void => ended.abort(over.reason)
    over.addEventListener('abort', end, { once: true, signal: ended.signal })
    if (over.aborted) end()
    const term: Term = { fence, signal: ended.signal, trustedUntil: sentAt + times.cutOffMs }
    // The reply came too late to be trusted, or the term is no longer wanted: none of its work begins.
    if (clock.elapsed() < term.trustedUntil && !ended.signal.aborted) {
      log.info({ role, term: fence }, 'this worker leads')
      this.#term = term
      const served = this.#work.serve(term)
      const last = await this.#renewUntilEnded(term, ended, lease)
      this.#term = undefined
      const { reason } = ended.signal.reason as AbortedError
      log.info({ role, term: fence, reason }, 'this worker no longer leads')
      if (!(await endsWithin(clock, served, settleGraceMs))) {
        log.error({ role, term: fence }, 'functions of the ended term are still running')
      }
      if (last === 'lost') return
    }
    await this.#resign(over, lease, fence)
  }

  /** E1, E2. Returns whether the store said that the term is lost. */
  async #renewUntilEnded(term: Term, ended: AbortController, lease: string): Promise<'lost' | 'ended'> {
    const { clock, times } = this.#deps
    let last: 'lost' | 'ended' = 'ended'
    const cutOff = (): void => ended.abort(new AbortedError('term over'))
    let cancelCutOff: CancelTimer = clock.after(term.trustedUntil - clock.elapsed(), cutOff)
    const aborted = new Promise<'ended'>((resolve) => {
      ended.signal.addEventListener('abort', () => resolve('ended'), { once: true })
    })
    let waitMs = term.trustedUntil - times.cutOffMs + times.renewEveryMs - clock.elapsed()
    while (!ended.signal.aborted) {
      await pause(clock, waitMs, ended.signal)
      if (ended.signal.aborted) break
      const sentAt = clock.elapsed()
      // After a stop of the process this may be the first timer to fire: nothing revives a term that was cut off.
      const answer = sentAt < term.trustedUntil && (await Promise.race([this.#renew(term, lease), aborted]))
      waitMs = renewAgainMs
      if (answer === 'lost') last = 'lost'
      if (answer === 'lost' || clock.elapsed() >= term.trustedUntil) cutOff()
      if (answer === 'held' && !ended.signal.aborted) {
        cancelCutOff()
        term.trustedUntil = sentAt + times.cutOffMs
        cancelCutOff = clock.after(term.trustedUntil - clock.elapsed(), cutOff)
        waitMs = sentAt + times.renewEveryMs - clock.elapsed()
      }
    }
    cancelCutOff()
    return last
  }

  async #renew({ fence }: Term, lease: string): Promise<'held' | 'lost' | 'unknown'> {
    const { store, log } = this.#deps
    const { role } = this.#work
    try {
      return await store.renewTerm(role, fence, lease, this.#work.dutyAges())
    } catch (error) {
      if (outageKindOf(error) === undefined) {
        log.warn({ role, term: fence, err: toStoredError(error) }, 'the term could not be renewed')
      }
      return 'unknown'
    }
  }

  /** E4. One attempt when the candidacy is over: otherwise the term ends with the lease, or by itself. */
  async #resign(over: AbortSignal, lease: string, fence: number): Promise<void> {
    const { store, clock, log } = this.#deps
    const { role } = this.#work
    // With the lease its terms have ended.
    if (over.aborted && (over.reason as AbortedError).reason === 'lease lost') return
    this.#resigned = fence
    for (let attempt = 1; ; attempt++) {
      try {
        return await store.resignTerm(role, fence, lease)
      } catch (error) {
        if (outageKindOf(error) === undefined && attempt % loggedAttempts === 1) {
          log.warn({ role, term: fence, err: toStoredError(error) }, 'the term could not be resigned')
        }
        if (over.aborted) return
        await pause(clock, backoffMs(attempt, clock.random()), over)
      }
    }
  }
}
