import { expect } from 'vitest'
import type { Run } from '../../runtime/model/run.ts'
import type { RunQuery } from '../../runtime/store/run-filter.ts'
import type { Store } from '../../runtime/store/store.ts'

/** A run's reason as `text` of a filter sees it. */
function reasonOf(run: Run): string {
  if (run.state === 'failed' || run.state === 'waiting') {
    return run.error === undefined ? '' : `${run.error.name}: ${run.error.message}`
  }
  if (run.state === 'blocked' || run.state === 'cancelled' || run.state === 'cancelling')
    return run.reason ?? ''
  return ''
}

function matches(run: Run, query: Omit<RunQuery, 'limit'>, now: number): boolean {
  const { states, job, queue, tag, unique, fingerprint, worker, minAgeMs, since, before, text } = query
  const { changedAt } = run
  const has = (part: string): boolean => part.toLowerCase().includes((text ?? '').toLowerCase())
  return (
    (states === undefined || states.includes(run.state)) &&
    (job === undefined || run.job === job) &&
    (queue === undefined || run.queue === queue) &&
    (tag === undefined || run.tags.includes(tag)) &&
    (unique === undefined || run.unique?.key === unique) &&
    // Nothing here has failed with one.
    fingerprint === undefined &&
    (worker === undefined || ('worker' in run && run.worker === worker)) &&
    (minAgeMs === undefined || now - changedAt >= minAgeMs) &&
    (since === undefined || changedAt >= since) &&
    (before === undefined || changedAt < before) &&
    (text === undefined || has(run.job) || has(run.id) || has(reasonOf(run)))
  )
}

/** Ids of the matching `runs`, in the order of their enqueue. */
function expectedIds(runs: readonly Run[], query: Omit<RunQuery, 'limit'>, now: number): string[] {
  const found = runs.filter((run) => matches(run, query, now))
  if (query.order === 'oldest') return found.map(({ id }) => id)
  if (query.order === 'longest')
    return found.toSorted((a, b) => a.changedAt - b.changedAt).map(({ id }) => id)
  return found.map(({ id }) => id).reverse()
}

/** All pages of a query, one after the other. */
export async function searchAll(store: Store, query: RunQuery): Promise<Run[]> {
  const runs: Run[] = []
  let cursor: string | undefined
  do {
    const page = await store.runs({ ...query, ...(cursor === undefined ? {} : { cursor }) })
    expect(page.runs.length).toBeLessThanOrEqual(query.limit)
    expect(page.looked).toBeLessThanOrEqual(1_000)
    runs.push(...page.runs)
    cursor = page.cursor
  } while (cursor !== undefined)
  return runs
}

/** Reads runs one by one, as a search shows them. */
export async function readAll(store: Store, ids: readonly string[]): Promise<Run[]> {
  const runs = await Promise.all(ids.map((id) => store.run(id)))
  return runs.flatMap((run) => {
    if (run === undefined) return []
    const { input: _, ...shown } = run
    return [shown as Run]
  })
}

/** The store finds the same runs as a scan of all runs, in the order of their enqueue. */
export async function expectSearch(
  store: Store,
  runs: readonly Run[],
  query: RunQuery,
  now: number,
): Promise<void> {
  const found = await searchAll(store, query)
  expect(
    found.map(({ id }) => id),
    JSON.stringify(query),
  ).toEqual(expectedIds(runs, query, now))
  const known = new Map(runs.map((run) => [run.id, run]))
  for (const run of found) expect(run).toEqual(known.get(run.id))
}
