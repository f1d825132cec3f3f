import { describe, expect, test } from 'vitest'
import type { Run } from '../../runtime/model/run.ts'
import type { LimiterInfo, LimiterKeyInfo, LinePlace } from '../../runtime/store/limiters.ts'
import type { Inspector } from '../../runtime/store/store.ts'
import { spansText } from '../../tui/kit/span.ts'
import { limiterDetail } from '../../tui/screens/limits/detail.ts'
import { limitsLayout } from '../../tui/screens/limits/layout.ts'
import { type LimitsData, loadLimits } from '../../tui/screens/limits/limits-data.ts'
import { currentKey, currentLimiter, keyRows, limiterRows } from '../../tui/screens/limits/rows.ts'
import { minuteMs, now } from '../unit/attention/given.ts'
import { fleetOf, runOf, screenInput } from './support/given.ts'

const target = { screen: 'limits' } as const

function limiter(name: string, over: Partial<LimiterInfo> = {}): LimiterInfo {
  return { name, rule: { kind: 'concurrency', max: 2, everyMs: 0, refill: 0 }, keys: 1, waiting: 0, ...over }
}

function keyOf(limiterName: string, key: string, over: Partial<LimiterKeyInfo> = {}): LimiterKeyInfo {
  return { limiter: limiterName, key, used: 1, max: 2, waiting: 0, ...over }
}

function waits(id: string, name: string, over: Partial<Run> = {}): Run {
  return runOf(id, { state: 'waiting', waitingFor: { kind: 'limit', name }, ...over } as Partial<Run>)
}

function dataOf(over: Partial<LimitsData> = {}): LimitsData {
  return { limiters: [], keys: new Map(), waiting: [], isWhole: true, places: [], isPartial: false, ...over }
}

const place: LinePlace = {
  ...keyOf('tenant', 'ana', { used: 2, waiting: 3 }),
  path: '',
  ahead: 0,
  holders: ['h1', 'h2'],
}

describe('rows', () => {
  test('stand by the length of the waitlist, then closed and full ones', () => {
    const keys = new Map([
      ['full', [keyOf('full', '', { used: 2 })]],
      ['closed', [keyOf('closed', '', { used: 0, closedMs: 5_000 })]],
    ])
    const limiters = [limiter('open'), limiter('full'), limiter('closed'), limiter('waited', { waiting: 4 })]
    const rows = limiterRows(screenInput({ target, data: dataOf({ limiters, keys }) }))
    expect(rows.map(({ id }) => id)).toEqual(['waited', 'closed', 'full', 'open'])
  })

  test('know the fullest key, since when the first waits, and a pause that only the overview tells of', () => {
    const keys = new Map([['tenant', [keyOf('tenant', 'ana'), keyOf('tenant', 'ben', { used: 2 })]]])
    const waiting = [
      waits('a', 'tenant', { changedAt: now - minuteMs }),
      waits('b', 'other', { changedAt: now - 9 * minuteMs }),
    ]
    const fleet = fleetOf({ limiters: [{ ...limiter('tenant'), closedMs: 7_000 }] })
    const [row] = limiterRows(
      screenInput({ target, fleet, data: dataOf({ limiters: [limiter('tenant')], keys, waiting }) }),
    )
    expect([row?.fullest?.key, row?.oldestMs, row?.closedMs]).toEqual(['ben', minuteMs, 7_000])
  })

  test('open the waiting runs, of one job where only that waits and all were inspected', () => {
    const waiting = [waits('a', 'tenant', { job: 'sync' }), waits('b', 'other', { job: 'load' })]
    const opened = (isWhole: boolean) =>
      limiterRows(
        screenInput({ target, data: dataOf({ limiters: [limiter('tenant')], waiting, isWhole }) }),
      )[0]?.target
    expect(opened(true)).toEqual({ screen: 'runs', filter: 'state:waiting job:sync' })
    expect(opened(false)).toEqual({ screen: 'runs', filter: 'state:waiting' })
  })

  test('lead to who holds, who waits, and their queues', () => {
    const places = [{ run: waits('w1', 'tenant', { queue: 'sync' }), place }]
    const [row] = limiterRows(
      screenInput({ target, data: dataOf({ limiters: [limiter('tenant')], places }) }),
    )
    expect(row?.jumps?.map((jump) => jump.target)).toEqual([
      { screen: 'run', subject: 'h1' },
      { screen: 'run', subject: 'h2' },
      { screen: 'run', subject: 'w1' },
      { screen: 'queues', row: 'sync' },
    ])
  })

  test('are filtered by kind, state and who set them', () => {
    const byHand = { by: 'ben', at: now, code: limiter('x').rule }
    const limiters = [limiter('a', { byHand }), limiter('b')]
    const keys = new Map([['b', [keyOf('b', '', { used: 2 })]]])
    const ids = (filter: string) =>
      limiterRows(screenInput({ target: { ...target, filter }, data: dataOf({ limiters, keys }) })).map(
        ({ id }) => id,
      )
    expect([ids('full'), ids('set by ben'), ids('concurrency')]).toEqual([['b'], ['a'], ['b', 'a']])
  })

  test('of keys are those of the limiter under the cursor; another limiter begins with its first', () => {
    const keys = new Map([
      ['a', [keyOf('a', 'x'), keyOf('a', 'y')]],
      ['b', [keyOf('b', 'z')]],
    ])
    const limiters = [limiter('a', { waiting: 2 }), limiter('b')]
    const input = screenInput({ target: { ...target, row: 'b' }, data: dataOf({ limiters, keys }) })
    expect(currentLimiter(input)?.id).toBe('b')
    expect(keyRows(input).map(({ id, thing }) => [id, thing])).toEqual([
      ['b\0z', { kind: 'limiter', id: 'b', key: 'z' }],
    ])
    expect(currentKey(input)?.key.key).toBe('z')
  })
})

describe('what is said of a limiter', () => {
  function textOf(data: LimitsData): string {
    const props = { ...screenInput({ target, size: { columns: 160, rows: 45 }, data }), windows: {} }
    const [row] = limiterRows(props)
    if (row === undefined) throw new Error('no row')
    const lines = limiterDetail(row, currentKey(props), props)
    // Sentences are wrapped.
    return lines.map((line) => line.map(({ text }) => text).join('')).join('')
  }

  const keys = new Map([['tenant', [place]]])

  test('is who holds the key, and who waits for how long', () => {
    const places = [{ run: waits('w1', 'tenant', { job: 'sync' }), place }]
    const text = textOf(
      dataOf({ limiters: [limiter('tenant', { waiting: 3 })], keys, places, current: 'tenant' }),
    )
    expect(text).toContain(
      "limiter 'tenant' of key 'ana': 2 of 2 in use, held by runs h1, h2; it is first on the waitlist.",
    )
    expect(text).toContain('w1 sync for 1m0s  0 ahead')
  })

  test('is who set its numbers, and what the code says', () => {
    const byHand = { by: 'ben', reason: 'slow', at: now - minuteMs, code: { ...limiter('x').rule, max: 10 } }
    const text = textOf(dataOf({ limiters: [limiter('tenant', { byHand })], keys, current: 'tenant' }))
    expect(text).toContain('by ben: slow; the code says max 10 (1m0s ago)')
  })

  test('is who set its numbers in as many lines as that takes', () => {
    const byHand = { by: 'ben', reason: 'slow '.repeat(20), at: now, code: limiter('x').rule }
    const data = dataOf({ limiters: [limiter('tenant', { byHand })], keys, current: 'tenant' })
    const props = { ...screenInput({ target, data }), windows: {} }
    const [row] = limiterRows(props)
    const lines = row === undefined ? [] : limiterDetail(row, undefined, props).map(spansText)
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80)
    expect(lines.join('')).toContain('the code says max 2')
  })

  test('is that nobody waits, or that those who do are not among the inspected', () => {
    const quiet = textOf(dataOf({ limiters: [limiter('tenant')], keys: new Map(), current: 'tenant' }))
    expect(quiet).toContain('no run waits')
    const hidden = textOf(dataOf({ limiters: [limiter('tenant', { waiting: 3 })], keys, current: 'tenant' }))
    expect(hidden).toContain('3 wait, none of them among the runs that have waited for the longest')
    const few = new Map([['tenant', [keyOf('tenant', 'ana', { used: 2, waiting: 1 })]]])
    const one = textOf(
      dataOf({ limiters: [limiter('tenant', { waiting: 1 })], keys: few, current: 'tenant' }),
    )
    expect(one).toContain('1 waits, and is not among the runs that have waited for the longest')
  })
})

test.each([80, 120, 140, 160].flatMap((columns) => [10, 20, 26, 41].map((rows) => ({ columns, rows }))))(
  'the layout fills $columns x $rows',
  (size) => {
    const { place: shown } = screenInput({ target })
    const layout = limitsLayout({ size, place: shown })
    const below = layout.isWide ? layout.keysHeight : layout.keysHeight + layout.textHeight
    expect(layout.paneHeight + below).toBe(size.rows)
    expect(layout.isWide ? layout.keysWidth + 1 + layout.textWidth : layout.keysWidth).toBe(size.columns)
  },
)

describe('reads', () => {
  function reads() {
    const calls: string[] = []
    const inspector = {
      limiters: async () => {
        calls.push('limiters')
        return [limiter('a', { waiting: 1 }), limiter('unused', { keys: 0 }), limiter('b')]
      },
      limiterKeys: async (name: string, limit: number) => {
        calls.push(`${limit} keys of ${name}`)
        return [keyOf(name, '')]
      },
      runs: async () => ({ runs: [waits('w1', 'a'), waits('w2', 'b')], looked: 2 }),
      linePlaces: async (run: string) => {
        calls.push(`places of ${run}`)
        return [
          { ...place, limiter: 'a' },
          { ...place, limiter: 'other' },
        ]
      },
    } as unknown as Inspector
    return { calls, inspector }
  }

  test('a few keys of those in use; more, and where its runs wait, of the one under the cursor', async () => {
    const { calls, inspector } = reads()
    const data = await loadLimits(inspector, { current: 'a\0key' }, undefined)
    expect(calls).toEqual(['limiters', '3 keys of a', '3 keys of b', '50 keys of a', 'places of w1'])
    expect(data.places.map(({ run, place: { limiter: name } }) => [run.id, name])).toEqual([['w1', 'a']])
  })

  test('a cursor that has moved reads no list', async () => {
    const { calls, inspector } = reads()
    const first = await loadLimits(inspector, { current: 'a' }, undefined)
    calls.length = 0
    expect((await loadLimits(inspector, { current: 'b' }, first)).current).toBe('b')
    expect(calls).toEqual(['50 keys of b', 'places of w2'])
  })

  test('once more after the first one, which knew of no row; not again and again where no row matches the filter', async () => {
    const { inspector } = reads()
    const first = await loadLimits(inspector, {}, undefined)
    expect(first.isPartial).toBe(true)
    expect((await loadLimits(inspector, {}, first)).isPartial).toBe(false)
    expect((await loadLimits(inspector, { current: 'a' }, undefined)).isPartial).toBe(false)
  })
})
