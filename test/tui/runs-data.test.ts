import { describe, expect, test } from 'vitest'
import type { Run } from '../../runtime/model/run.ts'
import type { RunPage, RunQuery } from '../../runtime/store/run-filter.ts'
import type { Inspector } from '../../runtime/store/store.ts'
import { runRows } from '../../tui/screens/runs/rows.ts'
import { loadRuns, type RunsData } from '../../tui/screens/runs/runs-data.ts'
import { runOf, screenInput } from './support/given.ts'

/** A list of runs, newest first, with cursors that are positions behind a run. */
class FakeRuns implements Pick<Inspector, 'runs' | 'run'> {
  runList: Run[]
  /** How many runs one call inspects at most. */
  readonly inspected: number
  readonly queries: RunQuery[] = []

  constructor(count: number, inspected = 1_000) {
    this.runList = Array.from({ length: count }, (_, i) => runOf(`run-${count - i}`, { attempt: count - i }))
    this.inspected = inspected
  }

  add(count: number): void {
    const newest = this.runList[0]?.attempt ?? 0
    for (let i = 1; i <= count; i++) this.runList.unshift(runOf(`run-${newest + i}`, { attempt: newest + i }))
  }

  remove(id: string): void {
    this.runList = this.runList.filter((run) => run.id !== id)
  }

  async runs(query: RunQuery): Promise<RunPage> {
    this.queries.push(query)
    const below = query.cursor === undefined ? Number.POSITIVE_INFINITY : Number(query.cursor)
    const rest = this.runList.filter(({ attempt }) => attempt < below).slice(0, this.inspected)
    const { text } = query
    const matching = rest.filter(({ job }) => text === undefined || job.includes(text))
    const runs = matching.slice(0, query.limit)
    const last = runs.length === query.limit ? runs.at(-1) : rest.at(-1)
    const isLast = last === undefined || last.id === this.runList.at(-1)?.id
    return { runs, looked: rest.length, ...(isLast ? {} : { cursor: String(last.attempt) }) }
  }

  async run(id: string): Promise<(Run & { input: Uint8Array }) | undefined> {
    const run = this.runList.find((one) => one.id === id)
    return run === undefined ? undefined : { ...run, input: new Uint8Array() }
  }
}

const now = 1_000_000_000
const atTop = { filter: '', wanted: 100, now } as const

function ids({ pages }: RunsData): readonly string[] {
  return pages.flatMap(({ runs }) => runs.map(({ id }) => id))
}

test('on the first row the list always shows the newest runs', async () => {
  const store = new FakeRuns(250)
  const first = await loadRuns(store, atTop, undefined)
  expect(ids(first)).toHaveLength(100)
  store.add(3)
  const second = await loadRuns(store, atTop, first)
  expect(ids(second)[0]).toBe('run-253')
  expect(second.newer).toBe(0)
})

describe('off the first row', () => {
  test('the list does not move, and counts newer runs', async () => {
    const store = new FakeRuns(250)
    const first = await loadRuns(store, atTop, undefined)
    store.add(37)
    const second = await loadRuns(store, { ...atTop, row: 'run-240' }, first)
    expect(ids(second)).toEqual(ids(first))
    expect(second.newer).toBe(37)
  })

  test('known runs have their current state, even those beyond the newest page', async () => {
    const store = new FakeRuns(250)
    const first = await loadRuns(store, atTop, undefined)
    store.add(150)
    store.runList = store.runList.map((run) =>
      run.id === 'run-240' ? runOf('run-240', { state: 'running', worker: 'w', attempt: 240 }) : run,
    )
    const second = await loadRuns(store, { ...atTop, row: 'run-240' }, first)
    expect(ids(second)).toEqual(ids(first))
    expect(second.newer).toBe(100)
    const run = second.pages[0]?.runs.find(({ id }) => id === 'run-240')
    expect(run?.state).toBe('running')
    expect(run).not.toHaveProperty('input')
  })

  test('pages follow each other without a gap or a repeat', async () => {
    const store = new FakeRuns(450)
    const first = await loadRuns(store, atTop, undefined)
    store.add(20)
    const second = await loadRuns(store, { ...atTop, row: 'run-360', wanted: 300 }, first)
    expect(ids(second)).toEqual(Array.from({ length: 300 }, (_, i) => `run-${450 - i}`))
  })

  test('a run that no longer matches the filter leaves the page under the cursor', async () => {
    const store = new FakeRuns(450)
    const first = await loadRuns(store, { ...atTop, wanted: 300 }, undefined)
    store.remove('run-300')
    const second = await loadRuns(store, { ...atTop, row: 'run-299', wanted: 300 }, first)
    expect(ids(second)).not.toContain('run-300')
    expect(ids(second)).toContain('run-299')
  })
})

describe('a search with few matches', () => {
  test('makes few calls at a time, reports its progress, and continues', async () => {
    const store = new FakeRuns(10_000)
    store.runList = store.runList.map((run) => (run.attempt === 7 ? { ...run, job: 'rare' } : run))
    let data = await loadRuns(store, { ...atTop, filter: 'rare' }, undefined)
    expect(store.queries.length).toBeLessThanOrEqual(5)
    expect(data).toMatchObject({ isPartial: true, looked: 5_000 })
    for (let i = 0; i < 10 && data.isPartial; i++)
      data = await loadRuns(store, { ...atTop, filter: 'rare' }, data)
    expect(ids(data)).toEqual(['run-7'])
    expect(data).toMatchObject({ isPartial: false, looked: 10_000 })
  })

  test('retains no empty pages', async () => {
    const data = await loadRuns(new FakeRuns(10_000), { ...atTop, filter: 'rare' }, undefined)
    expect(data.pages).toHaveLength(1)
  })
})

test('an invalid filter does not query the store', async () => {
  const store = new FakeRuns(10)
  const data = await loadRuns(store, { ...atTop, filter: 'state:faild' }, undefined)
  expect(store.queries).toEqual([])
  expect(data.unknown).toEqual([expect.stringContaining("'faild'")])
})

test('sorting by time in state covers only runs in progress', async () => {
  const store = new FakeRuns(10)
  const sort = { column: 'in state', descending: true }
  await loadRuns(store, { ...atTop, sort }, undefined)
  await loadRuns(store, { ...atTop, filter: 'state:waiting', sort }, undefined)
  expect(store.queries.map(({ order, states }) => [order, states])).toEqual([
    ['longest', ['ready', 'waiting', 'running', 'cancelling']],
    ['longest', ['waiting']],
  ])
})

test('an age is relative to the time of the read', async () => {
  const store = new FakeRuns(10)
  await loadRuns(store, { ...atTop, filter: 'age<1h' }, undefined)
  expect(store.queries[0]?.since).toBe(now - 3_600_000)
})

test('hidden runs don’t count as found', async () => {
  const store = new FakeRuns(450)
  store.runList = store.runList.map((run) => (run.attempt % 2 === 0 ? { ...run, job: 'mail' } : run))
  const data = await loadRuns(store, { ...atTop, filter: '!job:mail' }, undefined)
  expect(ids(data)).toHaveLength(200)
  const input = screenInput<RunsData>({ target: { screen: 'runs', filter: '!job:mail' }, data })
  expect(runRows(input).map(({ run }) => run.job)).toEqual(Array.from({ length: 100 }, () => 'pay'))
})
