import { InvalidOptionsError } from '../model/invalid-options-error.ts'
import type { RunId } from '../model/run-id.ts'
import { type ActionChunk, maxChunkRuns, maxForecastRuns, type NewAction } from './actions.ts'

/** The approximate size limit of one call of `actions`. */
export const actionsBytes = 1_048_576

const maxListed = 100

/** The entry of a run's history about the action that changed it. */
export function actionReason({ id, reason, runAgain = [] }: NewAction): string {
  const allowed = runAgain.length === 0 ? '' : `may run again: ${runAgain.join(', ')}`
  return [reason, `action ${id}`, allowed].filter(Boolean).join('; ')
}

/** How long a run must have been in its state when this action began. */
export function minAgeOf({ target }: Pick<NewAction, 'target'>): number {
  return target.kind === 'filter' ? (target.filter.minAgeMs ?? 0) : 0
}

/** @throws InvalidOptionsError */
export function checkChunk({ from, next, runs }: ActionChunk): void {
  if (runs.length > maxChunkRuns) {
    throw new InvalidOptionsError(`a chunk of an action takes ${maxChunkRuns} runs, not ${runs.length}`)
  }
  // Else a repeat could not be distinguished from the next one.
  if (next === from)
    throw new InvalidOptionsError(`a chunk must move the cursor of its action from '${from}'`)
}

/** @throws InvalidOptionsError */
export function checkForecast(runs: readonly RunId[]): void {
  if (runs.length <= maxForecastRuns) return
  throw new InvalidOptionsError(
    `the plan of an action inspects ${maxForecastRuns} runs at once, not ${runs.length}`,
  )
}

/** @throws InvalidOptionsError */
export function checkActionsLimit(limit: number): void {
  if (Number.isInteger(limit) && limit >= 1 && limit <= maxListed) return
  throw new InvalidOptionsError(`actions: limit must be 1 to ${maxListed}, not ${limit}`)
}
