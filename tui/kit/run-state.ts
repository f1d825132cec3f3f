import type { Run } from '../../runtime/model/run.ts'
import { runGlyph } from './glyphs.ts'
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
