import { wrap } from '../plain-text.ts'
import { FramePainter } from './frame-painter.ts'
import type { DemoScreen, Span } from './screen.ts'
import { activity, count, type Story, sinceStart, type Told } from './story.ts'

/** Shows a story on the screen. */
export interface View {
  show(story: Story): void
  /** Leaves the last state on the screen and the cursor below it. */
  end(): void
}

const widest = 100
const widestBar = 60
/** On a narrower screen the process ids are left out. */
const narrow = 60
const margin = '  '
const crewColours = ['cyan', 'green'] as const

/** Draws the story over itself, frame by frame. */
export function liveView(screen: DemoScreen): View {
  const painter = new FramePainter(screen)
  return {
    show: (story) => {
      const columns = screen.columns() ?? widest
      painter.paint(drawFrame(story, Math.min(columns - 1, widest)), columns)
    },
    end: painter.end,
  }
}

function drawFrame(story: Story, width: number): Span[][] {
  const shown = story.told.filter(({ tone }) => tone !== 'plain')
  return [
    [],
    [[margin], ['durable-jobs demo', 'bold'], ['   one import, two workers, one SIGKILL', 'dim']],
    [],
    [[`${margin}${count(story.candidates)} candidates: check, insert by hundreds, mail each, report`]],
    [],
    ...story.crew.map((_, i) => crewLine(story, i, width)),
    [],
    barLine(story, Math.min(widestBar, width - 2 * margin.length)),
    [[margin], [`${story.stored} of ${story.steps} steps stored   ${sinceStart(story, Date.now())}`, 'dim']],
    [],
    ...shown.flatMap((told) => toldLines(story, told, width)),
  ]
}

function crewLine(story: Story, i: number, width: number): Span[] {
  const member = story.crew[i]
  if (member === undefined) return []
  const name: Span = [`${margin}${member.name}   `, crewColours[i] ?? 'white']
  const pid: Span = [width < narrow ? '' : `pid ${member.pid}   `, 'dim']
  const doing = activity(story, member)
  if (story.kill?.member === member) return [name, pid, [doing, 'red']]
  return [name, pid, story.inside.has(member) ? [doing] : [doing, 'dim']]
}

/** Stored steps in the colour of the worker that ran them, a cross where one was killed. */
function barLine({ stored, steps, kill, crew, inside }: Story, width: number): Span[] {
  const cells = (n: number): number => Math.round((n / steps) * width)
  const full = cells(stored)
  const rest: Span = ['░'.repeat(width - full), 'dim']
  const colour = (i: number): (typeof crewColours)[number] => crewColours[i] ?? 'cyan'
  if (kill === undefined) {
    const holder = crew.findIndex((member) => inside.has(member))
    return [[margin], ['█'.repeat(full), colour(Math.max(0, holder))], rest]
  }
  const killer = crew.indexOf(kill.member)
  const before = cells(kill.stored)
  const after = Math.max(0, full - before - 1)
  return [
    [margin],
    ['█'.repeat(before), colour(killer)],
    ['✕', ['red', 'bold']],
    ['█'.repeat(after), colour(1 - killer)],
    ['░'.repeat(Math.max(0, width - before - 1 - after)), 'dim'],
  ]
}

function toldLines(story: Story, { at, text, tone }: Told, width: number): Span[][] {
  const time = sinceStart(story, at).padStart(6)
  const sign: Span = tone === 'bad' ? ['✕ ', ['red', 'bold']] : ['→ ', ['green', 'bold']]
  const indent = margin.length + time.length + 4
  return wrap(text, width - indent).map((line, i) =>
    i === 0 ? [[`${margin}${time}  `, 'dim'], sign, [line]] : [[' '.repeat(indent)], [line]],
  )
}
