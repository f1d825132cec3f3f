import { formatDuration } from '../model/format-duration.ts'
import { type LimiterRule, type RuleNumbers, ruleNames } from '../model/limiter.ts'
import type { LimiterInfo } from '../store/limiters.ts'
import { byAndWhy } from './manual-action.ts'

/** Returns a limiter's numbers by their authors' names: `limit 10, window 1m`. */
export function ruleText(rule: LimiterRule): string {
  return Object.entries(ruleNames[rule.kind])
    .map(([field, name]) => {
      const value = rule[field as keyof RuleNumbers]
      return `${name} ${field === 'everyMs' ? formatDuration(value) : value}`
    })
    .join(', ')
}

/** Returns who set a limiter's numbers, and what the code's are: `by ana: storm; the code says max 10`. */
export function byHandText(byHand: NonNullable<LimiterInfo['byHand']>): string {
  return `by ${byAndWhy(byHand)}; the code says ${ruleText(byHand.code)}`
}
