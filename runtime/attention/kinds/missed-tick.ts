import { clockTime } from '../../describe/clock-time.ts'
import { formatDuration } from '../../model/format-duration.ts'
import { longestOverdueMs } from '../../store/schedule-check.ts'
import type { ScheduleInfo } from '../../store/schedules.ts'
import { exactly, type FindingKind, type Sighting, type Since } from '../finding-kind.ts'
import { command, countOf } from '../texts.ts'

const recentMs = 3_600_000
/** A tick that fires a little late is normal. */
const lateMs = 60_000

/** Ticks that didn't fire, or fired long after their time, and schedules that no leader has planned. */
export const missedTick: FindingKind = {
  kind: 'missed-tick',
  find: ({ overview: { now, schedules, leaders } }) =>
    schedules.flatMap((schedule) => {
      if (schedule.paused !== undefined || schedule.dropped !== undefined) return []
      const trouble = overdue(schedule, longestOverdueMs(leaders), now) ?? missed(schedule, now)
      if (trouble === undefined) return []
      const { name, spec } = schedule
      return [
        {
          ...trouble,
          subject: name,
          filter: { job: spec.run.job },
          related: { leader: 'any', worker: 'any', version: [spec.run.job], schedule: [name] },
        },
      ]
    }),
}

type Trouble = Omit<Sighting, 'subject' | 'related' | 'filter'>

function overdue(
  { name, overdueMs, nextTick }: ScheduleInfo,
  longest: { readonly ms: number; readonly leader: string | undefined },
  now: number,
): Trouble | undefined {
  if (overdueMs <= longest.ms) return undefined
  const late = { since: exactly(now - overdueMs), next: command('doctor') }
  // No tick is known to be due: the schedule waits for its first plan.
  if (nextTick === undefined) {
    const why = notLed(longest.leader, "doesn't plan it")
    const sentence = `Schedule '${name}' has not been planned for ${formatDuration(overdueMs)}: ${why}.`
    return { severity: 'warning', ...late, sentence }
  }
  const why = notLed(longest.leader, "doesn't fire")
  return {
    severity: 'critical',
    ...late,
    sentence: `The tick of ${clockTime(nextTick, now)} of schedule '${name}' is ${formatDuration(overdueMs)} overdue: ${why}.`,
  }
}

function notLed(leader: string | undefined, omission: string): string {
  return leader === undefined ? 'no worker leads' : `${leader} leads, but ${omission}`
}

/** By the last entry of its ledger. */
function missed({ name, last }: ScheduleInfo, now: number): Trouble | undefined {
  if (last === undefined || now - last.at > recentMs) return undefined
  const next = command('schedules', 'ledger', name)
  const since: Since = exactly(last.tick ?? last.at)
  const tick = clockTime(last.tick ?? last.at, now)
  if (last.outcome === 'skipped' && last.why === 'missed') {
    const count = last.count ?? 1
    const ticks = count === 1 ? `the tick of ${tick}` : `${countOf(count, 'tick')} from ${tick} on`
    return {
      severity: 'warning',
      since,
      sentence: `Schedule '${name}' missed ${ticks}; no worker could fire in time.`,
      next,
    }
  }
  const late = last.lateMs ?? 0
  if (late < lateMs || (last.outcome !== 'late' && last.outcome !== 'caught up')) return undefined
  return {
    severity: 'notice',
    since,
    sentence: `The tick of ${tick} of schedule '${name}' fired ${formatDuration(late)} late.`,
    next,
  }
}
