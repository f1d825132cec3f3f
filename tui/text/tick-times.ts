import { durationToken } from '../../runtime/describe/duration-token.ts'
import type { CronFire } from '../../runtime/model/cron.ts'
import { localText, offsetText } from '../../runtime/model/local-text.ts'
import { TimeZone } from '../../runtime/model/time-zone.ts'

/** A tick of a schedule as a table shows it. */
export interface TickTime {
  /** `in 3m25s`, or `now` once it has come. */
  readonly distance: string
  /** In the schedule's zone: `2026-03-29 03:00:00 +02:00`. */
  readonly zone: string
  /** By this host's clocks; left out where they show the same. */
  readonly local?: string
  /** What a change of the clocks has to do with it. */
  readonly clockChange?: string
}

/** @param localZone Name of the zone of the person who reads it. */
export function tickTimes(fires: readonly CronFire[], localZone: string, now: number): TickTime[] {
  const zone = new TimeZone(localZone, 'local zone')
  return fires.map(({ at, local: inZone, clockChange }) => {
    const here = timeIn(zone, at.getTime())
    return {
      distance: at.getTime() > now ? `in ${durationToken(at.getTime() - now)}` : 'now',
      zone: inZone,
      ...(here === inZone ? {} : { local: here }),
      ...(clockChange === undefined ? {} : { clockChange }),
    }
  })
}

/** Returns a time by the clocks of a zone, with how far they are from UTC. */
function timeIn(zone: TimeZone, at: number): string {
  return `${localText(zone.localAt(at))} ${offsetText(zone.offsetAt(at))}`
}
