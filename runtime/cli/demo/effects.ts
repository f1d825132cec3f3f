import { appendFileSync, readFileSync } from 'node:fs'

/**
 * - `began`, `ended`: a step's body was entered, and has done its work
 * - `half done`: a chunk has done half of it
 * - `repeated`: a mail was about to be sent a second time
 */
export type Moment = 'began' | 'half done' | 'ended' | 'repeated'

/** An effect of a step's body, reported by itself. */
export interface Effect {
  readonly moment: Moment
  readonly path: string
  readonly pid: number
  /** Ms since the epoch. */
  readonly at: number
}

/** Writes the effect so that killing the process can't undo it. */
export function appendEffect(file: string, effect: Effect): void {
  appendFileSync(file, `${JSON.stringify(effect)}\n`)
}

export function readEffects(file: string): readonly Effect[] {
  const lines = readFileSync(file, 'utf8').split('\n')
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Effect)
}
