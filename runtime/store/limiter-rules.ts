import { isSameRule } from '../model/expecting-write.ts'
import { InvalidOptionsError } from '../model/invalid-options-error.ts'
import { type LimiterRule, makeLimiter, type RuleNumbers, ruleNames } from '../model/limiter.ts'

/** The numbers of a rule that can be set manually. */
export type RuleChange = Partial<RuleNumbers>

/**
 * Returns the rule with the manual numbers, checked like the author's. @throws InvalidOptionsError naming the wrong
 * number.
 */
export function changedRule(name: string, rule: LimiterRule, change: RuleChange): LimiterRule {
  const known: Readonly<Record<string, string>> = ruleNames[rule.kind]
  const strange = Object.keys(change).find((field) => known[field] === undefined)
  if (strange !== undefined) {
    throw new InvalidOptionsError(
      `limiter '${name}' is a ${rule.kind}; what can be changed of it: ${Object.values(known).join(', ')}`,
    )
  }
  const next = { ...rule, ...change }
  const options = Object.fromEntries(
    Object.entries(known).map(([field, option]) => [option, next[field as keyof RuleChange]]),
  )
  return makeLimiter(rule.kind, { name, ...options }).rule
}

/** Checks that one worker's code defines each limiter name once. @throws InvalidOptionsError */
export function refuseOtherRule(name: string, known: LimiterRule, rule: LimiterRule): void {
  if (isSameRule(known, rule)) return
  throw new InvalidOptionsError(
    `limits: two limiters are named '${name}' and differ; define it once and share it, or name one of them anew`,
  )
}

/** Returns all numbers of a rule: one may follow from another. */
export function numbersOf({ max, everyMs, refill }: LimiterRule): RuleNumbers {
  return { max, everyMs, refill }
}
