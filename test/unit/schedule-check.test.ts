import { expect, test } from 'vitest'
import { scheduleCheck } from '../../runtime/store/schedule-check.ts'
import type { ScheduleInfo } from '../../runtime/store/schedules.ts'
import type { LeaderInfo } from '../../runtime/store/terms.ts'

const leader: LeaderInfo = { role: 'leader', term: 7, worker: 'w1', since: 0, termLeftMs: 9_000, duties: {} }
const { worker: _, ...vacant } = leader

function schedule(name: string, over: Partial<ScheduleInfo> = {}): ScheduleInfo {
  const run = { job: 'report', version: 1, queue: 'default', priority: 0, tags: [], headers: {} }
  return {
    ...{ name, origin: 'code', revision: 1, since: 0, overdueMs: 0, queued: [] },
    spec: {
      ...{ cron: '@daily', timeZone: 'UTC', missed: 'one', cap: 100, overlap: 'skip', jitterMs: 0 },
      run: { ...run, input: new Uint8Array(), inputDigest: '' },
    },
    ...over,
  }
}

test('schedules in time are fine, dropped ones do not count', () => {
  const paused = { by: 'ana', at: 1 }
  const dropped = { worker: 'w1', at: 1 }
  const all = [schedule('a'), schedule('b', { paused }), schedule('c', { dropped })]
  expect(scheduleCheck(all, [leader])).toEqual({
    name: 'schedules',
    verdict: 'fine',
    found: '2 live, 1 paused',
  })
})

test('a tick overdue by more than a minute is a fault while a worker leads', () => {
  const late = schedule('nightly', { overdueMs: 60_001 })
  expect(scheduleCheck([schedule('a', { overdueMs: 60_000 })], [leader])).toMatchObject({ verdict: 'fine' })
  expect(scheduleCheck([late], [leader])).toMatchObject({
    verdict: 'fault',
    found: expect.stringContaining("w1 leads, but cron has not advanced: 'nightly' overdue"),
  })
})

test('without a leader it is a warning', () => {
  const late = Array.from({ length: 7 }, (_, i) => schedule(`s${i}`, { overdueMs: 90_000 }))
  for (const leaders of [[], [vacant]]) {
    expect(scheduleCheck(late, leaders)).toMatchObject({
      verdict: 'warning',
      found: expect.stringMatching(
        /^'s0', 's1', 's2', 's3', 's4' and 2 more overdue .*, and no worker leads$/,
      ),
    })
  }
  const soon = (overdueMs: number) => [schedule('soon', { overdueMs })]
  expect(scheduleCheck(soon(5_001), [vacant])).toMatchObject({ verdict: 'warning' })
  expect(scheduleCheck(soon(5_000), [vacant])).toMatchObject({ verdict: 'fine' })
})

test('a name that code and manual schedules both use is a warning', () => {
  const conflict = { worker: 'w1', at: 1 }
  expect(scheduleCheck([schedule('a', { origin: 'hand', conflict })], [leader])).toMatchObject({
    verdict: 'warning',
    found: expect.stringContaining("'a': created with put"),
  })
})
