import type { ActionChunk, ActionEntry, ActionInfo } from '../../store/actions.ts'
import type { RunQuery } from '../../store/run-filter.ts'
import type { Inspector } from '../../store/store.ts'

/** Pages without a match before the cursor is moved past them, so that a continued action does not read them again. */
const maxEmptyPages = 10

/** Returns the next chunk of an action that has not ended, with at most `size` runs. */
export async function nextChunk(
  inspector: Inspector,
  action: ActionInfo & { readonly cursor: string },
  size: number,
): Promise<ActionChunk> {
  const { id, cursor: from, target } = action
  if (target.kind === 'filter') return { action: id, from, ...(await matchingRuns(inspector, action, size)) }
  const first = Number(from)
  const last = first + size
  const runs = target.ids.slice(first, last).map((run): ActionEntry => {
    const state = target.seen?.[run]
    return state === undefined ? { run } : { run, state }
  })
  return { action: id, from, runs, ...(last < target.ids.length ? { next: String(last) } : {}) }
}

async function matchingRuns(
  inspector: Inspector,
  action: ActionInfo & { readonly cursor: string },
  size: number,
): Promise<Pick<ActionChunk, 'runs' | 'next'>> {
  const runs: ActionEntry[] = []
  let cursor: string | undefined = action.cursor === '' ? undefined : action.cursor
  for (let pages = 0; pages < maxEmptyPages; pages++) {
    const page = await inspector.runs({
      ...queryOf(action),
      limit: size - runs.length,
      ...(cursor ? { cursor } : {}),
    })
    runs.push(...page.runs.map(({ id, state }) => ({ run: id, state })))
    cursor = page.cursor
    if (cursor === undefined || runs.length === size) break
  }
  return { runs, ...(cursor === undefined ? {} : { next: cursor }) }
}

/**
 * Newest first: runs that are enqueued meanwhile are never found, so the action ends. The store decides which runs are
 * too new or too young for it (A2): times that were read earlier may be off by a jump of the clock.
 */
function queryOf({ target }: ActionInfo): Omit<RunQuery, 'limit' | 'cursor'> {
  return { ...(target.kind === 'filter' ? target.filter : {}), order: 'newest' }
}
