import { retriedText } from '../../runtime/describe/action-result.ts'
import { planLines, retryPlanLists } from '../../runtime/describe/plan-sentences.ts'
import type { RetryPlan } from '../../runtime/model/job.ts'
import type { StepPath } from '../../runtime/model/step-path.ts'
import { type Choice, type Effect, impossible, type Plan, ready } from './action.ts'
import { onRuns } from './on-runs.ts'
import type { TargetOf } from './target.ts'

export const retry: ReturnType<typeof onRuns> = onRuns({
  kind: 'retry',
  tier: 1,
  plan: async (jobs, { id }, target, choice) => {
    const [forecast] = await jobs.inspector.planAction('retry', [id], choice.runAgain)
    const { inTheWay = [], refused } = forecast ?? {}
    if (inTheWay.length > 0) return blocked(target, inTheWay)
    if (refused !== undefined) return impossible(refused)
    const plan = await jobs.run(id).retry({ dryRun: true, ...allowed(choice) })
    return ready(target, retryEffects(plan), { runs: 1 })
  },
  carryOut: async (jobs, { target: { id, expected }, choice, write }) => {
    await jobs.run(id).retry({ ...write, ...allowed(choice), expected })
    return retriedText(id)
  },
})

/** Nothing is done until the steps are allowed. */
export function blocked(target: TargetOf<'run'>, inTheWay: readonly StepPath[]): Plan {
  const lines = planLines({
    ...{
      action: 'retry',
      matching: { runs: 1, exact: true },
      sample: 1,
      states: [],
      runsAgain: [],
      limiters: [],
    },
    ...{ refused: [], inTheWay: inTheWay.map((step) => ({ step, runs: 1 })) },
  })
  const effects = lines.map(({ text }): Effect => ({ text: `it ${text}`, tone: 'warn' }))
  return ready(target, effects, { runs: 1, does: false, inTheWay })
}

export function allowed({ runAgain }: Choice): { readonly runAgain?: readonly StepPath[] } {
  return runAgain.length === 0 ? {} : { runAgain }
}

const maxListed = 8

export function retryEffects(plan: RetryPlan): readonly Effect[] {
  return retryPlanLists(plan).map(({ verb, paths }, i) => ({
    text: `would ${verb}${paths.length === 0 ? '' : `: ${namesOf(paths)}`}`,
    ...(i === 0 ? {} : { tone: 'dim' as const }),
  }))
}

function namesOf(paths: readonly StepPath[]): string {
  const rest = paths.length - maxListed
  const listed = paths.slice(0, maxListed).join(', ')
  return rest > 0 ? `${listed} and ${rest} more` : listed
}
