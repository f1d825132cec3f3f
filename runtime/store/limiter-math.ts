import type { LimiterRule } from '../model/limiter.ts'

/**
 * What one key of a limiter has taken, as of `at`. All numbers are whole, so nothing is lost by rounding.
 * - `concurrency`: `used` is what is held now
 * - `fixedWindow`: `used` in the window that began at `at`
 * - `slidingWindow`: `used` in the window that ends now; what each start took stands in the store
 * - buckets: `used` is what is missing in the bucket, times `everyMs`; `refill` of it comes back per ms
 */
export interface Usage {
  readonly used: number
  readonly at: number
}

export const unused: Usage = { used: 0, at: 0 }

/** Usage as it stands at `now`, less what time gave back. A clock that went back gives nothing back, and all counts from now. */
export function usageAt(rule: LimiterRule, usage: Usage, now: number): Usage {
  switch (rule.kind) {
    case 'concurrency':
    case 'slidingWindow':
      return usage
    case 'fixedWindow': {
      const begin = now - (now % rule.everyMs)
      // Of a window that began while the rule had a shorter one, or the clock was ahead, it counts in this one.
      return { used: usage.at < begin ? 0 : usage.used, at: begin }
    }
    default:
      return { used: Math.max(0, usage.used - Math.max(0, now - usage.at) * rule.refill), at: now }
  }
}

/**
 * Usage that was counted while the rule's period was `everyMs`: what is missing in a bucket stays missing, whatever the
 * period is now. Only points may owe more than the bucket holds, by a corrected cost.
 */
export function underRule(rule: LimiterRule, usage: Usage, everyMs: number): Usage {
  if (!isBucket(rule)) return usage
  const used = everyMs === rule.everyMs ? usage.used : Math.ceil((usage.used * rule.everyMs) / everyMs)
  const most = rule.kind === 'points' ? Number.POSITIVE_INFINITY : rule.max * rule.everyMs
  return { ...usage, used: Math.min(used, most) }
}

/** What `cost` adds to `used`. A rule that was lowered meanwhile lets the largest cost it knows pass. */
export function weight(rule: LimiterRule, cost: number): number {
  return isBucket(rule) ? Math.min(cost, rule.max) * rule.everyMs : Math.min(cost, rule.max)
}

/** How much more can be taken at once, in the unit of `weight`. */
export function room(rule: LimiterRule, used: number): number {
  return (isBucket(rule) ? rule.max * rule.everyMs : rule.max) - used
}

/**
 * Ms from `now` until there is room for `missing` more than there is: undefined where no clock brings it, as for
 * slots that somebody holds. A sliding window's time is known by its starts alone.
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

/** When nothing of it counts any more, so that the key can be forgotten; undefined while something is held. */
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

/** `used` in the limiter's own unit: slots, starts, tokens, points. */
export function shownUse(rule: LimiterRule, used: number): number {
  return isBucket(rule) ? Math.round((used / rule.everyMs) * 100) / 100 : used
}

function isBucket({ refill }: LimiterRule): boolean {
  return refill > 0
}
