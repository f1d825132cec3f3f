import { beginsGeneratedId, isGeneratedId, type RunId } from '../model/run-id.ts'
import type { Inspector } from '../store/store.ts'
import { usageError } from './usage-error.ts'

/*
 * Only generated ids are completed, from at least the characters of their time: a missing `invoice-1` must not become
 * `invoice-17`.
 */

/** More ids come from a program, which has them complete. */
const maxCompleted = 50
const inspectedRuns = 1_000
const inspectedActions = 100
const maxListed = 5

/** The same for one id. */
export async function wholeId(inspector: Inspector, typed: string): Promise<RunId> {
  const [id = typed] = await wholeIds(inspector, [typed])
  return id
}

/**
 * Returns the typed ids, each completed if it is no run but the begin of a generated id: of a run among the newest
 * 1,000. It is a usage error if several begin with it.
 */
export async function wholeIds(inspector: Inspector, typed: readonly string[]): Promise<readonly RunId[]> {
  if (typed.length > maxCompleted || !typed.some(beginsGeneratedId)) return typed
  const found = await Promise.all(typed.map((id) => (beginsGeneratedId(id) ? inspector.run(id) : undefined)))
  const isBegin = typed.map((id, i) => beginsGeneratedId(id) && found[i] === undefined)
  if (!isBegin.includes(true)) return typed
  const { runs } = await inspector.runs({ limit: inspectedRuns })
  const ids = runs.map(({ id }) => id).filter(isGeneratedId)
  return typed.map((id, i) => (isBegin[i] ? completed(id, ids, 'runs') : id))
}

const prefix = 'act_'

/** The same for the id of an action, among the 100 with the latest chunks. */
export async function wholeActionId(inspector: Inspector, typed: string): Promise<string> {
  const begin = typed.slice(prefix.length)
  if (!typed.startsWith(prefix) || !beginsGeneratedId(begin)) return typed
  if ((await inspector.action(typed)) !== undefined) return typed
  const ids = (await inspector.actions(inspectedActions)).map(({ id }) => id)
  const generated = ids.filter((id) => isGeneratedId(id.slice(prefix.length)))
  return completed(typed, generated, 'actions')
}

function completed(begin: string, ids: readonly string[], what: 'runs' | 'actions'): string {
  const matching = ids.filter((id) => id.startsWith(begin))
  if (matching.length > 1) {
    const listed = matching.slice(0, maxListed).join(', ')
    throw usageError(`${matching.length} ${what} begin with '${begin}': ${listed}; type more of the id`)
  }
  return matching[0] ?? begin
}
