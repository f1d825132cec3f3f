import { describe, expect, test } from 'vitest'
import type { Run } from '../../runtime/model/run.ts'
import type { LimiterInfo, LimiterKeyInfo } from '../../runtime/store/limiters.ts'
import type { Inspector } from '../../runtime/store/store.ts'
import type { LimitHolder, LimitKeyQuery, LimitWaiter } from '../../runtime/store/waitlist.ts'
import { inputOf, requestOf } from '../../tui/app/shown.ts'
import { spansText } from '../../tui/kit/span.ts'
import { limiterLines } from '../../tui/screens/limits/detail.ts'
import { limitsLayout, linesAbove, userLines } from '../../tui/screens/limits/layout.ts'
import { type KeyUsers, type LimitsData, loadLimits } from '../../tui/screens/limits/limits-data.ts'
import { currentLimiter, keyRows, limiterRows } from '../../tui/screens/limits/rows.ts'
import { limits } from '../../tui/screens/limits/screen.ts'
import { userRows } from '../../tui/screens/limits/user-rows.ts'
import type { ScreenInput } from '../../tui/screens/screen.ts'
import { screens } from '../../tui/screens/screens.ts'
import { minuteMs, now } from '../support/snapshot.ts'
import { fleetOf, pressed, runOf, screenInput, stateOf } from './support/given.ts'

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
  return { limiters: [], keys: new Map(), oldest: new Map(), isWhole: true, isPartial: false, ...over }
}

function holder(run: string, over: Partial<LimitHolder> = {}): LimitHolder {
  return { run, job: 'sync', queue: 'sync', state: 'running', path: '', held: 1, worker: 'w1', ...over }
}

function waiter(run: string, position: number, over: Partial<LimitWaiter> = {}): LimitWaiter {
  const base = { job: 'sync', queue: 'sync', state: 'waiting', path: '', priority: 0, aged: false } as const
  return { ...base, run, position, since: now - minuteMs, ...over }
}

function usersOf(over: Partial<KeyUsers> = {}): KeyUsers {
  const users = { holders: [holder('h1'), holder('h2')], waiters: [waiter('w1', 1)], isCut: false }
  return { limiter: 'tenant', key: 'ana', ...users, ...over }
}

describe('rows', () => {
  test('are sorted by the length of the waitlist, then closed and full limiters', () => {
    const keys = new Map([
      ['full', [keyOf('full', '', { used: 2 })]],
      ['closed', [keyOf('closed', '', { used: 0, closedMs: 5_000 })]],
    ])
    const limiters = [limiter('open'), limiter('full'), limiter('closed'), limiter('waited', { waiting: 4 })]
    const rows = limiterRows(screenInput({ target, data: dataOf({ limiters, keys }) }))
    expect(rows.map(({ id }) => id)).toEqual(['waited', 'closed', 'full', 'open'])
  })

  test('have the fullest key, the wait of the first run, and a pause that only the overview reports', () => {
    const keys = new Map([['tenant', [keyOf('tenant', 'ana'), keyOf('tenant', 'ben', { used: 2 })]]])
    const oldest = new Map([
      ['tenant', now - minuteMs],
      ['other', now - 9 * minuteMs],
    ])
    const fleet = fleetOf({ limiters: [{ ...limiter('tenant'), closedMs: 7_000 }] })
    const [row] = limiterRows(
      screenInput({ target, fleet, data: dataOf({ limiters: [limiter('tenant')], keys, oldest }) }),
    )
    expect([row?.fullest?.key, row?.oldestMs, row?.closedMs]).toEqual(['ben', minuteMs, 7_000])
  })

  test('open the runs that wait for the limiter; rows of keys open the runs that wait for the key', () => {
    const keys = new Map([['tenant', [keyOf('tenant', 'ana'), keyOf('tenant', '')]]])
    const input = screenInput({ target, data: dataOf({ limiters: [limiter('tenant')], keys }) })
    expect(limiterRows(input)[0]?.target).toEqual({ screen: 'runs', filter: 'limiter:tenant' })
    expect(keyRows(input).map((row) => row.target?.filter)).toEqual([
      'limiter:tenant key:ana',
      'limiter:tenant key:""',
    ])
  })

  test('link to the holders, the waiters and their queues', () => {
    const data = dataOf({ limiters: [limiter('tenant')], current: 'tenant', users: usersOf() })
    const [row] = limiterRows(screenInput({ target, data }))
    expect(row?.jumps?.map((jump) => jump.target)).toEqual([
      { screen: 'run', subject: 'h1' },
      { screen: 'run', subject: 'h2' },
      { screen: 'run', subject: 'w1' },
      { screen: 'queues', row: 'sync' },
    ])
  })

  test('of the users of a key are its holders, then its waiters in order; enter opens the run', () => {
    const data = dataOf({ limiters: [limiter('tenant')], current: 'tenant', users: usersOf() })
    const rows = userRows(screenInput({ target, data }))
    expect(rows.map(({ kind, user }) => [kind, user.run])).toEqual([
      ['holder', 'h1'],
      ['holder', 'h2'],
      ['waiter', 'w1'],
    ])
    expect(rows[2]).toMatchObject({
      target: { screen: 'run', subject: 'w1' },
      thing: { kind: 'run', id: 'w1', job: 'sync', state: 'waiting' },
    })
    expect(rows[0]?.jumps?.map((jump) => jump.target)).toEqual([
      { screen: 'workers', row: 'w1' },
      { screen: 'queues', row: 'sync' },
    ])
    const other = dataOf({ limiters: [limiter('other')], current: 'other', users: usersOf() })
    expect(userRows(screenInput({ target, data: other }))).toEqual([])
  })

  test('are filtered by kind, state and operator', () => {
    const byHand = { by: 'ben', at: now, code: limiter('x').rule }
    const limiters = [limiter('a', { byHand }), limiter('b')]
    const keys = new Map([['b', [keyOf('b', '', { used: 2 })]]])
    const ids = (filter: string) =>
      limiterRows(screenInput({ target: { ...target, filter }, data: dataOf({ limiters, keys }) })).map(
        ({ id }) => id,
      )
    expect([ids('full'), ids('set by ben'), ids('concurrency')]).toEqual([['b'], ['a'], ['b', 'a']])
  })

  test('of keys belong to the limiter under the cursor; another limiter starts with its first key', () => {
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
  })
})

describe('the description of a limiter', () => {
  function textOf(over: Partial<LimiterInfo>, closedMs?: number, width = 200): string {
    const keys = new Map([['tenant', [keyOf('tenant', '', closedMs === undefined ? {} : { closedMs })]]])
    const [row] = limiterRows(
      screenInput({ target, data: dataOf({ limiters: [limiter('tenant', over)], keys }) }),
    )
    if (row === undefined) throw new Error('no row')
    return limiterLines(row, now, width).map(spansText).join('\n')
  }

  test('has its rule, the operator who set its numbers, and the numbers in the code', () => {
    expect(textOf({})).toBe(' rule      concurrency, max 2')
    const byHand = { by: 'ben', reason: 'slow', at: now - minuteMs, code: { ...limiter('x').rule, max: 10 } }
    expect(textOf({ byHand })).toContain('by ben: slow; the code says max 10 (1m0s ago)')
  })

  test('wraps the operator and the reason into as many lines as needed', () => {
    const byHand = { by: 'ben', reason: 'slow '.repeat(20), at: now, code: limiter('x').rule }
    const lines = textOf({ byHand }, undefined, 80).split('\n')
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80)
    expect(lines.join(' ').replace(/ +/g, ' ')).toContain('the code says max 2')
  })

  test('starts with a pause that a provider requested', () => {
    expect(textOf({}, 40_000)).toMatch(/^ closed {4}a provider requested a pause until .* \(40\.0s\)\n rule /)
  })
})

describe('unique keys', () => {
  const held = (job: string, key: string, run: string) =>
    ({ job, key, run, until: 'finished', state: 'running', enqueuedAt: now - minuteMs }) as const
  const data = dataOf({ unique: { keys: [held('b', 'x', 'r1'), held('a', 'y', 'r2')], isCut: false } })

  test('are listed by K, by job and key, and open the run that holds them', () => {
    const shown = pressed(stateOf({ target }), 'K')
    expect(requestOf(shown, screens).own).toEqual({ unique: true })
    const input = { ...inputOf(shown), data } as ScreenInput<LimitsData>
    for (const pane of limits.panes) {
      expect(limits.rows(input, pane).map((row) => row.target)).toEqual([
        { screen: 'run', subject: 'r2' },
        { screen: 'run', subject: 'r1' },
      ])
      expect(limits.height(input, pane)).toBe(input.size.rows - 2)
    }
    expect(limits.json(input)).toEqual({ unique: data.unique })
    expect(requestOf(pressed(shown, 'K'), screens).own).toEqual({})
  })

  test('are read in pages, only as far as the list is scrolled, without other data', async () => {
    const asked: unknown[] = []
    const inspector = {
      heldKeys: async (query: { cursor?: string }) => {
        asked.push(query)
        const first = query.cursor === undefined
        return { keys: [held('a', first ? 'x' : 'y', 'r')], ...(first ? { cursor: 'c' } : {}) }
      },
    } as unknown as Inspector
    const found = await loadLimits(inspector, { wanted: 100, own: { unique: true } }, undefined)
    expect(asked).toEqual([{ limit: 100 }, { limit: 100, cursor: 'c' }])
    expect(found.unique).toMatchObject({ keys: [{ key: 'x' }, { key: 'y' }], isCut: false })
    const one = await loadLimits(inspector, { wanted: 1, own: { unique: true } }, undefined)
    expect(one.unique).toMatchObject({ keys: [{ key: 'x' }], isCut: true })
  })
})

test.each([80, 120, 140, 160].flatMap((columns) => [10, 20, 26, 41].map((rows) => ({ columns, rows }))))(
  'the layout fills $columns x $rows',
  (size) => {
    const { place: shown } = screenInput({ target })
    const layout = limitsLayout({ size, place: shown })
    const below = layout.isWide ? layout.keysHeight : layout.keysHeight + layout.usersHeight
    expect(layout.paneHeight + below).toBe(size.rows)
    expect(layout.isWide ? layout.keysWidth + 1 + layout.usersWidth : layout.keysWidth).toBe(size.columns)
  },
)

test.each([20, 41])(
  '%i lines have room for the users of a key, however long the description of the limiter',
  (rows) => {
    const byHand = { by: 'ben', at: now, code: limiter('x').rule }
    const keys = new Map([['tenant', [keyOf('tenant', '', { closedMs: 40_000 })]]])
    const data = dataOf({ limiters: [limiter('tenant', { byHand })], keys })
    const input = screenInput({ target, size: { columns: 80, rows: rows + 4 }, data })
    const { usersHeight } = limitsLayout(input)
    expect(userLines(input)).toBeGreaterThanOrEqual(2)
    expect(userLines(input) + linesAbove(input).length + 2).toBe(usersHeight)
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
      runs: async () => ({
        runs: [
          waits('w1', 'a'),
          waits('w2', 'a', { changedAt: now - 5 * minuteMs }),
          waits('w3', 'b'),
          runOf('ready'),
        ],
        looked: 4,
      }),
      limitHolders: async ({ limiter: name, key }: LimitKeyQuery) => {
        calls.push(`holders of ${name}/${key}`)
        return { holders: [holder('h1')] }
      },
      waitlist: async ({ limiter: name, key, limit }: LimitKeyQuery) => {
        calls.push(`${limit} waiters of ${name}/${key}`)
        return { waiters: [waiter('w1', 1)], cursor: 'more' }
      },
    } as unknown as Inspector
    return { calls, inspector }
  }

  test('a few keys of each limiter; more keys, and the users of the key, of the one under the cursor', async () => {
    const { calls, inspector } = reads()
    const data = await loadLimits(inspector, { current: 'a\0key' }, undefined)
    expect(calls).toEqual([
      ...['limiters', '3 keys of a', '3 keys of b', '50 keys of a'],
      ...['holders of a/key', '50 waiters of a/key'],
    ])
    expect(data.users).toMatchObject({ limiter: 'a', key: 'key', holders: [{ run: 'h1' }], isCut: true })
  })

  test('the wait of the first run, by limiter', async () => {
    const { oldest } = await loadLimits(reads().inspector, {}, undefined)
    expect([...oldest]).toEqual([
      ['a', now - 5 * minuteMs],
      ['b', now - minuteMs],
    ])
  })

  test('no list when the cursor has moved to another limiter or key', async () => {
    const { calls, inspector } = reads()
    const first = await loadLimits(inspector, { current: 'a' }, undefined)
    calls.length = 0
    const second = await loadLimits(inspector, { current: 'b' }, first)
    expect(second.current).toBe('b')
    expect(calls).toEqual(['50 keys of b', 'holders of b/', '50 waiters of b/'])
    calls.length = 0
    await loadLimits(inspector, { current: 'b\0other' }, second)
    expect(calls).toEqual(['50 keys of b', 'holders of b/other', '50 waiters of b/other'])
  })

  test('nothing when the cursor has moved among the users of a key; the next read is for the same key', async () => {
    const { calls, inspector } = reads()
    const first = await loadLimits(inspector, { current: 'a\0key\0holds\0h1\0' }, undefined)
    calls.length = 0
    const moved = await loadLimits(inspector, { current: 'a\0key\0waits\0w1\0' }, first)
    expect([calls, moved.users]).toEqual([[], first.users])
    await loadLimits(inspector, { current: 'a\0key\0waits\0w1\0' }, moved)
    expect(calls).toContain('50 waiters of a/key')
    // Its list is empty now.
    calls.length = 0
    await loadLimits(inspector, {}, moved)
    expect(calls).toContain('50 waiters of a/key')
  })

  test('once more after the first read, which has no row under the cursor; not repeatedly if no row matches the filter', async () => {
    const { inspector } = reads()
    const first = await loadLimits(inspector, {}, undefined)
    expect(first.isPartial).toBe(true)
    expect((await loadLimits(inspector, {}, first)).isPartial).toBe(false)
    expect((await loadLimits(inspector, { current: 'a' }, undefined)).isPartial).toBe(false)
  })
})
