import type { ExpectedLimiter, ExpectingWrite } from '../model/expecting-write.ts'
import type { LimitUse } from '../model/limit-use.ts'
import type { LimiterRule } from '../model/limiter.ts'
import type { RunId } from '../model/run-id.ts'
import type { StepPath } from '../model/step-path.ts'
import type { RuleChange } from './limiter-rules.ts'

/*
 * LIMITERS of a store.
 * Q1  All limits of a run (or of a step) are taken together or none; nothing is reserved for a waiter.
 * Q2  A slot of a concurrency limit belongs to an execution or a step of a run. It is freed in the transition that ends
 * or suspends the execution (with `wholeRun`: that ends the run), or that stores the step's end. No slot ends by a
 * clock.
 * Q3  A rate is charged once per attempt, when it starts: not again after a loss, a hand-over or a resume.
 * Q4  A run or step that hits a closed limit joins that key's waitlist, by priority, then in the order of the runs'
 * enqueue. The operation that opens a key wakes the first waiter itself: a run by an idle worker that can take it, a
 * step by an order to its worker, even if that worker is the caller. A woken run holds a reservation (Q5).
 * Q5  After every transition a key has no room, or no waiter, or a reservation. The reservations of a key lapse
 * `reservationMs` after the first of them. A run that waits for a worker holds one only if a worker takes such runs: not
 * while its queue is paused, no worker knows its job or serves its queue, all such workers drain, or, if it needs
 * scale-in protection, none of them ever takes such runs (protection-level.ts); and never as a poison suspect, because
 * each live lease may already hold one (R17). Such a run is still ready, and its claim takes the keys that are open
 * then.
 * Q6  A run that needs several limits, or a poison suspect, becomes an aged waiter after 50 refusals or 10 s: while it
 * can be served its keys admit no younger run; a suspect can be served while an idle lease holds none. Capacity that it
 * can't use goes to older runs and to those that keep slots while they wait, at any depth of the waitlist. A repeat of
 * a refused request is no further refusal.
 */
export interface LimiterStore {
  /** Registers the limiters that a worker's code names only in steps. @throws InvalidOptionsError for another kind. */
  defineLimiters(lease: string, limiters: readonly WorkerLimiter[]): Promise<void>
  /**
   * Takes all limits of one attempt of a step, or joins the waitlist of the closed one. If a run has more than
   * `maxWaitingSteps` such steps at a time, a further one joins no waitlist and has to ask again.
   */
  acquire(lease: string, request: AcquireRequest): Promise<AcquireReply>
  /**
   * Closes the keys of the step's limits for all runs, because a provider said "too many", and undoes the step's own
   * use. A late repeat of an older use closes nothing.
   */
  closeKeys(lease: string, request: StepUse & { readonly closedMs: number }): Promise<'closed' | 'gone'>
  /** Replaces the cost that a step's use of a limiter was charged with the true one. `gone` also for an older use. */
  correctCost(lease: string, request: CostCorrection): Promise<'corrected' | 'gone'>
  /**
   * Changes numbers of the rule in force manually; they take precedence over the code's until `numbers` is left out.
   * Resolves to the rule in force then. @throws RunStateError for an unknown limiter, InvalidOptionsError for a number
   * that its kind does not have, StaleWriteError.
   */
  setLimiter(
    name: string,
    numbers: RuleChange | undefined,
    write: ExpectingWrite<ExpectedLimiter>,
  ): Promise<LimiterRule>
}

/**
 * One use of limits by a step: `turn` numbers the uses of an execution; a repeat of an older one gets closed for 0 ms.
 */
export interface StepUse {
  readonly run: RunId
  readonly fence: number
  readonly path: StepPath
  readonly turn: number
}

/** `correction` numbers those of one use: an older one that comes late changes nothing. */
export interface CostCorrection extends StepUse {
  readonly limiter: string
  readonly cost: number
  readonly correction: number
}

export interface AcquireRequest extends StepUse {
  readonly attempt: number
  readonly uses: readonly LimitUse[]
}

/** - `closed`: on the waitlist; `opensInMs` if a clock opens it, otherwise there will be a hint and an order */
export type AcquireReply =
  | { readonly kind: 'granted' }
  | { readonly kind: 'closed'; readonly limiter: string; readonly opensInMs?: number }
  | { readonly kind: 'gone' }

/** A limiter as a worker's code declares it. */
export interface WorkerLimiter {
  readonly name: string
  readonly rule: LimiterRule
}

export interface LimiterInfo {
  readonly name: string
  /** In force. */
  readonly rule: LimiterRule
  /** Set manually; the code's rule is kept beside it. */
  readonly byHand?: {
    readonly by: string
    readonly reason?: string
    readonly at: number
    readonly code: LimiterRule
  }
  /** Keys with usage. */
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
  /** Until the first waiter may start, if a clock decides it. */
  readonly opensInMs?: number
  /** How long a RateLimitedError keeps it closed. */
  readonly closedMs?: number
  /** The first run on the waitlist, with its own limits or a step's. */
  readonly first?: FirstInLine
}

export interface FirstInLine {
  readonly run: RunId
  /** ms since the epoch; left out when a step of it waits, whose time the store doesn't keep. */
  readonly waitingSince?: number
}

/** A run's position on the waitlist of one of its limits. */
export interface LinePlace extends LimiterKeyInfo {
  /** '' for the job's own limits. */
  readonly path: StepPath
  /** How many waiters are ahead of it. */
  readonly ahead: number
  /** Runs that hold the key, the first few. */
  readonly holders: readonly RunId[]
}

/**
 * An unused reservation of this age keeps no other run out (Q5): longer than a claim takes, too short to idle a key.
 */
export const reservationMs = 50
/** Q6. */
export const agedAfter = { refusals: 50, waitedMs: 10_000 } as const
/** How many aged waiters of a key are read to find the oldest that can be served. */
export const maxAgedWaiters = 20
/** If one run has more limited steps at a time, the others wait without a position on the waitlist, and ask again. */
export const maxWaitingSteps = 200
/** How soon such a step asks again. */
export const crowdedMs = 1_000
/** How many runs one operation wakes; the next one wakes the rest. */
export const wokenAtOnce = 200
