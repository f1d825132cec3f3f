import { renderToString } from 'ink'
import { describe, expect, test } from 'vitest'
import { textWidth } from '../../runtime/cli/plain-text.ts'
import { CronTicks } from '../../runtime/model/cron.ts'
import type { Run } from '../../runtime/model/run.ts'
import type { AppState } from '../../tui/app/app-state.ts'
import type { ScreenName } from '../../tui/app/place.ts'
import { FrameView } from '../../tui/kit/app-view.tsx'
import { lookOf } from '../../tui/kit/look.ts'
import type { CronData } from '../../tui/screens/cron/cron-data.ts'
import type { LimitsData } from '../../tui/screens/limits/limits-data.ts'
import type { QueuesData } from '../../tui/screens/queues/queues-data.ts'
import type { Size } from '../../tui/screens/screen.ts'
import type { WorkersData } from '../../tui/screens/workers/workers-data.ts'
import { minuteMs, now, operation, queue, schedule, secondMs, snapshot, worker } from '../support/snapshot.ts'
import { deps, fleetOf, pressed, runOf, stateOf } from './support/given.ts'

/** Frames of the screens of queues, workers, cron and limits: the required content at every size, and no line too long. */

const sizes: readonly Size[] = [
  { columns: 80, rows: 24 },
  { columns: 120, rows: 30 },
  { columns: 160, rows: 45 },
]

const drain = { cause: 'signal', signal: 'SIGTERM', agoMs: 13_000, leftMs: 12_000 } as const

const fleet = fleetOf({
  queues: [
    queue('mail', {
      ready: 52,
      oldestReadyMs: 450_000,
      paused: { by: 'ana', reason: 'storm', at: now - 9 * minuteMs },
    }),
    queue('import', { ready: 3, oldestReadyMs: 60_000 }),
  ],
  counts: [
    { queue: 'mail', job: 'send', state: 'ready', count: 52 },
    { queue: 'mail', job: 'send', state: 'failed', count: 7 },
    { queue: 'import', job: 'ghost', state: 'ready', count: 3 },
  ],
  workers: [
    worker('web-1:10:aaaaaa', { send: 2 }, { running: 7 }),
    worker('web-2:11:bbbbbb', { send: 1 }, { running: 2, draining: true, drain }),
    worker('web-3:12:cccccc', { send: 1 }, { running: 1, lost: true, seenAgoMs: 34_000 }),
  ],
  operations: [
    operation('worker lost', 34 * secondMs, {
      subject: 'web-3:12:cccccc',
      count: 1,
      details: { cause: 'exit' },
    }),
  ],
  leaders: [
    { role: 'leader', term: 41, worker: 'web-1:10:aaaaaa', since: now - minuteMs, termLeftMs: 9, duties: {} },
  ],
})

const queuesData: QueuesData = {
  statistics: { ...snapshot().overview.statistics, range: '5m', coveredMs: 300_000 },
  started: new Map([['mail', new Map([[now, 9]])]]),
  classes: [{ queue: 'import', job: 'ghost', version: 1 }],
  detail: { queue: 'mail', waiting: [], isWhole: true },
}

const workersData: WorkersData = {
  worker: 'web-3:12:cccccc',
  held: [runOf('held-1', { state: 'running', worker: 'web-3:12:cccccc' } as Partial<Run>)],
  isWhole: true,
}

const berlin = { ...schedule().spec, timeZone: 'Europe/Berlin' }
const cronData: CronData = {
  schedules: [
    schedule({ spec: berlin, nextTick: now + 14 * 60 * minuteMs }),
    schedule({ name: 'weekly', paused: { by: 'ana', reason: 'holidays', at: now - minuteMs } }),
  ],
  ledgers: new Map([
    [
      'nightly',
      [
        { n: 2, at: now - minuteMs, outcome: 'skipped', why: 'missed', tick: now - minuteMs, count: 3 },
        { n: 1, at: now - 2 * minuteMs, outcome: 'fired', tick: now - 2 * minuteMs, run: 'cron-1' },
      ],
    ],
  ]),
  lastRuns: new Map([['nightly', { id: 'cron-1', state: 'failed', changedAt: now - minuteMs }]]),
  ticks: { schedule: 'nightly', fires: new CronTicks(berlin.cron, berlin.timeZone, 'test').preview(now, 5) },
  zone: 'Asia/Tokyo',
  isPartial: false,
}

const key = { limiter: 'tenant', key: 'ana', used: 1, max: 1, waiting: 3 }
const limitsData: LimitsData = {
  limiters: [
    {
      ...{
        name: 'tenant',
        keys: 2,
        waiting: 3,
        rule: { kind: 'concurrency', max: 1, everyMs: 0, refill: 0 },
      },
      byHand: {
        ...{ by: 'ben', reason: 'the database is slow', at: now - minuteMs },
        code: { kind: 'concurrency', max: 10, everyMs: 0, refill: 0 },
      },
    },
    {
      ...{ name: 'stripe', keys: 1, waiting: 0 },
      rule: { kind: 'tokenBucket', max: 5, everyMs: 2_000, refill: 1 },
    },
  ],
  keys: new Map([
    ['tenant', [key, { ...key, key: 'ben', waiting: 0 }]],
    ['stripe', [{ limiter: 'stripe', key: '', used: 0, max: 5, waiting: 0, closedMs: 40_000 }]],
  ]),
  oldest: new Map([['tenant', now - 6 * minuteMs]]),
  isWhole: true,
  current: 'tenant',
  users: {
    ...{ limiter: 'tenant', key: 'ana', isCut: false },
    holders: [
      {
        ...{ run: 'holder-1', job: 'sync', queue: 'sync', state: 'running', path: '', held: 1 },
        ...{ since: now - 3 * minuteMs, worker: 'web-1' },
      },
    ],
    waiters: [
      {
        ...{ run: 'waiter-1', job: 'sync', queue: 'sync', state: 'waiting', path: '', position: 1 },
        ...{ priority: 0, since: now - 2 * minuteMs, aged: true },
      },
    ],
  },
  isPartial: false,
}

interface Shown {
  readonly screen: ScreenName
  readonly data: unknown
  readonly says: readonly string[]
}

const screens: readonly Shown[] = [
  {
    screen: 'queues',
    data: queuesData,
    says: [
      ...[
        'mail',
        '52',
        '7m30s',
        'paused by ana',
        "Queue 'mail' has been paused by ana (storm) since 11:51:00 UTC.",
      ],
      ...['no live worker has the job', '7 failed'],
    ],
  },
  {
    screen: 'workers',
    data: workersData,
    says: [
      ...[
        'web-3:12:cccccc',
        'lost',
        'draining, 12.0s left',
        '7/10',
        'deploy of send',
        'old code holds 2 runs',
      ],
      ...['worker web-3:12:cccccc lost: its process died, it held 1 run (34.0s ago)', 'held-1'],
    ],
  },
  {
    screen: 'cron',
    data: cronData,
    says: [
      ...['nightly', '0 3 * * *', '14h0m', 'failed 1m0s ago', 'weekly', 'paused'],
      ...['2026-01-02 03:00:00 +01:00', 'here 2026-01-02 11:00:00 +09:00'],
    ],
  },
  {
    screen: 'limits',
    data: limitsData,
    says: [
      ...['tenant', '6m0s', 'max 1', 'ben', '1/1', 'stripe', '40.0s', 'ana'],
      ...['PLACE', 'holds', 'holder-1', 'by ben: the database is slow; the code says max 10'],
    ],
  },
]

function frame(state: AppState): readonly string[] {
  const text = renderToString(<FrameView state={state} deps={deps} />, { columns: state.size.columns })
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colors
  return text.replace(/\u001b\[[0-9;]*m/g, '').split('\n')
}

function expectFits(lines: readonly string[], { columns, rows }: Size): void {
  expect(lines).toHaveLength(rows)
  expect(lines.filter((line) => textWidth(line) > columns)).toEqual([])
}

describe.each(screens)('$screen', ({ screen, data, says }) => {
  describe.each(sizes)('at $columns x $rows', (size) => {
    const state = stateOf({ target: { screen }, size, fleet, data })

    test('shows what matters, within the frame', () => {
      const lines = frame(state)
      expectFits(lines, size)
      // Sentences are wrapped.
      const text = lines.join(' ').replace(/\s+/g, ' ')
      expect(says.filter((one) => !text.includes(one))).toEqual([])
    })

    test('shows it in ASCII, too', () => {
      const ascii = stateOf({
        target: { screen },
        size,
        fleet,
        data,
        environment: { look: lookOf({ ascii: true }) },
      })
      const lines = frame(ascii)
      expectFits(lines, size)
      expect(lines.filter((line) => /[^\u0020-\u007e]/.test(line))).toEqual([])
    })

    test.each([['z'], ['tab'], ['tab', 'tab'], ['J'], ['j', 'z'], ['K'], ['tab', 'K']])(
      'fits after %s %s',
      (...keys) => {
        expectFits(frame(pressed(state, ...keys.filter(Boolean))), size)
      },
    )
  })

  test('marks the column of each sort order', () => {
    const state = stateOf({ target: { screen }, size: { columns: 160, rows: 45 }, fleet, data })
    const unmarked = (deps.screens[screen]?.sorts ?? []).filter((_, i) => {
      const down = Array.from({ length: i }, () => 'j')
      return !frame(pressed(state, 's', ...down, 'enter')).some((line) => /[A-Z] ▼/.test(line))
    })
    expect(unmarked).toEqual([])
  })

  test('zoomed in shows more of the row under the cursor', () => {
    const lines = frame(pressed(stateOf({ target: { screen }, fleet, data }), 'z'))
    expect(lines.filter((line) => /─ no (queue|worker|schedule|limiter) /.test(line))).toEqual([])
    expect(lines.slice(3, 20).filter((line) => line.trim() !== '').length).toBeGreaterThanOrEqual(4)
  })

  test('explains an empty list and what to do', () => {
    const empty = {
      queues: queuesData,
      workers: workersData,
      cron: { ...cronData, schedules: [] },
      limits: { ...limitsData, limiters: [] },
    }
    const found = empty[screen as keyof typeof empty]
    const text = frame(stateOf({ target: { screen }, data: found })).join('\n')
    expect(text).toMatch(/ no (queue|live worker|schedule|limiter); \w+/)
  })

  test('reports that it reads, while nothing is known', () => {
    const { overview: _, ...unread } = fleetOf()
    const text = frame(stateOf({ target: { screen }, fleet: { ...unread, overview: undefined } })).join('\n')
    expect(text).toContain(' reading ')
  })

  test('is printed by --json', () => {
    expect(() => JSON.stringify(deps.screens[screen]?.json({ ...inputFor(screen, data) }))).not.toThrow()
  })
})

function inputFor(screen: ScreenName, data: unknown) {
  const { places, size, now: at, range, environment } = stateOf({ target: { screen }, fleet, data })
  const [place] = places.visited
  if (place === undefined) throw new Error('no place')
  return { fleet, data, problem: undefined, place, range, now: at, size, look: environment.look }
}
