import { StoreFormatError } from '../../model/errors.ts'
import { type RunState, runStates } from '../../model/run.ts'

/** A state's number in records, from 1. */
export function stateCode(state: RunState): number {
  return runStates.indexOf(state) + 1
}

/** @throws StoreFormatError for one that only a newer version knows. */
export function stateOfCode(code: number): RunState {
  const state = runStates[code - 1]
  if (state === undefined)
    throw new StoreFormatError(`a run in state ${code}, which this version does not know`)
  return state
}
