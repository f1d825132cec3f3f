import type { Jobs } from '../../runtime/client/client.ts'
import { retriedText } from '../../runtime/describe/action-result.ts'
import { readStepOutlines, type StepSummary } from '../../runtime/describe/step-summary.ts'
import { onFailedPath, type StepPath } from '../../runtime/model/step-path.ts'
import { type Action, type Choice, impossible, type Plan, ready, type StepOption } from './action.ts'
import { expectedOf, readTarget } from './expected.ts'
import { refusalOfOne } from './on-runs.ts'
import { allowed, blocked, retryEffects } from './retry.ts'
import type { TargetOf } from './target.ts'

/** Of one run: which step, which others run again, and which steps block it. */
export const retryFromStep: Action<'run'> = {
  command: 'retry from step',
  on: ['run'],
  tier: 2,
  // Stored results are dropped.
  discards: true,
  refusal: (target) => refusalOfOne('retry', target),
  plan,
  words: ({ id }, { from = '', runAgain }) => [
    ...['retry', id, '--from', from],
    ...runAgain.flatMap((step) => ['--run-again', step]),
  ],
  carryOut: async (jobs, { target: { id, expected }, choice, write }) => {
    const { from = '' } = choice
    await jobs.run(id).retry({ ...write, ...allowed(choice), from, expected })
    return retriedText(id)
  },
}

async function plan(
  jobs: Jobs,
  { target, choice }: { readonly target: TargetOf<'run'>; readonly choice: Choice },
): Promise<Plan> {
  const read = await readTarget(jobs, 'retry', target)
  if (read.kind === 'refused') return impossible(read.reason)
  const steps = (await readStepOutlines(jobs.inspector, target.id)).filter(
    ({ path }) => path !== onFailedPath,
  )
  const { from } = choice
  if (from === undefined) {
    return steps.length === 0
      ? impossible('it has stored no step; use retry to run all of it')
      : { kind: 'steps', steps: steps.map(optionOf) }
  }
  const fixed = { ...target, expected: expectedOf('retry', read.run) }
  const inTheWay = onceFrom(from, steps).filter((path) => !choice.runAgain.includes(path))
  if (inTheWay.length > 0) return blocked(fixed, inTheWay)
  const retryPlan = await jobs.run(target.id).retry({ dryRun: true, ...allowed(choice), from })
  return ready(fixed, retryEffects(retryPlan), { runs: 1 })
}

function optionOf({ path, state, tries, atMostOnce }: StepSummary): StepOption {
  return { path, state, tries, atMostOnce: atMostOnce === true }
}

/** At-most-once steps among those that would run again. */
export function onceFrom(
  from: StepPath,
  steps: readonly Pick<StepSummary, 'path' | 'atMostOnce'>[],
): readonly StepPath[] {
  const first = steps.findIndex(({ path }) => path === from)
  return steps.slice(first).flatMap(({ path, atMostOnce }) => (atMostOnce ? [path] : []))
}
