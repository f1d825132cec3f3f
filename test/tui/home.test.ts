import { describe, expect, test } from 'vitest'
import type { StatisticsPoint } from '../../runtime/store/statistics.ts'
import { beat, noPulse, type Pulse } from '../../tui/fleet/pulse.ts'
import { fleetLines } from '../../tui/screens/home/chart-lines.ts'
import { findingIncident } from '../../tui/screens/home/incident.ts'
import { homeLayout } from '../../tui/screens/home/layout.ts'
import { backlogOf, type HomeData, latencyOf, ratesOf } from '../../tui/screens/home/rates.ts'
import { findingRows, fleetSummary, queueRows, targetOf } from '../../tui/screens/home/rows.ts'
import { hourMs, minuteMs, now, operation, queue, secondMs, snapshot, worker } from '../support/snapshot.ts'
import { findingOf, fleetOf, screenInput } from './support/given.ts'

function point(at: number, started: number): StatisticsPoint {
  return { at, enqueued: 0, started, completed: started, failed: 0 }
}

function beats(...reads: readonly (readonly [at: number, points: readonly StatisticsPoint[]])[]): Pulse {
  return reads.reduce((pulse, [at, points]) => {
    const statistics = { range: '1h' as const, now: at, coveredMs: 0, jobs: [], points, backlogs: [] }
    return beat(pulse, snapshot({ now: at, statistics }).overview)
  }, noPulse)
}

describe('the pulse', () => {
  test('is the increase of the minute counts from read to read, per second', () => {
    const { samples } = beats(
      [now, [point(now, 10)]],
      [now + 2 * secondMs, [point(now, 14)]],
      [now + 3 * secondMs, [point(now, 15)]],
    )
    expect(samples.map(({ started }) => started)).toEqual([2, 1])
  })

  test('continues across minutes', () => {
    const { samples } = beats(
      [now + 59 * secondMs, [point(now, 10)]],
      [now + 61 * secondMs, [point(now, 12), point(now + minuteMs, 4)]],
    )
    expect(samples[0]?.started).toBe(3)
  })

  test('minutes that enter a longer range are not counted as new', () => {
    const { samples } = beats(
      [now, [point(now, 10)]],
      [now + secondMs, [point(now - minuteMs, 500), point(now, 10)]],
    )
    expect(samples[0]?.started).toBe(0)
  })

  test('retains five minutes', () => {
    const reads = Array.from({ length: 400 }, (_, i) => [now + i * secondMs, [point(now, i)]] as const)
    expect(beats(...reads).samples).toHaveLength(300)
  })
})

describe('rates', () => {
  test('of the last seconds equal those of the pulse', () => {
    const pulse = beats([now - 2 * secondMs, [point(now, 0)]], [now - secondMs, [point(now, 7)]])
    expect(ratesOf(screenInput<HomeData>({ fleet: fleetOf({}, { pulse }) })).started).toBe(7)
  })

  test('of five minutes have a value per five seconds, and the mean of the minute before the first read', () => {
    const points = [point(now - minuteMs, 60)]
    const statistics = { ...snapshot().overview.statistics, points }
    const { series } = ratesOf(screenInput<HomeData>({ fleet: fleetOf({ statistics }) }))
    expect(series.started).toHaveLength(60)
    expect(series.started.slice(-12, -1)).toEqual(Array.from({ length: 11 }, () => 1))
    expect(series.started[0]).toBeUndefined()
  })
})

test('a latency covers all queues and jobs', () => {
  const job = (name: string, buckets: readonly number[]) => {
    const histogram = { sumMs: 0, buckets }
    const counts = { started: 0, completed: 0, failed: 0, cancelled: 0, expired: 0, enqueued: 0 }
    return { queue: 'q', job: name, ...counts, wait: histogram, run: histogram, total: histogram }
  }
  const statistics = { ...snapshot().overview.statistics, jobs: [job('a', [0, 10]), job('b', [0, 0, 0, 10])] }
  expect(latencyOf(statistics, 'wait')).toEqual({ p50: 2, p95: 7.6 })
  expect(latencyOf(snapshot().overview.statistics, 'wait')).toEqual({ p50: undefined, p95: undefined })
})

test('a backlog shrinks by the rate of its queues', () => {
  const before = { before: 100, beforeAt: now - 10 * minuteMs }
  const backlogs = [
    { queue: 'a', now: 40, ...before },
    { queue: 'b', now: 110, ...before },
  ]
  expect(backlogOf({ ...snapshot().overview.statistics, backlogs })).toEqual({
    now: 150,
    perMinute: -5,
    drainsInMs: 30 * minuteMs,
  })
  expect(
    backlogOf({ ...snapshot().overview.statistics, backlogs: [{ queue: 'a', now: 4 }] })?.perMinute,
  ).toBe(undefined)
})

test('queues are sorted by their oldest ready run', () => {
  const queues = [
    queue('young', { ready: 900, oldestReadyMs: 20 }),
    queue('old', { ready: 1, oldestReadyMs: 9_000 }),
    queue('idle', { waiting: 3 }),
    queue('oldest', { ready: 2, oldestReadyMs: 90_000 }),
    queue('idler', { waiting: 5 }),
  ]
  expect(queueRows({ fleet: fleetOf({ queues }) }).map(({ id, live }) => [id, live])).toEqual([
    ['oldest', 2],
    ['old', 1],
    ['young', 900],
    ['idler', 5],
    ['idle', 3],
  ])
})

test('a queue opens its runs', () => {
  const [row] = queueRows({ fleet: fleetOf({ queues: [queue('mail')] }) })
  expect(row?.target).toEqual({ screen: 'runs', filter: 'queue:mail' })
})

describe('a finding opens', () => {
  test('its subject', () => {
    expect(targetOf(findingOf('lost-worker:w1'))).toEqual({ screen: 'workers', row: 'w1' })
    expect(targetOf(findingOf('new-failure:f1:abc'))).toEqual({ screen: 'failures', row: 'f1:abc' })
  })

  test('or, if it is about losses, the most recently lost worker', () => {
    const operations = ['w1', 'w2'].map((subject) => operation('worker lost', minuteMs, { subject }))
    const fleet = fleetOf({ operations }, { findings: [findingOf('worker-losses:fleet')] })
    expect(findingRows({ fleet })[0]?.target).toEqual({ screen: 'workers', row: 'w2' })
  })

  test('or the runs of its filter', () => {
    const finding = findingOf('poisoned:pay', { filter: { job: 'pay', states: ['failed'] } })
    expect(targetOf(finding)).toEqual({ screen: 'runs', filter: 'state:failed job:pay' })
  })
})

test('findings retain the order of the fleet', () => {
  const fleet = fleetOf({}, { findings: [findingOf('lost-worker:w'), findingOf('blocked:pay')] })
  expect(findingRows({ fleet }).map(({ id }) => id)).toEqual(['lost-worker:w', 'blocked:pay'])
})

test('muted findings come after the others, and can be unmuted there', () => {
  const muted = findingOf('blocked:pay', {
    muted: { finding: 'blocked:pay', until: now + minuteMs, by: 'ana' },
  })
  const fleet = fleetOf({}, { findings: [findingOf('lost-worker:w')], muted: [muted] })
  expect(findingRows({ fleet }).map(({ id, thing }) => [id, thing?.kind])).toEqual([
    ['lost-worker:w', 'finding'],
    ['blocked:pay', 'finding'],
  ])
})

test('a report on a finding has its cause, the events near its start, and the commands for this store', () => {
  const finding = findingOf('blocked:pay', {
    ...{ sentence: "1 run of 'pay' is blocked.", nearby: '40 s after version 17 started' },
    ...{ next: 'durable-jobs explain r1', filter: { job: 'pay', states: ['blocked'] } },
  })
  const fleet = fleetOf(
    { operations: [operation('pause queue', 2 * hourMs), operation('worker joined', 2 * minuteMs)] },
    { findings: [finding] },
  )
  const [row] = findingRows({ fleet })
  if (row === undefined) throw new Error('there is a finding')
  expect(findingIncident({ fleet, store: 'redis://:secret@host' }, row)).toEqual({
    ...{ title: 'blocked:pay', severity: 'warning', causes: ["1 run of 'pay' is blocked."] },
    ...{ since: finding.since, nearby: '40 s after version 17 started', runs: [] },
    events: [expect.objectContaining({ operation: 'worker joined' })],
    commands: [
      "durable-jobs explain r1 --store 'redis://:***@host'",
      "durable-jobs runs --job pay --state blocked --store 'redis://:***@host'",
    ],
  })
})

test('the fleet summary counts working, draining and lost workers, and an ongoing deploy', () => {
  const workers = [
    worker('a', { pay: 17 }, { running: 4 }),
    worker('b', { pay: 17 }, { running: 10 }),
    worker('c', { pay: 16 }, { draining: true, running: 1 }),
    worker('d', { pay: 15 }, { lost: true }),
  ]
  expect(fleetSummary(fleetOf({ workers }))).toMatchObject({
    ...{ working: 2, draining: 1, slots: 30, taken: 15, lost: [{ name: 'd' }] },
    mixed: {
      job: 'pay',
      versions: [
        [17, 2],
        [16, 1],
      ],
    },
  })
})

describe('the layout', () => {
  const sizes = [40, 80, 120, 160, 240].flatMap((columns) =>
    [6, 10, 16, 20, 26, 41, 63].map((rows) => ({ columns, rows })),
  )
  test.each(sizes)('fills $columns x $rows', (size) => {
    for (const queues of [0, 3, 50]) {
      const layout = homeLayout(size, queues)
      expect(layout.chartHeight + layout.middleHeight + layout.attentionHeight).toBe(size.rows)
      expect(layout.chartWidths.reduce((sum, width) => sum + width, 2)).toBe(size.columns)
      expect(layout.queueWidth + 1 + layout.fleetWidth).toBe(size.columns)
      expect(layout.attentionHeight - layout.detailHeight - 1).toBeGreaterThanOrEqual(2)
    }
  })
})

test('a worker with more runs than slots counts as full, and hides no free slot of another worker', () => {
  // Its runs that only wait, or whose end is being sent, have left their slots.
  const fleet = fleetOf({ workers: [worker('a', {}, { concurrency: 4, running: 9 })] })
  const [, slots] = fleetLines(screenInput({ fleet }), 60)
  expect(slots?.map(({ text }) => text).join('')).toMatch(/^ slots (\S)\1{15} 4\/4$/)
  const workers = [
    worker('a', {}, { concurrency: 4, running: 5 }),
    worker('b', {}, { concurrency: 4, running: 3 }),
  ]
  expect(fleetSummary(fleetOf({ workers }))).toMatchObject({ slots: 8, taken: 7 })
})
