import { isEnd, type Run, type RunState } from '../../../runtime/model/run.ts'
import type { RunFilter, RunOrder, RunQuery } from '../../../runtime/store/run-filter.ts'
import type { Inspector } from '../../../runtime/store/store.ts'
import { type HiddenRuns, isHidden, parseFilter } from '../../text/parse-filter.ts'
import type { ReadRequest } from '../screen.ts'

/*
 * The data of the list of runs: consecutive pages by cursor.
 * L1  While the cursor is on the first row, each read begins at the top again: the newest runs are there.
 * L2  Off the first row the list doesn't move: no run is inserted before the first one. Known runs get their current
 * state, and the newer ones above are counted.
 * L3  The page under the cursor is read again from its begin, so that runs that left the filter disappear.
 * L4  At most `maxRuns` are kept, and one read makes at most `maxCalls` calls.
 */
export interface RunsData {
  /** What was asked for, in the words of the filter: the screen may ask for something else by now. */
  readonly filter: string
  readonly pages: readonly ListPage[]
  /** How many runs came in above the first one since it was read; at most a page. */
  readonly newer: number
  /** How many runs were inspected for what is there. */
  readonly looked: number
  /** The search continues: it has not found enough yet. */
  readonly isPartial: boolean
  readonly order: RunOrder
  /** Parts of the filter that can't be used. */
  readonly unknown: readonly string[]
  /** What the filter leaves out of the list though the store finds it; left out: nothing. */
  readonly hidden?: readonly HiddenRuns[]
}

interface ListPage {
  /** Left out: the top. */
  readonly from?: string
  readonly runs: readonly Run[]
  /** Left out: the list ends with this page. */
  readonly next?: string
}

const pageRuns = 100
const maxRuns = 5_000
const maxCalls = 4
/** Of runs that the newest page no longer has, so many around the cursor are looked up one by one. */
const maxLookups = 40

type Reads = Pick<Inspector, 'runs' | 'run'>

const longestStates: readonly RunState[] = ['ready', 'waiting', 'running', 'cancelling']

/** What is asked of the store for a place. */
export function queryOf({ filter: text, sort, now }: Pick<ReadRequest, 'filter' | 'sort' | 'now'>): {
  readonly query: RunFilter & { readonly order: RunOrder }
  readonly unknown: readonly string[]
  readonly hidden: readonly HiddenRuns[]
} {
  const { filter, order: typed, unknown, hidden } = parseFilter(text, now)
  const chosen = sort === undefined ? undefined : orderOf(sort.column, sort.descending)
  const order = chosen ?? typed ?? 'newest'
  // That order is one of runs that are under way.
  const states = order === 'longest' ? (filter.states ?? longestStates) : filter.states
  return {
    query: { ...filter, ...(states === undefined ? {} : { states }), order },
    unknown: unknown.map(({ message }) => message),
    hidden,
  }
}

function orderOf(column: string, descending: boolean): RunOrder {
  if (column === 'in state') return 'longest'
  return descending ? 'newest' : 'oldest'
}

/** Reads for a place, going on from what is known of it. */
export async function loadRuns(
  inspector: Reads,
  request: Pick<ReadRequest, 'filter' | 'sort' | 'wanted' | 'row' | 'now'>,
  before: RunsData | undefined,
): Promise<RunsData> {
  const { query, unknown, hidden } = queryOf(request)
  const base = { filter: request.filter, unknown, order: query.order, hidden }
  if (unknown.length > 0) return { ...base, pages: [], newer: 0, looked: 0, isPartial: false }
  const stands = request.row !== undefined && before !== undefined
  const begun = stands
    ? await refreshed(inspector, query, request.row ?? '', before)
    : await fromTop(inspector, query, before)
  return { ...base, ...(await extended(inspector, query, { wanted: request.wanted, hidden }, begun)) }
}

type Begun = Pick<RunsData, 'pages' | 'newer' | 'looked'>

/** L1. A search that has found too little continues from its position, instead of starting over. */
async function fromTop(
  inspector: Reads,
  query: Omit<RunQuery, 'limit'>,
  before: RunsData | undefined,
): Promise<Begun> {
  if (before?.isPartial) return { ...before, newer: 0 }
  const page = await readPage(inspector, query, undefined)
  return { pages: [page.page], newer: 0, looked: page.looked }
}

/** L2, L3. */
async function refreshed(
  inspector: Reads,
  query: Omit<RunQuery, 'limit'>,
  row: string,
  before: RunsData,
): Promise<Begun> {
  const top = await readPage(inspector, query, undefined)
  const known = new Set(before.pages.flatMap(({ runs }) => runs.map(({ id }) => id)))
  const firstKnown = top.page.runs.findIndex(({ id }) => known.has(id))
  const newer = firstKnown === -1 ? top.page.runs.length : firstKnown
  const at = before.pages.findIndex(({ runs }) => runs.some(({ id }) => id === row))
  const from = before.pages[at]?.from
  const again = from === undefined ? undefined : (await readPage(inspector, query, from)).page
  const pages = before.pages.map((page, i) => (i === at && again !== undefined ? again : page))
  const fresh = new Map(top.page.runs.map((run) => [run.id, run]))
  await lookUp(inspector, pages[0], row, fresh)
  const updated = pages.map((page) => ({
    ...page,
    runs: page.runs.flatMap((run) => fresh.get(run.id) ?? run),
  }))
  return { pages: updated, newer, looked: before.looked }
}

/** Adds to `fresh` what runs of the first page are now that the newest page no longer tells of. */
async function lookUp(
  inspector: Reads,
  page: ListPage | undefined,
  row: string,
  fresh: Map<string, Run>,
): Promise<void> {
  const runs = page?.runs ?? []
  const at = runs.findIndex(({ id }) => id === row)
  if (at === -1) return
  const near = runs.slice(Math.max(0, at - maxLookups / 2), at + maxLookups / 2)
  const missing = near.filter(({ id, state }) => !fresh.has(id) && !isEnd(state))
  const found = await Promise.all(missing.map(({ id }) => inspector.run(id)))
  for (const run of found) if (run !== undefined) fresh.set(run.id, withoutInput(run))
}

function withoutInput(run: Run & { readonly input: Uint8Array }): Run {
  const { input: _, ...shown } = run
  return shown as Run
}

/** Reads on from the last page until so many runs are there, the list ends, or the calls are used up. */
async function extended(
  inspector: Reads,
  query: Omit<RunQuery, 'limit'>,
  { wanted, hidden }: { readonly wanted: number; readonly hidden: readonly HiddenRuns[] },
  begun: Begun,
): Promise<Pick<RunsData, 'pages' | 'newer' | 'looked' | 'isPartial'>> {
  const pages = [...begun.pages]
  let { looked } = begun
  const enough = Math.min(wanted, maxRuns)
  const count = (): number => pages.reduce((sum, { runs }) => sum + shownOf(runs, hidden).length, 0)
  for (let calls = 0; calls < maxCalls; calls++) {
    const next = pages.at(-1)?.next
    if (next === undefined || count() >= enough) break
    const { page, looked: more } = await readPage(inspector, query, next)
    looked += more
    pages.push(page)
  }
  const isPartial = pages.at(-1)?.next !== undefined && count() < enough
  return { pages: withoutEmpty(pages), newer: begun.newer, looked, isPartial }
}

/** Those that the list shows. */
export function shownOf(runs: readonly Run[], hidden: readonly HiddenRuns[] = []): readonly Run[] {
  return hidden.length === 0 ? runs : runs.filter((run) => !isHidden(run, hidden))
}

/** Pages of a search without results only have the position to continue from. */
function withoutEmpty(pages: readonly ListPage[]): readonly ListPage[] {
  return pages.filter(({ runs }, i) => runs.length > 0 || i === pages.length - 1)
}

async function readPage(
  inspector: Reads,
  query: Omit<RunQuery, 'limit'>,
  from: string | undefined,
): Promise<{ readonly page: ListPage; readonly looked: number }> {
  const { runs, cursor, looked } = await inspector.runs({
    ...query,
    limit: pageRuns,
    ...(from === undefined ? {} : { cursor: from }),
  })
  const page = {
    runs,
    ...(from === undefined ? {} : { from }),
    ...(cursor === undefined ? {} : { next: cursor }),
  }
  return { page, looked }
}
