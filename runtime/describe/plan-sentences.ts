import type { RetryPlan } from '../model/job.ts'
import type { StepPath } from '../model/step-path.ts'
import type { ActionInfo, ActionKind, ActionPlan } from '../store/actions.ts'
import { quoted } from './command-line.ts'

/** How many runs of the sample a sentence applies to. */
export interface PlanLine {
  readonly runs: number
  readonly text: string
  /** The action leaves these runs alone. */
  readonly refused?: true
}

/** Steps of a retry under what it does with them. */
export interface PlanList {
  readonly verb: string
  readonly paths: readonly StepPath[]
}

const maxSteps = 20

/** `400 runs`, or `at least 5000 runs`. */
export function matchingText({ matching: { runs, exact } }: Pick<ActionPlan, 'matching'>): string {
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

/** Returns how much of an action's runs its plan has inspected, and their states. */
export function sampleText({
  sample,
  matching,
  states,
}: Pick<ActionPlan, 'sample' | 'matching' | 'states'>): string {
  const counts = states.map(({ state, runs }) => `${runs} ${state}`).join(', ')
  return `${inspectedText(sample, matching)}${counts === '' ? '' : `: ${counts}`}`
}

function inspectedText(sample: number, matching: ActionPlan['matching']): string {
  if (sample === 0) return 'none was found among those inspected'
  if (matching.exact && matching.runs === 1) return 'it was inspected'
  return matching.exact && matching.runs === sample
    ? 'all of them were inspected'
    : `the newest ${sample} of them were inspected`
}

/** Returns what an action would do to the runs of its sample: the verb of each sentence follows the number of runs. */
export function planLines(plan: ActionPlan): PlanLine[] {
  const { action, runsAgain, inTheWay, limiters, refused, sample } = plan
  const going = sample - refused.reduce((sum, { runs }) => sum + runs, 0)
  return [
    ...(action === 'retry' ? [] : [{ runs: going, text: `would be ${doneWords[action]}` }]),
    ...runsAgain.slice(0, maxSteps).map(({ step, runs }) => ({ runs, text: againText(step) })),
    ...limiters.map(({ limiter, runs, waiting }) => ({ runs, text: limiterText(limiter, waiting) })),
    ...inTheWay.map(({ step, runs }): PlanLine => ({ runs, text: onceText(step), refused: true })),
    ...refused.map(
      ({ reason, runs }): PlanLine => ({ runs, text: `would be refused: ${reason}`, refused: true }),
    ),
  ]
}

function againText(step: StepPath): string {
  return step === '' ? 'would run only the code between steps again' : `would run '${step}' again`
}

function limiterText(limiter: string, waiting: number): string {
  return `would need limiter '${limiter}', for which ${waiting === 1 ? '1 is' : `${waiting} are`} waiting now`
}

function onceText(step: StepPath): string {
  return `would run the at-most-once step '${step}' again: refused, unless with --run-again ${quoted(step)}`
}

/** Returns what a retry of one run does to its stored steps: two lists of paths, each under its verb. */
export function retryPlanLists({ runsAgain, keeps }: RetryPlan): readonly PlanList[] {
  return [listed('run', runsAgain, ' again'), listed('keep', keeps)]
}

function listed(verb: string, paths: readonly StepPath[], suffix = ''): PlanList {
  return { verb: paths.length === 0 ? `${verb} no stored step${suffix}` : `${verb}${suffix}`, paths }
}

/** Returns what an action has done so far: `retried 5 runs, refused 2 (action act_…)`. */
export function outcomeSentence({ id, action, done, refused }: ActionInfo): string {
  return `${doneWords[action]} ${runsText(done)}${refused === 0 ? '' : `, refused ${refused}`} (action ${id})`
}

/** Returns how far an action is: `retried 50 of 400, refused 2`. */
export function progressText({ action, done, refused, matching }: Omit<ActionInfo, 'id'>): string {
  const of = matching === undefined ? '' : ` of ${matching}`
  return `${doneWords[action]} ${done}${of}${refused === 0 ? '' : `, refused ${refused}`}`
}

/** Returns about how many runs an action has left. */
export function leftText({ cursor, matching, done, refused }: Omit<ActionInfo, 'id'>): string {
  if (cursor === undefined) return 'it has ended: none is left'
  if (matching === undefined) return 'how many are left is not known'
  const left = Math.max(0, matching - done - refused)
  return `about ${runsText(left)} ${left === 1 ? 'is' : 'are'} left`
}

/** Replaces the name of a client option in a message with that of the command line. */
export function optionNames(message: string): string {
  return message.replaceAll('in runAgain', 'in --run-again')
}
