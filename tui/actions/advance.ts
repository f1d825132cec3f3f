import { outcomeSentence, runsText } from '../../runtime/describe/plan-sentences.ts'
import type { RunId } from '../../runtime/model/run-id.ts'
import type { ActionInfo } from '../../runtime/store/actions.ts'
import type { LogEntry } from '../app/dialog.ts'
import type { NewToast } from '../app/effect.ts'
import { noChoice, type Plan, type WatchedRun } from './action.ts'
import type { Failure } from './failure.ts'
import { formOf, withReasonOf } from './form.ts'
import type { News } from './message.ts'
import type { ActingStage, Asked, Stage } from './stage.ts'
import { challengeOf, tierOf } from './tier.ts'

/** The next stage. */
export interface Advance {
  /** Left out: the dialog closes. */
  readonly stage?: Stage
  readonly ask?: Ask
  readonly toast?: NewToast
  readonly logged?: Logged
}

export type Logged = Pick<LogEntry, 'outcome' | 'text'>

/** The calls that a stage makes as it begins. */
export type Ask =
  | { readonly kind: 'plan'; readonly choice: Extract<Stage, { kind: 'planning' }>['choice'] }
  | { readonly kind: 'act'; readonly acting: ActingStage }
  | { readonly kind: 'watch'; readonly ids: readonly RunId[] }
  | { readonly kind: 'stop' }
  | { readonly kind: 'copy'; readonly text: string; readonly what: string }

/** The next state after a message of a stage's call. */
export function advance(asked: Asked, stage: Stage, news: News): Advance {
  switch (stage.kind) {
    case 'planning':
      return planned(asked, stage, news)
    case 'acting':
      return acted(stage, news)
    case 'watching':
      return watched(stage, news)
    default:
      return { stage }
  }
}

function planned(asked: Asked, stage: Extract<Stage, { kind: 'planning' }>, news: News): Advance {
  if (news.kind === 'failed') return { stage: { kind: 'impossible', reason: news.failure.text } }
  if (news.kind !== 'planned') return { stage }
  return { stage: stageOf(asked, stage, news.plan) }
}

function stageOf(
  { action, environment, target }: Asked,
  { choice, form }: Extract<Stage, { kind: 'planning' }>,
  plan: Plan,
): Stage {
  if (plan.kind === 'impossible') return { kind: 'impossible', reason: plan.reason }
  if (plan.kind === 'steps') {
    const named = target.kind === 'run' ? plan.steps.findIndex(({ path }) => path === target.step) : -1
    return { kind: 'picking', choice, steps: plan.steps, line: named < 0 ? plan.steps.length - 1 : named }
  }
  const tier = tierOf(action, plan, choice, environment)
  const challenge = tier === 3 ? challengeOf(plan, environment) : undefined
  const fresh = formOf(plan.fields, { asksReason: tier > 1, challenge })
  return { kind: 'asking', plan, choice, form: withReasonOf(fresh, form) }
}

function log(outcome: Logged['outcome'], text: string): Logged {
  return { outcome, text }
}

function acted(stage: ActingStage, news: News): Advance {
  switch (news.kind) {
    case 'progress': {
      const { kind: _, ...progress } = news
      return { stage: { ...stage, progress } }
    }
    case 'acted':
      return { toast: { tone: 'good', text: news.text }, logged: log('done', news.text) }
    case 'failed':
      return failed(stage, news.failure)
    case 'carried out':
      return carriedOut(stage, news)
    default:
      return { stage }
  }
}

function failed(stage: ActingStage, { kind, text }: Failure): Advance {
  const begun = stage.progress !== undefined
  if (kind === 'refused' && !begun) {
    return { stage: { kind: 'impossible', reason: text }, logged: log('refused', text) }
  }
  const outcome = kind === 'unknown' ? 'unknown' : 'refused'
  const isPartly = outcome === 'refused' && begun
  return {
    stage: { kind: 'broken', acting: stage, problem: text, outcome },
    logged: log(isPartly ? 'partly' : outcome, text),
  }
}

function carriedOut(stage: ActingStage, { info, runs }: Extract<News, { kind: 'carried out' }>): Advance {
  const text = outcomeSentence(info)
  if (info.cursor === undefined) {
    if (info.refused === 0) return { toast: { tone: 'good', text }, logged: log('done', text) }
    return { stage: { kind: 'done', info, top: 0 }, logged: log('partly', text) }
  }
  const acting = withoutStop(stage)
  const logged = log('stopped', text)
  const follows = stage.part === 'first' && stage.stopping !== true && runs.length > 0
  // After a second try some are unknown: their ends can't be waited for.
  if (!follows || runs.length < info.done)
    return { stage: { kind: 'stopped', acting, info, runs: [] }, logged }
  const waiting = runs.map((id): WatchedRun => ({ id }))
  return {
    stage: { kind: 'watching', acting, info, runs: waiting },
    ask: { kind: 'watch', ids: runs },
    logged,
  }
}

function withoutStop({ stopping: _, ...stage }: ActingStage): ActingStage {
  return stage
}

function watched(stage: Extract<Stage, { kind: 'watching' }>, news: News): Advance {
  const { acting, info, runs } = stage
  if (news.kind === 'ended') {
    return { stage: { ...stage, runs: runs.map((run) => (run.id === news.run.id ? news.run : run)) } }
  }
  // A failed watch changes nothing of the result.
  if (news.kind === 'watched' || news.kind === 'failed')
    return { stage: { kind: 'stopped', acting, info, runs } }
  return { stage }
}

/** Returns how the first few ended: `5 of 5 completed`. */
export function verdict(runs: readonly WatchedRun[]): string {
  return `${runs.filter(({ state }) => state === 'completed').length} of ${runs.length} completed`
}

/** Returns how many runs are left, as far as they were counted; 0 also if they were not. */
function restOf({ matching, done, refused }: ActionInfo, planned: number): number {
  return Math.max(0, (matching ?? planned) - done - refused)
}

export function restText(info: ActionInfo, planned: number): string {
  const rest = restOf(info, planned)
  return rest === 0 ? 'the others' : `the other ${runsText(rest)}`
}

export const opening: Extract<Stage, { kind: 'planning' }> = { kind: 'planning', choice: noChoice }
