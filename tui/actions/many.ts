import type { Jobs } from '../../runtime/client/client.ts'
import { filterWords } from '../../runtime/describe/filter-words.ts'
import { doneWords, matchingText, planLines, sampleText } from '../../runtime/describe/plan-sentences.ts'
import { accepts } from '../../runtime/store/action-refusal.ts'
import { type ActionKind, type ActionTarget, maxActionIds } from '../../runtime/store/actions.ts'
import type { RunFilter } from '../../runtime/store/run-filter.ts'
import { type Choice, type Effect, impossible, type Plan, ready } from './action.ts'
import type { TargetOf } from './target.ts'

/** Several runs: marked ones, or all that match. */
export type ManyTarget = TargetOf<'runs' | 'filter'>

export function isMany(target: { readonly kind: string }): target is ManyTarget {
  return target.kind === 'runs' || target.kind === 'filter'
}

/**
 * The effect of an action on several runs. For a filter the plan also fixes the time: runs that enter their state later
 * were not counted, and are left alone.
 */
export async function planMany(
  jobs: Jobs,
  action: ActionKind,
  target: ManyTarget,
  { runAgain }: Choice,
): Promise<Plan> {
  const before = target.kind === 'filter' ? await storeTime(jobs) : undefined
  const fixed = before === undefined || target.kind === 'runs' ? target : { ...target, before }
  const allowed = runAgain.length === 0 ? {} : { runAgain }
  const plan = await jobs.actions.plan(action, actionTargetOf(target), allowed)
  const { runs, exact } = plan.matching
  if (runs === 0 && exact) return impossible(`no run to ${action} matches`)
  const effects: readonly Effect[] = [
    { text: `${matchingText(plan)} to ${action}; ${sampleText(plan)}` },
    ...planLines(plan).map(
      ({ runs: count, text, refused }): Effect => ({
        text: `${count} ${text}`,
        ...(refused ? { tone: 'warn' as const } : {}),
      }),
    ),
  ]
  const refused = plan.refused.reduce((sum, one) => sum + one.runs, 0)
  const does = !(exact && plan.sample === runs && refused === runs)
  return ready(fixed, effects, { runs, does, inTheWay: plan.inTheWay.map(({ step }) => step) })
}

/** The smallest read for it. */
async function storeTime({ inspector }: Jobs): Promise<number> {
  return (await inspector.statistics('5m')).now
}

export function actionTargetOf(target: ManyTarget): ActionTarget {
  if (target.kind === 'runs') {
    const seen = Object.fromEntries(target.runs.map(({ id, state }) => [id, state]))
    return { kind: 'runs', ids: target.runs.map(({ id }) => id), seen }
  }
  const filter = frozen(target)
  return { kind: 'filter', filter, ...(Object.keys(filter).length === 0 ? { all: true } : {}) }
}

function frozen({ filter, before }: TargetOf<'filter'>): RunFilter {
  if (before === undefined) return filter
  return { ...filter, before: Math.min(before, filter.before ?? Number.POSITIVE_INFINITY) }
}

export function wordsOfMany(action: ActionKind, target: ManyTarget, choice: Choice): readonly string[] {
  return [
    action,
    ...(target.kind === 'runs' ? target.runs.map(({ id }) => id) : filterWords(frozen(target))),
    ...choice.runAgain.flatMap((step) => ['--run-again', step]),
    ...(choice.canary ? ['--first', String(canaryRuns)] : []),
  ]
}

/** How many are retried first. */
export const canaryRuns = 5

export function refusalOfMany(action: ActionKind, target: ManyTarget): string | undefined {
  if (target.kind === 'filter') {
    const { states } = target.filter
    const some = states === undefined || states.some((state) => accepts(action, state))
    return some ? undefined : `no run of '${target.text}' is in a state to ${action}`
  }
  const { runs } = target
  if (runs.length > maxActionIds) {
    return `${runs.length} runs are marked; mark at most ${maxActionIds}, or apply the action to all that match a filter`
  }
  return runs.some(({ state }) => accepts(action, state))
    ? undefined
    : `none of the marked runs can be ${doneWords[action]}`
}
