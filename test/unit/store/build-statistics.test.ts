import { expect, test } from 'vitest'
import { backlogTrend } from '../../../runtime/store/backlog-trend.ts'
import {
  type BacklogSample,
  buildStatistics,
  type StatisticsCell,
  type StatisticsRead,
} from '../../../runtime/store/build-statistics.ts'
import { maxStatisticsCells } from '../../../runtime/store/statistics.ts'

const minuteMs = 60_000
const hourMs = 3_600_000
/** 12:34:30 of some day. */
const now = Date.UTC(2026, 0, 1, 12, 34, 30)
const minute = now - 30_000
const none = { sumMs: 0, buckets: [] }

function cell(at: number, job = 'job', enqueue = 1): StatisticsCell {
  return { at, queue: 'default', job, counts: { enqueue }, wait: none, run: none, total: none }
}

function read(over: Partial<StatisticsRead>): StatisticsRead {
  const longAgo = now - 100 * hourMs
  const maxCells = maxStatisticsCells
  return {
    now,
    maxCells,
    since: longAgo,
    sampledSince: longAgo,
    cells: [],
    samples: [],
    backlogs: new Map(),
    ...over,
  }
}

/** The cells of this many jobs in one minute. */
function crowd(at: number, jobs: number): StatisticsCell[] {
  return Array.from({ length: jobs }, (_, i) => cell(at, `job ${i}`))
}

test('the oldest minutes of too many cells are left out, whole', () => {
  const third = Math.ceil(maxStatisticsCells / 3)
  const cells = [0, 1, 2, 3].flatMap((i) => crowd(minute - i * minuteMs, third))
  const { cut, coveredMs, jobs, points } = buildStatistics(
    '1h',
    read({ cells: cells.slice(0, maxStatisticsCells + 1) }),
  )
  expect(cut).toBe(true)
  expect(coveredMs).toBe(minuteMs + 30_000)
  expect(jobs).toHaveLength(third)
  expect(points.slice(-3).map(({ enqueued }) => enqueued)).toEqual([0, third, third])
})

test('a minute with too many jobs is shown in part', () => {
  const { cut, coveredMs, jobs } = buildStatistics(
    '5m',
    read({ cells: crowd(minute, maxStatisticsCells + 1) }),
  )
  expect([cut, coveredMs, jobs.length]).toEqual([true, 30_000, maxStatisticsCells])
  const fits = buildStatistics('5m', read({ cells: crowd(minute, maxStatisticsCells) }))
  expect(fits).not.toHaveProperty('cut')
})

test('a backlog too wide for its sample is known only of the queues in it', () => {
  const sample = (complete: boolean): BacklogSample => ({
    ...{ at: minute - 4 * minuteMs, total: 9, complete },
    byQueue: () => new Map([['a', 7]]),
  })
  const backlogs = new Map([
    ['a', 3],
    ['b', 5],
  ])
  const beforeAt = minute - 4 * minuteMs
  const wide = buildStatistics('5m', read({ backlogs, samples: [sample(false)] }))
  expect(wide.backlogs).toEqual([
    { queue: 'a', now: 3, before: 7, beforeAt },
    { queue: 'b', now: 5 },
  ])
  expect(wide.points.map(({ backlog }) => backlog)).toEqual([9, 8, 8, 8, 8])
  const whole = buildStatistics('5m', read({ backlogs, samples: [sample(true)] }))
  expect(whole.backlogs[1]).toEqual({ queue: 'b', now: 5, before: 0, beforeAt })
})

test('a store whose runs were never counted knows no earlier backlog', () => {
  const { backlogs, points, coveredMs } = buildStatistics(
    '24h',
    read({ sampledSince: undefined, backlogs: new Map([['a', 3]]) }),
  )
  expect(backlogs).toEqual([{ queue: 'a', now: 3 }])
  expect(points.filter(({ backlog }) => backlog !== undefined)).toEqual([])
  expect(coveredMs).toBe(23 * hourMs + 34.5 * minuteMs)
})

test('a trend reports the pace, and when it ends', () => {
  const beforeAt = now - 10 * minuteMs
  expect(backlogTrend({ queue: 'a', now: 50, before: 150, beforeAt }, now)).toEqual({
    perMinute: -10,
    drainsInMs: 5 * minuteMs,
  })
  expect(backlogTrend({ queue: 'a', now: 150, before: 50, beforeAt }, now)).toEqual({ perMinute: 10 })
  expect(backlogTrend({ queue: 'a', now: 0, before: 50, beforeAt }, now)).toEqual({ perMinute: -5 })
  expect(backlogTrend({ queue: 'a', now: 5 }, now)).toBeUndefined()
  expect(backlogTrend({ queue: 'a', now: 5, before: 0, beforeAt: now - 59_000 }, now)).toBeUndefined()
})

test('over an hour, a job reports how many runs ended and failed in each of its last 5 minutes', () => {
  const ends = (agoMinutes: number, counts: StatisticsCell['counts']): StatisticsCell => ({
    ...cell(minute - agoMinutes * minuteMs),
    counts,
  })
  const cells = [
    ends(0, { complete: 1, fail: 2, convict: 1 }),
    ends(1, { enqueue: 4, claim: 4 }),
    ends(4, { 'end cancel': 1, expire: 1 }),
    ends(5, { fail: 9 }),
  ]
  expect(buildStatistics('1h', read({ cells })).jobs[0]?.recent).toEqual([
    { at: minute - 4 * minuteMs, ended: 2, failed: 0 },
    { at: minute, ended: 4, failed: 3 },
  ])
  expect(buildStatistics('5m', read({ cells })).jobs[0]).not.toHaveProperty('recent')
})
