import type { Run, RunState } from '../../runtime/model/run.ts'
import { type RunGlyph, runGlyph } from './glyphs.ts'
import type { Look } from './look.ts'
import { stateTones, type Tone } from './tone.ts'

/** Glyph and word of a run's state: `↻ retrying`. */
export function stateText(run: Run, { glyphs }: Look): string {
  const name = runGlyph(run)
  return `${glyphs.states[name]} ${name}`
}

export function stateTone(run: Run): Tone {
  return stateTones[runGlyph(run)]
}

/** The same of a run of which only the state is known. `waits`: what it waits for if it does. */
export function bareStateText(state: RunState, { glyphs }: Look, waits: RunGlyph = 'sleeping'): string {
  return `${glyphs.states[state === 'waiting' ? waits : state]} ${state}`
}

export function bareStateTone(state: RunState, waits: RunGlyph = 'sleeping'): Tone {
  return stateTones[state === 'waiting' ? waits : state]
}
