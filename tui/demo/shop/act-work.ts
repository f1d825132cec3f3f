import type { Dice } from '../dice.ts'
import type { Facts, Trouble, Work } from './plot.ts'

/** What an attempt of a step meets. */
export interface Scene {
  readonly input: Facts
  readonly dice: Dice
  /** Of the worker's code. */
  readonly release: number
  /** Minutes before the demo began; 0 from then on. */
  readonly agoMinutes: number
}

/** How one attempt goes: how long it takes, and its error or its result. */
export type Act = { readonly ms: number } & (
  | { readonly ends: 'well'; readonly result: unknown }
  | { readonly ends: 'badly'; readonly error: Error }
)

export function actWork(work: Work, scene: Scene): Act {
  const { input, dice } = scene
  const ms = dice.between(...work.ms)
  const trouble = work.troubles?.find((one) => dice.chance(chanceOf(one, scene)))
  if (trouble !== undefined) return { ms, ends: 'badly', error: trouble.error(dice) }
  return { ms, ends: 'well', result: work.result(input, dice) }
}

function chanceOf(trouble: Trouble, { input, release, agoMinutes }: Scene): number {
  const { chance, bursts = [], since = 0, hits } = trouble
  if (release < since || hits?.(input) === false) return 0
  const burst = bursts.find(({ from, until }) => agoMinutes <= from && agoMinutes >= until)
  return burst?.chance ?? chance
}
