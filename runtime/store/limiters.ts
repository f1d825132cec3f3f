import type { ExpectedLimiter, ExpectingWrite } from '../model/expecting-write.ts'
import type { LimitUse } from '../model/limit-use.ts'
import type { LimiterRule } from '../model/limiter.ts'
import type { RunId } from '../model/run-id.ts'
import type { StepPath } from '../model/step-path.ts'
import type { RuleChange } from './limiter-rules.ts'

/*
 * LIMITERS of a store.
 * Q1  All uses of a run (or of a step) are taken together or none of them; nothing is reserved for who waits.
 * Q2  A slot of a concurrency limit belongs to a stay or a step of a run. It comes back in the transition that ends or
 *     suspends the stay (with `wholeRun`: that ends the run), or that stores the step's end. No slot ends by a clock.
 * Q3  A rate is charged once per attempt, when it starts: not again after a loss, a hand-over or a resume.
 * Q4  Who finds a limit closed waits in the line of that key, by priority, then in the order of the runs' enqueue.
 *     The operation that opens a key wakes the head of its line itself: a run by an idle worker that can take it, a step by
 *     an order to its worker, also where that worker is the caller. A woken run holds a ticket (a reservation, Q5).
 * Q5  After every transition: never room, a line and no ticket. The tickets of a key lapse `ticketMs` after the first of
 *     them. A run that waits for a worker holds one only if a worker takes such runs: not while its queue is paused, no
 *     worker knows its job or serves its queue, all such workers drain, or, if it needs scale-in protection, none of them ever
 *     takes such runs (protection-level.ts); and never as a poison suspect, because the leases that live may hold one each
 *     (R17). It is ready all the same, and its claim takes the keys that are open then.
 * Q6  A run that needs several limits, or a poison suspect, that was refused 50 times or for 10 s is senior: while it can
 *     be served its keys admit no younger run; a suspect can be served while an idle lease holds none. What it can't use
 *     goes to older runs and to those that keep slots while they wait, at any depth of the waitlist. The repeat of a
 *     refused request is no further refusal.
 */
export interface LimiterStore {
  /** Takes in what a worker's code says of limiters that only its steps name. @throws InvalidOptionsError for another kind. */
  defineLimiters(lease: string, limiters: readonly WorkerLimiter[]): Promise<void>
  /**
   * All limits of one attempt of a step, or a place in the line of the one that is closed. Of a run with more than
   * `mostStepsInLine` such steps at a time a further one gets no place and is to ask again.
   */
  acquire(lease: string, request: AcquireRequest): Promise<AcquireAnswer>
  /** A provider said "too many": the keys of the step's limits stay closed for everybody, its own take is undone. A late repeat of an older turn closes nothing. */
  closeKeys(lease: string, request: StepTurn & { readonly closedMs: number }): Promise<'closed' | 'gone'>
  /** Puts the true cost of a step's use of a limiter in place of what it was charged. `gone` also for an older turn. */
  correctCost(lease: string, request: CostCorrection): Promise<'corrected' | 'gone'>
  /**
   * Changes numbers of the rule in force by hand: that wins over the code's until `numbers` is left out. Answers the rule
   * in force then. @throws RunStateError for an unknown limiter, InvalidOptionsError for what its kind does not have,
   * StaleWriteError.
   */
  setLimiter(
    name: string,
    numbers: RuleChange | undefined,
    write: ExpectingWrite<ExpectedLimiter>,
  ): Promise<LimiterRule>
}

/** One use of its limits by a step: `turn` counts the uses of a stay; one that is not newer than the last is answered closed for 0 ms. */
export interface StepTurn {
  readonly run: RunId
  readonly fence: number
  readonly path: StepPath
  readonly turn: number
}

/** `correction` counts those of one turn: an older one that comes late changes nothing. */
export interface CostCorrection extends StepTurn {
  readonly limiter: string
  readonly cost: number
  readonly correction: number
}

export interface AcquireRequest extends StepTurn {
  readonly attempt: number
  readonly uses: readonly LimitUse[]
}

/** - `closed`: in line; `opensInMs` where a clock opens it, otherwise there will be a hint and an order */
export type AcquireAnswer =
  | { readonly kind: 'granted' }
  | { readonly kind: 'closed'; readonly limiter: string; readonly opensInMs?: number }
  | { readonly kind: 'gone' }

/** What a worker's code says of a limiter. */
export interface WorkerLimiter {
  readonly name: string
  readonly rule: LimiterRule
}

export interface LimiterInfo {
  readonly name: string
  /** In force. */
  readonly rule: LimiterRule
  /** Set by hand; the code's rule stands beside it. */
  readonly byHand?: {
    readonly by: string
    readonly reason?: string
    readonly at: number
    readonly code: LimiterRule
  }
  /** Keys that hold or remember something. */
  readonly keys: number
  readonly waiting: number
}

export interface LimiterKeyInfo {
  readonly limiter: string
  readonly key: string
  /** In the limit's own unit: slots, starts, tokens, points. */
  readonly used: number
  readonly max: number
  readonly waiting: number
  /** Until the head of the line may start, where a clock says it. */
  readonly opensInMs?: number
  /** Closed by a RateLimitedError for so long. */
  readonly closedMs?: number
  /** The run that is first in line, itself or with a step. */
  readonly first?: FirstInLine
}

export interface FirstInLine {
  readonly run: RunId
  /** ms since the epoch; left out when a step of it waits, which the store doesn't date. */
  readonly waitingSince?: number
}

/** Where a run stands with one of its limits. */
export interface LinePlace extends LimiterKeyInfo {
  /** '' for the job's own limits. */
  readonly path: StepPath
  /** How many stand before it. */
  readonly ahead: number
  /** Runs that hold it, the first few. */
  readonly holders: readonly RunId[]
}

/** A reservation that was not used for this long keeps no other run out (Q5): longer than a claim takes, too short to idle a key. */
export const ticketMs = 50
/** Q6. */
export const seniority = { refusals: 50, waitedMs: 10_000 } as const
/** So many seniors of a key are looked at for the oldest that can be served. */
export const seniorsAtOnce = 20
/** More limited steps of one run at a time wait without a place in line, and ask again. */
export const mostStepsInLine = 200
/** How soon such a step asks again. */
export const crowdedMs = 1_000
/** So many runs are woken in one operation; the rest in the next one. */
export const wokenAtOnce = 200
