import { describe, expect, test } from 'vitest'
import { maxPlanned, planned, planTicks, type TickSource } from '../../../runtime/coordination/plan-ticks.ts'
import type { DueSchedule, FireMove, ScheduleSpec } from '../../../runtime/store/schedules.ts'

const minute = 60_000

/** A tick each whole minute. */
const minutely: TickSource = {
  next: (after) => (Math.floor(after / minute) + 1) * minute,
  latest: (n, from, until) => {
    const last = Math.floor(until / minute)
    return Array.from({ length: n }, (_, i) => (last - n + 1 + i) * minute).filter((tick) => tick >= from)
  },
}

function due(over: Partial<Omit<DueSchedule, 'spec'>> & { spec?: Partial<ScheduleSpec> } = {}): DueSchedule {
  const run = { job: 'report', version: 1, queue: 'default', priority: 0, tags: [], headers: {} }
  return {
    ...{ name: 'report', revision: 1, since: 0, nextTick: minute, paused: false, pauses: [] },
    ...over,
    spec: {
      ...{ cron: '* * * * *', timeZone: 'UTC', missed: 'one', cap: 100, overlap: 'skip', jitterMs: 0 },
      run: { ...run, input: new Uint8Array(), inputDigest: '' },
      ...over.spec,
    },
  }
}

/** A plan in short: `run 2`, `caught up 3`, `missed 1-4 (4)`, each with the minute that comes next. */
function plan(schedule: DueSchedule, now: number, source: TickSource = minutely): string[] {
  const at = (ms: number | undefined): string => (ms === undefined ? 'never' : String(ms / minute))
  const text = (move: FireMove): string => {
    switch (move.kind) {
      case 'plan':
        return `plan ${at(move.next?.tick)}`
      case 'run':
        return `${move.caughtUp ? 'caught up' : 'run'} ${at(move.tick)}, then ${at(move.next?.tick)}`
      case 'skip':
        return `${move.why} ${at(move.tick)}-${at(move.until)} (${move.count}), then ${at(move.next?.tick)}`
      case 'queued run':
        return `queued ${at(move.tick)}`
    }
  }
  return planTicks(schedule, source, now).map(text)
}

describe('a plan', () => {
  test('begins with the first tick after the schedule was created', () => {
    const { nextTick: _, ...unplanned } = due({ since: 2.5 * minute })
    expect(plan(unplanned, 2.6 * minute)).toEqual(['plan 3'])
    expect(plan(unplanned, 3 * minute)).toEqual(['plan 3', 'run 3, then 4'])
  })

  test('of a pattern without another tick ends', () => {
    const { nextTick: _, ...unplanned } = due()
    const never: TickSource = { next: () => undefined, latest: () => [] }
    expect(planTicks(unplanned, never, minute)).toEqual([{ kind: 'plan' }])
  })

  test('is empty before the tick, and one run in time', () => {
    expect(plan(due(), minute - 1)).toEqual([])
    expect(plan(due(), minute)).toEqual(['run 1, then 2'])
  })

  test('misses a single tick after a minute, not before', () => {
    const daily: TickSource = { ...minutely, next: (after) => after + 1440 * minute }
    const caughtUp = (now: number): boolean[] =>
      planTicks(due(), daily, now).map((move) => move.kind === 'run' && move.caughtUp)
    expect(caughtUp(2 * minute)).toEqual([false])
    expect(caughtUp(2 * minute + 1)).toEqual([true])
  })

  test.each<[ScheduleSpec['missed'], string[]]>([
    ['one', ['missed 1-4 (4), then 5', 'run 5, then 6']],
    ['skip', ['missed 1-4 (4), then 5', 'run 5, then 6']],
    ['all', ['missed 1-2 (2), then 3', 'caught up 3, then 4', 'caught up 4, then 5', 'run 5, then 6']],
  ])('after an outage that ends with a tick in time, missed: %s', (missed, moves) => {
    expect(plan(due({ spec: { missed, cap: 2 } }), 5 * minute + 10_000)).toEqual(moves)
  })

  test.each<[ScheduleSpec['missed'], string[]]>([
    ['one', ['missed 1-4 (4), then 5', 'caught up 5, then 1441']],
    ['skip', ['missed 1-5 (5), then 1441']],
    ['all', ['missed 1-3 (3), then 4', 'caught up 4, then 5', 'caught up 5, then 1441']],
  ])('after an outage that ends long after the last tick, missed: %s', (missed, moves) => {
    const untilFive: TickSource = {
      ...minutely,
      next: (after) => (after >= 5 * minute ? 1441 * minute : minutely.next(after)),
    }
    expect(plan(due({ spec: { missed, cap: 2 } }), 60 * minute, untilFive)).toEqual(moves)
  })

  test('of a paused schedule records its ticks and fires none', () => {
    expect(plan(due({ paused: true, spec: { missed: 'all' } }), 3 * minute)).toEqual([
      'paused 1-3 (3), then 4',
    ])
  })

  test('pauses ticks of ended pauses, not those around them', () => {
    const pauses = [
      { from: 2 * minute, until: 4 * minute },
      { from: 5 * minute, until: 5.5 * minute },
    ]
    expect(plan(due({ pauses, spec: { missed: 'all' } }), 6 * minute)).toEqual([
      'caught up 1, then 2',
      'paused 2-3 (2), then 4',
      'caught up 4, then 5',
      'paused 5-5 (1), then 6',
      'run 6, then 7',
    ])
  })

  test('puts a queued tick first', () => {
    expect(plan(due({ nextTick: 9 * minute, queuedTick: 4 * minute }), 5 * minute)).toEqual(['queued 4'])
  })

  test('of a long outage is made in parts, with the newest ticks at the end', () => {
    const now = (maxPlanned + 100) * minute
    const schedule = due({ spec: { missed: 'all', cap: 3 } })
    expect(plan(schedule, now)).toEqual([`missed 1-${maxPlanned} (${maxPlanned}), then ${maxPlanned + 1}`])
    const rest = plan({ ...schedule, nextTick: (maxPlanned + 1) * minute }, now)
    expect(rest).toHaveLength(1 + 3 + 1)
    expect(rest.at(-1)).toBe(`run ${maxPlanned + 100}, then ${maxPlanned + 101}`)
  })

  test('uses the same jitter for a tick, within its bounds, and delays a tick by it', () => {
    const offsets = Array.from(
      { length: 200 },
      (_, i) => planned('report', 5_000, i * minute).dueAt - i * minute,
    )
    expect(Math.min(...offsets)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...offsets)).toBeLessThanOrEqual(5_000)
    expect(new Set(offsets).size).toBeGreaterThan(150)
    const { dueAt } = planned('report', 5_000, minute)
    expect(planned('report', 5_000, minute).dueAt).toBe(dueAt)
    expect(plan(due({ spec: { jitterMs: 5_000 } }), dueAt - 1)).toEqual([])
    expect(plan(due({ spec: { jitterMs: 5_000 } }), dueAt)).toEqual(['run 1, then 2'])
  })

  test('gives the run of a tick its own id and tick, independent of the clock', () => {
    const [first] = planTicks(due(), minutely, minute)
    const [again] = planTicks(due(), minutely, minute + 5)
    expect(again).toEqual(first)
    expect(first).toMatchObject({
      run: { id: expect.stringMatching(/^cron-[0-9a-f]{24}$/), scheduledFor: minute },
    })
  })
})
