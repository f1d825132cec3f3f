import { expect, test } from 'vitest'
import { CronDuty } from '../../../runtime/coordination/cron-duty.ts'
import type { DutyTerm } from '../../../runtime/coordination/duty.ts'
import type { Fire, FireReply, ScheduleSpec, ScheduleStore } from '../../../runtime/store/schedules.ts'

const minute = 60_000

function specOf(timeZone: string): ScheduleSpec {
  const run = { job: 'report', version: 1, queue: 'default', priority: 0, tags: [], headers: {} }
  return {
    ...{ cron: '* * * * *', timeZone, missed: 'all', cap: 100, overlap: 'allow', jitterMs: 0 },
    run: { ...run, input: new Uint8Array(), inputDigest: '' },
  }
}

/** A store with schedules due since two minutes; the duty's term ends after some looks. */
function play(names: Readonly<Record<string, string>>, answer: (fire: Fire) => FireReply, looks = 1) {
  const [fires, errors, waits]: [Fire[], object[], number[]] = [[], [], []]
  const over = new AbortController()
  const store: Pick<ScheduleStore, 'dueSchedules' | 'fire' | 'onScheduleChange'> = {
    onScheduleChange: () => () => undefined,
    dueSchedules: async (limit) => ({
      now: 2 * minute,
      schedules: Object.entries(names)
        .slice(0, limit)
        .map(([name, timeZone]) => ({
          ...{
            name,
            revision: 1,
            since: 0,
            nextTick: minute,
            paused: false,
            pauses: [],
            spec: specOf(timeZone),
          },
        })),
      nextDueInMs: 700,
    }),
    fire: async (fire) => {
      fires.push(fire)
      return answer(fire)
    },
  }
  let beats = 0
  const term: DutyTerm = {
    signal: over.signal,
    fence: 7,
    beat: () => {
      beats++
    },
    pause: async (ms) => {
      waits.push(ms)
      if (waits.length === looks) over.abort()
    },
  }
  const nothing = (): void => undefined
  const log = {
    debug: nothing,
    info: nothing,
    warn: nothing,
    error: (fields: object) => void errors.push(fields),
  }
  const work = new CronDuty(store as ScheduleStore, log).work(term)
  return { work, fires, errors, waits, beats: () => beats }
}

const done: FireReply = { kind: 'done', outcome: 'fired' }

test('fires due ticks with the fence of its term, and polls again at once', async () => {
  const { work, fires, waits, beats } = play({ report: 'UTC' }, () => done)
  await work
  expect(fires.map(({ schedule, fence, move }) => [schedule, fence, move.kind])).toEqual([
    ['report', 7, 'run'],
    ['report', 7, 'run'],
  ])
  expect([waits, beats()]).toEqual([[0], 1])
})

test('skips a schedule that moved, and continues with the next one', async () => {
  const { work, fires, waits } = play({ a: 'UTC', b: 'UTC' }, () => ({ kind: 'moved' }))
  await work
  expect(fires.map(({ schedule }) => schedule)).toEqual(['a', 'b'])
  expect(waits).toEqual([700])
})

test('fires nothing more once the store says that another worker leads', async () => {
  const { work, fires } = play({ a: 'UTC', b: 'UTC' }, () => ({ kind: 'not leading' }))
  await work
  expect(fires).toHaveLength(1)
})

test('reports a schedule that it can’t plan once, and fires the others', async () => {
  const { work, fires, errors } = play({ bad: 'Europe/Atlantis', good: 'UTC' }, () => ({ kind: 'moved' }), 3)
  await work
  expect(fires.every(({ schedule }) => schedule === 'good')).toBe(true)
  expect(fires).toHaveLength(3)
  expect(errors).toMatchObject([{ schedule: 'bad', err: { code: 'INVALID_OPTIONS' } }])
})

test('passes any number of schedules that it can’t plan', async () => {
  const bad = Array.from({ length: 250 }, (_, n) => [`bad${n}`, 'Europe/Atlantis'] as const)
  const names = { ...Object.fromEntries(bad), good: 'UTC' }
  const { work, fires, errors, waits } = play(names, () => ({ kind: 'moved' }), 4)
  await work
  expect(fires.map(({ schedule }) => schedule)).toEqual(['good', 'good'])
  expect(errors).toHaveLength(250)
  expect(waits).toEqual([0, 0, 0, 700])
})
