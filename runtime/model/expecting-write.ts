import { StaleWriteError } from './errors.ts'
import type { LimiterRule } from './limiter.ts'
import type { OperatorWrite } from './operator-write.ts'

/**
 * A manual write that is meant for a thing as its caller saw it. The store compares inside the write, and refuses with
 * StaleWriteError when it has changed since; a repeat of a write that was carried out gets its answer all the same.
 */
export interface ExpectingWrite<Expected> extends OperatorWrite {
  /** Left out: the write is for whatever is there. */
  readonly expected?: Expected
}

/** A queue as a read told of it. */
export interface ExpectedPause {
  /** When it was paused. Left out: it was not. */
  readonly pausedAt?: number
}

/** A schedule as a read told of it. */
export interface ExpectedSchedule extends ExpectedPause {
  readonly revision: number
}

/** A limiter as a read told of it. */
export interface ExpectedLimiter {
  /** In force. */
  readonly rule: LimiterRule
  /** When it was set manually. Left out: it was not. */
  readonly setAt?: number
}

/** The mute of a finding as a read told of it. */
export interface ExpectedMute {
  /** When it ends. Left out: the finding was not muted. */
  readonly until?: number
}

/** Whether two reads tell the same time, or both none. Conversions between clocks may leave parts of a millisecond. */
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
