import type { ActionPlan } from '../../client/actions/plan-action.ts'
import type { ActionKind } from '../../store/actions.ts'
import { screenWidth } from '../output.ts'
import { plainText, wrap } from '../plain-text.ts'

const maxSteps = 20

/** `400 runs`, or `at least 5000 runs`. */
export function matchingText({ matching: { runs, exact } }: ActionPlan): string {
  return `${exact ? '' : 'at least '}${runsText(runs)}`
}

export function runsText(runs: number): string {
  return runs === 1 ? '1 run' : `${runs} runs`
}

export const doneWords: Readonly<Record<ActionKind, string>> = {
  retry: 'retried',
  cancel: 'cancelled',
  remove: 'removed',
}

/** What an action would do, for people: one line each, the number of runs in front. */
export function planText(plan: ActionPlan): string {
  if (plan.matching.exact && plan.matching.runs === 0) return `no run to ${plan.action} matches`
  const states = plan.states.map(({ state, runs }) => `${runs} ${state}`).join(', ')
  const width = Math.max(...linesOf(plan).map(([runs]) => String(runs).length), 1)
  const lines = linesOf(plan).flatMap(([runs, text]) => {
    const screen = screenWidth()
    const parts = wrap(plainText(text), screen === undefined ? undefined : screen - width - 3)
    return parts.map((part, i) => `  ${(i === 0 ? String(runs) : '').padStart(width)} ${part}`)
  })
  return [
    `${matchingText(plan)} to ${plan.action}`,
    `${sampleText(plan)}${states === '' ? '' : `: ${states}`}`,
    ...lines,
  ].join('\n')
}

function sampleText({ sample, matching }: ActionPlan): string {
  if (sample === 0) return 'none was found among those inspected'
  return matching.exact && matching.runs === sample
    ? 'all of them were inspected'
    : `the newest ${sample} of them were inspected`
}

type Line = readonly [runs: number, text: string]

function linesOf({ action, runsAgain, inTheWay, limiters, refused, sample }: ActionPlan): Line[] {
  const going = sample - refused.reduce((sum, { runs }) => sum + runs, 0)
  return [
    ...(action === 'retry' ? [] : [[going, `would be ${doneWords[action]}`] as const]),
    ...runsAgain.slice(0, maxSteps).map(againLine),
    ...limiters.map(
      ({ limiter, runs, waiting }): Line => [
        runs,
        `meet limiter '${limiter}', for which ${waiting === 1 ? '1 waits' : `${waiting} wait`} now`,
      ],
    ),
    ...inTheWay.map(
      ({ step, runs }): Line => [
        runs,
        `would run the at-most-once step '${step}' again: refused, unless with --run-again ${step}`,
      ],
    ),
    ...refused.map(({ reason, runs }): Line => [runs, `would be refused: ${reason}`]),
  ]
}

function againLine({ step, runs }: ActionPlan['runsAgain'][number]): Line {
  return [runs, step === '' ? 'would run only the code between steps again' : `would run '${step}' again`]
}
