import { matchingText, planLines, sampleText } from '../../describe/plan-sentences.ts'
import type { ActionPlan } from '../../store/actions.ts'
import { screenWidth } from '../output.ts'
import { plainText, wrap } from '../plain-text.ts'

/** Returns the effect of an action, for people: one line each, the number of runs in front. */
export function planText(plan: ActionPlan): string {
  if (plan.matching.exact && plan.matching.runs === 0) return `no run to ${plan.action} matches`
  const effects = planLines(plan)
  const width = Math.max(...effects.map(({ runs }) => String(runs).length), 1)
  const lines = effects.flatMap(({ runs, text }) => {
    const screen = screenWidth()
    const parts = wrap(plainText(text), screen === undefined ? undefined : screen - width - 3)
    return parts.map((part, i) => `  ${(i === 0 ? String(runs) : '').padStart(width)} ${part}`)
  })
  return [`${matchingText(plan)} to ${plan.action}`, sampleText(plan), ...lines].join('\n')
}
