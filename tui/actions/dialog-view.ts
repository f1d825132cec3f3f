import { plainText } from '../../runtime/cli/plain-text.ts'
import { optionNames, outcomeSentence, progressText } from '../../runtime/describe/plan-sentences.ts'
import { endedRunSeparator } from '../../runtime/describe/situation.ts'
import type { DialogLine, DialogView } from '../app/dialog.ts'
import type { Tone } from '../kit/tone.ts'
import type { StepOption, WatchedRun } from './action.ts'
import { restText, verdict } from './advance.ts'
import { continueCommand, equalCommand } from './equal-command.ts'
import { reasonOf } from './form.ts'
import { canaryRuns } from './many.ts'
import { choiceOf, mayCanary } from './press.ts'
import type { ActingStage, Asked, AskingStage, Stage } from './stage.ts'
import { targetText } from './target.ts'
import { tierOf } from './tier.ts'

/** The content of a dialog: plain lines, without anything that could steer a terminal. */
export function dialogView(asked: Asked, stage: Stage): DialogView {
  return {
    title: plainText(titleOf(asked)),
    tone: toneOf(asked, stage),
    lines: linesOf(asked, stage),
    keys: keysOf(asked, stage).map(([key, label]) => ({ key, label })),
  }
}

/** Includes the store: a user of several stores must see which one this is. */
function titleOf({ action, target, environment: { name, address, isProduction } }: Asked): string {
  return `${action.name ?? action.command} ${targetText(target)} in ${name ?? address}${isProduction ? ' (production)' : ''}`
}

function toneOf({ action, environment }: Asked, stage: Stage): Tone {
  switch (stage.kind) {
    case 'asking':
      return ({ 1: 'title', 2: 'warn', 3: 'bad' } as const)[
        tierOf(action, stage.plan, stage.choice, environment)
      ]
    case 'broken':
    case 'impossible':
      return 'bad'
    case 'done':
    case 'stopped':
      return 'warn'
    default:
      return 'title'
  }
}

function text(line: string, tone?: Tone): DialogLine {
  return { kind: 'text', text: plainText(line), ...(tone === undefined ? {} : { tone }) }
}

function linesOf(asked: Asked, stage: Stage): readonly DialogLine[] {
  switch (stage.kind) {
    case 'planning':
      return [text('reading what it would do …', 'dim')]
    case 'picking':
      return stage.steps.map((step, i) => stepLine(step, { at: i, line: stage.line }))
    case 'asking':
      return askingLines(asked, stage)
    case 'acting':
      return actingLines(stage)
    case 'watching':
      return [text(`${canaryRuns} first; waiting for the end of each`), ...stage.runs.map(watchedLine)]
    case 'stopped':
      return stoppedLines(asked, stage)
    case 'broken':
      return brokenLines(stage)
    case 'impossible':
      return [text(stage.reason, 'bad')]
    case 'done':
      return doneLines(stage)
  }
}

/** Shows the marked step and all below it, which run again. */
function stepLine(
  { path, state, tries, atMostOnce }: StepOption,
  { at, line }: { readonly at: number; readonly line: number },
): DialogLine {
  const sign = at === line ? '>' : ' '
  const fate = at >= line ? 'runs again' : 'is kept'
  const once = atMostOnce && at >= line ? '; at most once: must be allowed' : ''
  const tried = tries === 1 ? '1 try' : `${tries} tries`
  const tone = at === line ? 'key' : at > line ? (atMostOnce ? 'warn' : 'plain') : 'dim'
  return text(`${sign} ${path}  ${state}, ${tried}  ${fate}${once}`, tone)
}

function askingLines(asked: Asked, stage: AskingStage): readonly DialogLine[] {
  const { plan, form, choice, problem } = stage
  const allowed = choice.runAgain.map((step) => `'${step}'`).join(', ')
  return [
    ...plan.effects.map((effect) => text(effect.text, effect.tone)),
    ...(allowed === ''
      ? []
      : [text(`at-most-once ${allowed} may run again: make sure that the effect did not happen`, 'warn')]),
    ...(choice.canary
      ? [text(`${canaryRuns} first; once they have ended, this dialog asks about the others`)]
      : []),
    ...form.fields.map(
      ({ label, field }, i): DialogLine => ({ kind: 'field', label, field, active: i === form.active }),
    ),
    ...(problem === undefined ? [] : [text(problem, 'bad')]),
    text(equalCommand(asked, plan.target, choiceOf(stage), reasonOf(form)), 'dim'),
  ]
}

function actingLines({ progress, plan, stopping }: ActingStage): readonly DialogLine[] {
  if (progress === undefined) return [text('waiting for the store …', 'dim')]
  const { info } = progress
  const known = info.matching === undefined && plan.runs > 0 ? { ...info, matching: plan.runs } : info
  return [
    text(`${progressText(known)}${rateText(progress)}`),
    ...(stopping ? [text('stopping after the current chunk …', 'warn')] : []),
  ]
}

function rateText({ info, from, elapsedMs }: NonNullable<ActingStage['progress']>): string {
  const perSecond = elapsedMs <= 0 ? 0 : ((info.done - from) * 1_000) / elapsedMs
  return perSecond < 1 ? '' : `, ${Math.round(perSecond)}/s`
}

function watchedLine({ id, state, text: how }: WatchedRun): DialogLine {
  if (how === undefined) return text(`  ${id} …`, 'dim')
  const end = state === undefined ? how : `${state}${endedRunSeparator(state)}${how}`
  return text(`  ${id} ${end}`, state === 'completed' ? 'good' : 'bad')
}

function stoppedLines(
  asked: Asked,
  { info, acting, runs }: Extract<Stage, { kind: 'stopped' }>,
): DialogLine[] {
  const rest = restText(info, acting.plan.runs)
  const question =
    runs.length === 0 ? `${outcomeSentence(info)}; continue with ${rest}?` : `${verdict(runs)}; ${rest}?`
  const isGood = runs.every(({ state }) => state === 'completed')
  return [
    ...runs.map(watchedLine),
    text(question, runs.length === 0 ? 'plain' : isGood ? 'good' : 'bad'),
    text(continueCommand(asked), 'dim'),
  ]
}

function brokenLines({ problem, acting, outcome }: Extract<Stage, { kind: 'broken' }>): DialogLine[] {
  const { progress } = acting
  return [
    text(problem, 'bad'),
    ...(progress === undefined ? [] : [text(`so far: ${outcomeSentence(progress.info)}`)]),
    text(
      outcome === 'refused'
        ? `${progress === undefined ? 'nothing was done' : 'nothing more was done'}; y tries again`
        : 'it may or may not have been done; y tries again, which does it only once',
      'plain',
    ),
  ]
}

const maxRefusals = 10

function doneLines({ info, top }: Extract<Stage, { kind: 'done' }>): DialogLine[] {
  const { refusals, refused } = info
  const shown = refusals.slice(top, top + maxRefusals)
  const below = refused - top - shown.length
  return [
    text(outcomeSentence(info)),
    ...shown.map(({ run, reason }) => text(`  ${run}: ${optionNames(reason)}`, 'warn')),
    ...(below > 0 ? [text(`  and ${below} more`, 'dim')] : []),
  ]
}

type Hint = readonly [key: string, label: string]

const leave: Hint = ['esc', 'leave']

function keysOf(asked: Asked, stage: Stage): readonly Hint[] {
  switch (stage.kind) {
    case 'picking':
      return [['j k', 'choose'], ['enter', 'pick'], leave]
    case 'asking':
      return askingKeys(asked, stage)
    case 'acting':
      return asked.action.many !== undefined && stage.plan.target.kind !== 'run' ? [['s', 'stop']] : [leave]
    case 'watching':
      return [['s', 'stop waiting']]
    case 'stopped':
      return [['y', 'go on'], ['c', 'copy command'], leave]
    case 'broken':
      return [['y', 'try again'], leave]
    case 'done':
      return [['j k', 'scroll'], ['c', 'copy list'], leave]
    case 'planning':
    case 'impossible':
      return [leave]
  }
}

function askingKeys(asked: Asked, stage: AskingStage): readonly Hint[] {
  const { form, plan, choice } = stage
  const name = asked.action.name ?? asked.action.command
  // Here a y is a letter.
  if (form.active >= 0) return [['tab', plan.does ? `next, then y ${name}` : 'next'], leave]
  const allow: Hint[] =
    plan.inTheWay.length > 0
      ? [['o', 'allow at-most-once steps']]
      : choice.runAgain.length > 0
        ? [['o', 'allow no at-most-once step']]
        : []
  const canary: Hint[] = mayCanary(asked, stage)
    ? [['f', choice.canary ? 'all at once' : `${canaryRuns} first`]]
    : []
  return [
    ...(plan.does ? [['y', name] as const] : []),
    ...allow,
    ...canary,
    ['c', 'copy command'],
    ...(form.fields.length > 0 ? [['tab', 'fields'] as const] : []),
    leave,
  ]
}
