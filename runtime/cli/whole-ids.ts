import type { RunId } from '../model/run-id.ts'
import type { Inspector } from '../store/store.ts'
import { usageError } from './usage-error.ts'

/** More ids come from a program, which knows them whole. */
const maxCompleted = 50
const inspectedRuns = 1_000
/** So many characters of a generated id are its time: no run but those of the same ms begins with them. */
const timeCharacters = 10
const maxListed = 5

/** The same of one id. */
export async function wholeId(inspector: Inspector, typed: string): Promise<RunId> {
  const [id = typed] = await wholeIds(inspector, [typed])
  return id
}

/**
 * Ids as they were typed, each completed that is no run but the begin of one: of a run among the newest 1,000.
 * It is a usage error when several begin with it.
 */
export async function wholeIds(inspector: Inspector, typed: readonly string[]): Promise<readonly RunId[]> {
  if (typed.length > maxCompleted) return typed
  const found = await Promise.all(typed.map((id) => inspector.run(id)))
  if (found.every((run) => run !== undefined)) return typed
  const { runs, cursor } = await inspector.runs({ limit: inspectedRuns })
  const ids = runs.map(({ id }) => id)
  return typed.map((id, i) => (found[i] === undefined ? completed(id, ids, cursor === undefined) : id))
}

/** @param all Whether these are all runs of the store. */
function completed(begin: string, ids: readonly RunId[], all: boolean): RunId {
  const matching = ids.filter((id) => id.startsWith(begin))
  if (matching.length > 1) {
    const listed = matching.slice(0, maxListed).join(', ')
    throw usageError(`${matching.length} runs begin with '${begin}': ${listed}; write more of the id`)
  }
  const [only] = matching
  const isSure = all || (begin.length >= timeCharacters && /^[0-9a-z]{26}$/.test(only ?? ''))
  return only !== undefined && isSure ? only : begin
}
