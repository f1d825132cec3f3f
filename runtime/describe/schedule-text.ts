import type { ScheduleInfo } from '../store/schedules.ts'
import { agoToken } from './duration-token.ts'
import { byAndWhy } from './manual-action.ts'

type Stops = Pick<ScheduleInfo, 'paused' | 'dropped'>

/** Returns why a schedule no longer fires; undefined when it does. */
export function stoppedText({ paused, dropped }: Stops, now: number): string | undefined {
  if (dropped !== undefined) {
    return `dropped by the code of worker ${dropped.worker} (${agoToken(dropped.at, now)})`
  }
  return paused && `paused by ${byAndWhy(paused)} (${agoToken(paused.at, now)})`
}

/** Returns what is unusual about a schedule; '' if nothing is. */
export function scheduleStateText(
  schedule: Stops & Pick<ScheduleInfo, 'conflict' | 'queued'>,
  now: number,
): string {
  const stopped = stoppedText(schedule, now)
  if (stopped !== undefined) return stopped
  const { conflict, queued } = schedule
  if (conflict !== undefined)
    return `created with put; the code of worker ${conflict.worker} declares one too`
  if (queued.length === 0) return ''
  return queued.length === 1
    ? '1 tick waits for the previous run'
    : `${queued.length} ticks wait for the previous run`
}
