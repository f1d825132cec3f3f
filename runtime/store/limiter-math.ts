import type { LimiterRule } from '../model/limiter.ts'

/**
 * The usage of one key of a limiter, as of `at`. All numbers are whole, so nothing is lost by rounding.
 * - `concurrency`: `used` is held now
 * - `fixedWindow`: `used` in the window that began at `at`
 * - `slidingWindow`: `used` in the window that ends now; the store has the cost of each start
 * - buckets: `used` is the missing amount of the bucket, times `everyMs`; `refill` of it is refilled per ms
 */
export interface Usage {
  readonly used: number
  readonly at: number
}

export const unused: Usage = { used: 0, at: 0 }

/**
 * Returns the usage at `now`, less the refill since. A clock that went back refills nothing, and all counts from now.
 */
export function usageAt(rule: LimiterRule, usage: Usage, now: number): Usage {
  switch (rule.kind) {
    case 'concurrency':
    case 'slidingWindow':
      return usage
    case 'fixedWindow': {
      const begin = now - (now % rule.everyMs)
      // The usage of a window that began under a shorter rule, or while the clock was ahead, counts in this one.
      return { used: usage.at < begin ? 0 : usage.used, at: begin }
    }
    default:
      return { used: Math.max(0, usage.used - Math.max(0, now - usage.at) * rule.refill), at: now }
  }
}

/**
 * Converts usage that was counted while the rule's period was `everyMs`: the missing amount of a bucket stays missing
 * under the new period. Only points may owe more than the bucket holds, by a corrected cost.
 */
export function underRule(rule: LimiterRule, usage: Usage, everyMs: number): Usage {
  if (!isBucket(rule)) return usage
  const used = everyMs === rule.everyMs ? usage.used : Math.ceil((usage.used * rule.everyMs) / everyMs)
  const most = rule.kind === 'points' ? Number.POSITIVE_INFINITY : rule.max * rule.everyMs
  return { ...usage, used: Math.min(used, most) }
}

/** Returns what `cost` adds to `used`. After a rule was lowered, a larger cost counts as the most that it allows. */
export function weight(rule: LimiterRule, cost: number): number {
  return isBucket(rule) ? Math.min(cost, rule.max) * rule.everyMs : Math.min(cost, rule.max)
}

/** Returns how much more can be taken at once, in the unit of `weight`. */
export function room(rule: LimiterRule, used: number): number {
  return (isBucket(rule) ? rule.max * rule.everyMs : rule.max) - used
}

/**
 * Returns the ms from `now` until there is room for `missing` more: undefined if no clock brings it, as for held slots.
 * The time of a sliding window follows only from its starts.
 */
export function opensInMs(rule: LimiterRule, usage: Usage, missing: number, now: number): number | undefined {
  switch (rule.kind) {
    case 'concurrency':
    case 'slidingWindow':
      return undefined
    case 'fixedWindow':
      return Math.max(1, usage.at + rule.everyMs - now)
    default:
      return Math.max(1, Math.ceil(missing / rule.refill))
  }
}

/** Returns when nothing of it counts any more, so that the key can be dropped; undefined while something is held. */
export function forgottenAt(rule: LimiterRule, usage: Usage): number | undefined {
  if (usage.used === 0) return 0
  switch (rule.kind) {
    case 'concurrency':
      return undefined
    case 'fixedWindow':
    case 'slidingWindow':
      return usage.at + rule.everyMs
    default:
      return usage.at + Math.ceil(usage.used / rule.refill)
  }
}

/** Returns `used` in the limiter's own unit: slots, starts, tokens, points. */
export function shownUse(rule: LimiterRule, used: number): number {
  return isBucket(rule) ? Math.round((used / rule.everyMs) * 100) / 100 : used
}

function isBucket({ refill }: LimiterRule): boolean {
  return refill > 0
}
