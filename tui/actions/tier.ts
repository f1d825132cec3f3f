import type { Environment } from '../app/app-state.ts'
import type { Tier } from '../keymap.ts'
import type { Action, Choice, ReadyPlan } from './action.ts'

/** More runs than that are acted on only after their number was typed. */
const maxUntyped = 25

/** How an action is confirmed, as far as it is known now that its plan is there. */
export function tierOf(
  action: Action,
  { runs, target }: ReadyPlan,
  { runAgain }: Choice,
  { isProduction }: Environment,
): Tier {
  if (runs > maxUntyped || (isProduction && action.discards === true)) return 3
  const isWeighty = target.kind === 'runs' || target.kind === 'filter' || runAgain.length > 0
  return isWeighty ? 2 : action.tier
}

/** What is to be typed: how many runs, and where, when they were not chosen one by one. */
export function challengeOf({ runs, target }: ReadyPlan, { name }: Environment): string {
  return target.kind === 'filter' && name !== undefined ? `${runs} ${name}` : String(runs)
}
