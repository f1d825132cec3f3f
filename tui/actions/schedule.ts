import type { Jobs } from '../../runtime/client/client.ts'
import type { ScheduleStatus } from '../../runtime/client/schedules.ts'
import {
  schedulePausedText,
  scheduleResumedText,
  triggeredText,
} from '../../runtime/describe/action-result.ts'
import { byInSentence } from '../../runtime/describe/manual-action.ts'
import { UnknownScheduleError } from '../../runtime/model/schedule-errors.ts'
import { type Action, impossible, ready } from './action.ts'

export const pauseSchedule: Action<'schedule'> = {
  command: 'pause or resume',
  name: 'pause',
  on: ['schedule'],
  tier: 2,
  isFor: ({ paused }) => !paused,
  plan: async (jobs, { target }) => {
    const { paused, job, next, revision } = await scheduleOf(jobs, target.id)
    if (paused !== undefined) return impossible(`it is already paused by ${byInSentence(paused)}`)
    const tick = next === undefined ? '' : `, the next one due at ${next.toISOString()}`
    return ready({ ...target, expected: { revision } }, [
      { text: `no tick would run '${job}'${tick}` },
      { text: 'ticks are recorded as paused; none is caught up later', tone: 'dim' },
    ])
  },
  words: ({ id }) => ['schedules', 'pause', id],
  carryOut: async (jobs, { target: { id, expected }, write }) => {
    await jobs.schedules.pause(id, { ...write, expected })
    return schedulePausedText(id)
  },
}

export const resumeSchedule: Action<'schedule'> = {
  command: 'pause or resume',
  name: 'resume',
  on: ['schedule'],
  tier: 1,
  isFor: ({ paused }) => paused,
  plan: async (jobs, { target }) => {
    const { paused, job, next, revision } = await scheduleOf(jobs, target.id)
    if (paused === undefined) return impossible('it is no longer paused')
    const tick = next === undefined ? 'its next tick' : `its next tick, ${next.toISOString()},`
    return ready({ ...target, expected: { revision, pausedAt: paused.at.getTime() } }, [
      { text: `paused by ${byInSentence(paused)}` },
      { text: `${tick} would run '${job}' again` },
    ])
  },
  words: ({ id }) => ['schedules', 'resume', id],
  carryOut: async (jobs, { target: { id, expected }, write }) => {
    await jobs.schedules.resume(id, { ...write, expected })
    return scheduleResumedText(id)
  },
}

export const triggerSchedule: Action<'schedule'> = {
  command: 'trigger',
  on: ['schedule'],
  tier: 1,
  plan: async (jobs, { target }) => {
    const { job, revision } = await scheduleOf(jobs, target.id)
    return ready({ ...target, expected: { revision } }, [
      { text: `one run of '${job}' would be enqueued now, in addition to its ticks` },
    ])
  },
  words: ({ id }) => ['schedules', 'trigger', id],
  carryOut: async (jobs, { target: { id, expected }, write }) => {
    const seen = expected && { revision: expected.revision }
    return triggeredText((await jobs.schedules.trigger(id, { ...write, expected: seen })).id)
  },
}

async function scheduleOf({ schedules }: Jobs, name: string): Promise<ScheduleStatus> {
  const found = (await schedules.list()).find((schedule) => schedule.name === name)
  if (found === undefined) throw new UnknownScheduleError(name)
  return found
}
