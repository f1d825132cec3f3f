import { describe, expect, test } from 'vitest'
import type { Run, RunState } from '../../../runtime/model/run.ts'
import type { RunQuery } from '../../../runtime/store/run-filter.ts'
import { planRuns, type RunFacts } from '../../../runtime/store/run-plan.ts'
import {
  matchesRecord,
  parseRunQuery,
  type SearchStep,
  searchRuns,
} from '../../../runtime/store/run-search.ts'

const step = (over: Partial<SearchStep> = {}): SearchStep => ({
  looked: 200,
  runs: [],
  bytes: 0,
  position: { seq: 5, at: 0, fresh: 0 },
  ended: false,
  ...over,
})

describe('a search', () => {
  test('ends after a thousand runs, a full page, many bytes, or the last run', async () => {
    const search = parseRunQuery({ limit: 2 })
    const run = { id: 'a' } as Run
    const bounds: unknown[] = []
    const nothing = await searchRuns(search, (_, bound) => {
      bounds.push(bound)
      return step()
    })
    expect(nothing).toMatchObject({ runs: [], looked: 1_000, cursor: expect.any(String) })
    expect(bounds).toEqual([20, 40, 80, 160, 200].map((atMost) => ({ atMost, wanted: 2 })))
    expect(await searchRuns(search, () => step({ runs: [run] }))).toMatchObject({
      ...{ runs: [run, run], looked: 400, cursor: expect.any(String) },
    })
    const large = await searchRuns(search, () => step({ runs: [run], bytes: 9_000_000 }))
    expect(large).toMatchObject({ runs: [run], looked: 200, cursor: expect.any(String) })
    expect(await searchRuns(search, () => step({ looked: 3, ended: true }))).toEqual({ runs: [], looked: 3 })
  })

  test('for states that no run of the filter can have inspects none', async () => {
    for (const filter of [
      { fingerprint: 'f1:a', states: ['ready'] },
      { worker: 'w', fingerprint: 'f1:a' },
    ]) {
      const search = parseRunQuery({ ...filter, limit: 2 } as RunQuery)
      const page = await searchRuns(search, () => {
        throw new Error('inspected')
      })
      expect(page).toEqual({ runs: [], looked: 0 })
    }
  })

  test('continues at its cursor, even if its times have changed', async () => {
    const positions: unknown[] = []
    for (const order of ['newest', 'longest'] as const) {
      const query = { states: ['ready'], order, limit: 1, minAgeMs: 5 } as const
      const position = { seq: 70_000, at: 1_700_000_000_000, fresh: 12 }
      const { cursor = '' } = await searchRuns(parseRunQuery(query), () =>
        step({ runs: [{} as Run], position }),
      )
      positions.push(parseRunQuery({ ...query, minAgeMs: 9, since: 3, cursor }).from)
    }
    expect(positions).toEqual([
      { seq: 70_000, at: 0, fresh: 0 },
      { seq: 70_000, at: 1_700_000_000_000, fresh: 12 },
    ])
  })

  test('finds text in causes and inner errors', () => {
    const error = {
      name: 'StepFailedError',
      message: 'failed',
      cause: { name: 'AggregateError', message: '', errors: [{ name: 'E', message: 'Disk FULL' }] },
    }
    const run = { id: 'x', job: 'j', state: 'failed', error, tags: [] } as unknown as Run
    expect(matchesRecord(run, parseRunQuery({ text: 'disk full', limit: 1 }))).toBe(true)
    expect(matchesRecord(run, parseRunQuery({ text: 'disk empty', limit: 1 }))).toBe(false)
  })
})

describe('a plan', () => {
  function facts(over: Partial<RunFacts> = {}): RunFacts {
    const totals: Partial<Record<RunState, number>> = {
      ready: 50,
      completed: 90_000,
      failed: 4_000,
      running: 3,
    }
    return {
      total: (state) => totals[state] ?? 0,
      groups: (state) => (state === 'completed' ? [] : [{ queue: 'q', job: 'j', count: 7 }]),
      tagged: () => 0,
      inTime: () => undefined,
      ...over,
    }
  }
  const kinds = (query: Omit<RunQuery, 'limit'>, known: RunFacts = facts()): string[] =>
    planRuns(parseRunQuery({ ...query, limit: 1 }), known).map((source) =>
      'state' in source ? `${source.kind} ${source.state}` : source.kind,
    )

  test('reads the index with the fewest runs', () => {
    expect(kinds({})).toEqual(['held', 'ready', 'state completed', 'state failed'])
    // No completed run is of this job: the counters say so.
    expect(kinds({ job: 'j' })).toEqual(['held', 'ready', 'group failed'])
    expect(kinds({ job: 'j' }, facts({ groups: () => undefined }))).toContain('state completed')
    expect(kinds({ tag: 't', states: ['failed'] }, facts({ tagged: () => 3_999 }))).toEqual(['tag'])
    expect(kinds({ tag: 't', states: ['failed'] }, facts({ tagged: () => 4_001 }))).toEqual(['state failed'])
    const uncounted = (): number =>
      expect.fail('the runs of a tag were counted, though no other index could be smaller')
    expect(kinds({ tag: 't', text: 'x' }, facts({ tagged: uncounted }))).toEqual(['tag'])
    expect(kinds({ states: ['failed'], since: 1 }, facts({ inTime: () => 800 }))).toEqual(['time failed'])
    expect(kinds({ states: ['failed'], since: 1 }, facts({ inTime: () => 1_001 }))).toEqual(['state failed'])
    expect(kinds({ states: ['failed'], job: 'j', since: 1 }, facts({ inTime: () => 800 }))).toEqual([
      'group failed',
    ])
    expect(kinds({ fingerprint: 'f' })).toEqual(['fingerprint'])
    expect(kinds({ worker: 'w' })).toEqual(['held'])
  })

  test('reads a whole state rather than hundreds of groups', () => {
    const groups = Array.from({ length: 300 }, (_, i) => ({ queue: 'q', job: `j${i}`, count: 1 }))
    const known = facts({ groups: () => groups })
    expect(kinds({ queue: 'q', states: ['failed'] }, known)).toEqual(['state failed'])
  })
})
