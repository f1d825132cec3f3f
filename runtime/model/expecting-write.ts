import { StaleWriteError } from './errors.ts'
import type { LimiterRule } from './limiter.ts'
import type { OperatorWrite } from './operator-write.ts'

/**
 * A manual action on a target as its caller saw it. The store compares inside the write, and refuses with
 * StaleWriteError when the target has changed since; a repeat of an action that was carried out still gets its reply.
 */
export interface ExpectingWrite<Expected> extends OperatorWrite {
  /** Left out: the action applies in any state. */
  readonly expected?: Expected
}

/** A queue as a read returned it. */
export interface ExpectedPause {
  /** When it was paused. Left out: it was not. */
  readonly pausedAt?: number
}

/** A schedule as a read returned it. */
export interface ExpectedSchedule extends ExpectedPause {
  readonly revision: number
}

/** A limiter as a read returned it. */
export interface ExpectedLimiter {
  /** In force. */
  readonly rule: LimiterRule
  /** When it was set manually. Left out: it was not. */
  readonly setAt?: number
}

/** The mute of a finding as a read returned it. */
export interface ExpectedMute {
  /** When it ends. Left out: the finding was not muted. */
  readonly until?: number
}

/**
 * Returns whether two reads returned the same time, or both none. Conversions between clocks may add a fraction of a
 * millisecond.
 */
export function isSameTime(a: number | undefined, b: number | undefined): boolean {
  return a === undefined || b === undefined ? a === b : Math.abs(a - b) < 1
}

export function isSameRule(a: LimiterRule, b: LimiterRule): boolean {
  return a.kind === b.kind && a.max === b.max && a.everyMs === b.everyMs && a.refill === b.refill
}

/** @throws StaleWriteError */
export function refuseStale(isAsExpected: boolean, what: string): void {
  if (!isAsExpected) throw new StaleWriteError(what)
}
