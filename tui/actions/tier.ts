import type { Environment } from '../app/app-state.ts'
import type { Tier } from '../keymap.ts'
import type { Action, Choice, ReadyPlan } from './action.ts'

/** An action on more runs needs their number typed first. */
const maxUntyped = 25

/** How an action is confirmed, as known from its plan. */
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

/** The text to type: how many runs, and where, if they were not selected one by one. */
export function challengeOf({ runs, target }: ReadyPlan, { name }: Environment): string {
  return target.kind === 'filter' && name !== undefined ? `${runs} ${name}` : String(runs)
}
