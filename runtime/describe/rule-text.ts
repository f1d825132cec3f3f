import { formatDuration } from '../model/format-duration.ts'
import type { LimiterRule } from '../model/limiter.ts'
import { ruleNames } from '../store/limiter-rules.ts'

/** A limiter's numbers by their authors' names: `limit 10, window 1m`. */
export function ruleText(rule: LimiterRule): string {
  return Object.entries(ruleNames[rule.kind])
    .map(([field, name]) => {
      const value = rule[field as 'max' | 'everyMs' | 'refill']
      return `${name} ${field === 'everyMs' ? formatDuration(value) : value}`
    })
    .join(', ')
}
