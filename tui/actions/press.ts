import type { Key } from '../app/key.ts'
import { type Advance, verdict } from './advance.ts'
import { continueCommand, equalCommand } from './equal-command.ts'
import { pasteForm, pressForm, problemOf, reasonOf, valuesOf } from './form.ts'
import { canaryRuns } from './many.ts'
import type { ActingStage, Asked, AskingStage, Stage } from './stage.ts'

/*
 * The meaning of keys, by stage.
 * TK1  Only `y` confirms: neither enter nor a paste does.
 * TK2  Esc closes; while the store works on several runs it stops that first.
 * TK3  A key that a stage does not know changes nothing.
 */

type Of<Kind extends Stage['kind']> = Extract<Stage, { readonly kind: Kind }>

export function press(asked: Asked, stage: Stage, key: Key): Advance {
  switch (stage.kind) {
    case 'asking':
      return pressAsking(asked, stage, key)
    case 'picking':
      return pressPicking(stage, key)
    case 'acting':
      return pressActing(asked, stage, key)
    case 'watching':
      return key.name === 'esc' || key.name === 's' ? { stage, ask: { kind: 'stop' } } : { stage }
    case 'stopped':
      return pressStopped(asked, stage, key)
    case 'broken':
      return pressBroken(asked, stage, key)
    case 'done':
      return pressDone(stage, key)
    case 'planning':
    case 'impossible':
      return key.name === 'esc' ? { ask: { kind: 'stop' } } : { stage }
  }
}

/** Only a text field takes it. */
export function paste(stage: Stage, text: string): Stage {
  return stage.kind === 'asking' ? { ...stage, form: pasteForm(stage.form, text) } : stage
}

function pressAsking(asked: Asked, stage: AskingStage, key: Key): Advance {
  if (key.name === 'esc') return {}
  const form = pressForm(stage.form, key)
  if (form !== undefined) return { stage: { ...calm(stage), form } }
  switch (key.name) {
    case 'y':
      return confirmed(stage)
    case 'c': {
      const text = equalCommand(asked, stage.plan.target, choiceOf(stage), reasonOf(stage.form))
      return { stage, ask: { kind: 'copy', text, what: 'the command' } }
    }
    case 'o':
      return allowing(stage)
    case 'f':
      return mayCanary(asked, stage)
        ? { stage: { ...calm(stage), choice: { ...stage.choice, canary: !stage.choice.canary } } }
        : { stage }
    default:
      return { stage }
  }
}

/** Whether a few can go first: only a retry has an end to wait for. */
export function mayCanary({ action }: Asked, { plan }: AskingStage): boolean {
  return action.many === 'retry' && plan.target.kind !== 'run' && plan.runs > canaryRuns
}

function confirmed(stage: AskingStage): Advance {
  const { plan, form } = stage
  if (!plan.does) {
    const how = plan.inTheWay.length > 0 ? '; o lets the at-most-once steps run again' : ''
    return { stage: { ...stage, problem: `nothing would be done${how}` } }
  }
  const problem = problemOf(form)
  if (problem !== undefined) {
    return { stage: { ...stage, form: { ...form, active: problem.index }, problem: problem.text } }
  }
  const reason = reasonOf(form)
  const choice = choiceOf(stage)
  return began({
    ...{ kind: 'acting', plan, choice, part: choice.canary ? 'first' : 'whole' },
    ...(reason === undefined ? {} : { reason }),
  })
}

function began(acting: ActingStage): Advance {
  return { stage: acting, ask: { kind: 'act', acting } }
}

export function choiceOf({ choice, form }: AskingStage): AskingStage['choice'] {
  return { ...choice, values: valuesOf(form) }
}

/** Allows the blocking steps to run again, or not: the plan is read anew. */
function allowing(stage: AskingStage): Advance {
  const { plan, choice, form } = stage
  const runAgain = plan.inTheWay.length > 0 ? [...choice.runAgain, ...plan.inTheWay] : []
  if (runAgain.length === 0 && choice.runAgain.length === 0) return { stage }
  const next = { ...choice, runAgain }
  return { stage: { kind: 'planning', choice: next, form }, ask: { kind: 'plan', choice: next } }
}

function calm({ problem: _, ...stage }: AskingStage): AskingStage {
  return stage
}

const moves: Readonly<Record<string, number>> = {
  j: 1,
  down: 1,
  k: -1,
  up: -1,
  'page-down': 10,
  'page-up': -10,
}

function moved(line: number, key: Key, count: number): number {
  return Math.max(0, Math.min(count - 1, line + (moves[key.name] ?? 0)))
}

/** Enter picks a step: this leads to a question, not to an effect. */
function pressPicking(stage: Of<'picking'>, key: Key): Advance {
  if (key.name === 'esc') return {}
  const { steps, line } = stage
  if (key.name !== 'enter') return { stage: { ...stage, line: moved(line, key, steps.length) } }
  const from = steps[line]?.path
  if (from === undefined) return { stage }
  const choice = { ...stage.choice, from }
  return { stage: { kind: 'planning', choice }, ask: { kind: 'plan', choice } }
}

function pressActing(asked: Asked, stage: ActingStage, key: Key): Advance {
  const stops = key.name === 'esc' || key.name === 's'
  if (asked.action.many !== undefined && isManyStage(stage)) {
    return stops ? { stage: { ...stage, stopping: true }, ask: { kind: 'stop' } } : { stage }
  }
  if (key.name !== 'esc') return { stage }
  const text = 'left before the store replied: the events (8) tell whether it was done'
  return {
    ask: { kind: 'stop' },
    toast: { tone: 'warn', text: `${asked.action.command}: ${text}` },
    logged: { outcome: 'unknown', text },
  }
}

function isManyStage({ plan }: ActingStage): boolean {
  return plan.target.kind === 'runs' || plan.target.kind === 'filter'
}

function pressStopped(asked: Asked, stage: Of<'stopped'>, key: Key): Advance {
  switch (key.name) {
    case 'y': {
      const { progress: _, ...acting } = stage.acting
      return began({ ...acting, part: 'rest' })
    }
    case 'c':
      return { stage, ask: { kind: 'copy', text: continueCommand(asked), what: 'the command to continue' } }
    case 'esc': {
      const text = `stopped${stage.runs.length === 0 ? '' : `, ${verdict(stage.runs)}`}; continue with: ${continueCommand(asked)}`
      return { toast: { tone: 'info', text } }
    }
    default:
      return { stage }
  }
}

function pressBroken(asked: Asked, stage: Of<'broken'>, key: Key): Advance {
  if (key.name === 'y') return began(stage.acting)
  if (key.name === 'esc')
    return { toast: { tone: 'warn', text: `${asked.action.command}: ${stage.problem}` } }
  return { stage }
}

function pressDone(stage: Of<'done'>, key: Key): Advance {
  if (key.name === 'esc') return {}
  const { refusals } = stage.info
  if (key.name === 'c') {
    const text = refusals.map(({ run, reason }) => `${run}\t${reason}`).join('\n')
    return { stage, ask: { kind: 'copy', text, what: 'what was refused' } }
  }
  return { stage: { ...stage, top: moved(stage.top, key, refusals.length) } }
}
