import { formatDuration } from '../model/format-duration.ts'
import type { ScheduleInfo } from './schedules.ts'
import type { StoreCheck } from './store.ts'
import { type LeaderInfo, leaderRole } from './terms.ts'

/** A tick later than this means that no worker fires. Without a leader that is clear once a new one could have come. */
const overdueMs = { led: 60_000, leaderless: 5_000 } as const
const maxNamed = 5

/** A leader may not fire: a tick that is long overdue under a leader is a fault. */
export function scheduleCheck(
  schedules: readonly ScheduleInfo[],
  leaders: readonly LeaderInfo[],
): StoreCheck {
  const { ms, leader } = longestOverdueMs(leaders)
  const overdue = schedules.filter((schedule) => schedule.overdueMs > ms)
  if (overdue.length > 0) return overdueCheck(overdue, leader)
  const conflicts = schedules.filter(({ conflict }) => conflict !== undefined)
  if (conflicts.length > 0) {
    return {
      name: 'schedules',
      verdict: 'warning',
      found: `${named(conflicts)}: created with put, and code declares one of that name too`,
      remedy: 'remove the one created with put, and the one in code takes effect; or rename it',
    }
  }
  return { name: 'schedules', verdict: 'fine', found: counted(schedules) }
}

/** Returns how late a tick may be with this leader, or without one. */
export function longestOverdueMs(leaders: readonly LeaderInfo[]): {
  readonly ms: number
  readonly leader: string | undefined
} {
  const leader = leaders.find(({ role }) => role === leaderRole)?.worker
  return { ms: leader === undefined ? overdueMs.leaderless : overdueMs.led, leader }
}

function overdueCheck(overdue: readonly ScheduleInfo[], leader: string | undefined): StoreCheck {
  const longest = formatDuration(Math.max(...overdue.map((schedule) => schedule.overdueMs)))
  if (leader === undefined) {
    return {
      name: 'schedules',
      verdict: 'warning',
      found: `${named(overdue)} overdue by up to ${longest}, and no worker leads`,
      remedy: 'start a worker: it fires or skips what is due, by the policy of each schedule',
    }
  }
  return {
    name: 'schedules',
    verdict: 'fault',
    found: `${leader} leads, but cron has not advanced: ${named(overdue)} overdue by up to ${longest}`,
    remedy:
      'read in its log why; if others could do better (another Node, another time zone data base), stop it',
  }
}

function counted(schedules: readonly ScheduleInfo[]): string {
  const live = schedules.filter(({ dropped }) => dropped === undefined)
  const paused = live.filter((schedule) => schedule.paused !== undefined).length
  return `${live.length} live${paused > 0 ? `, ${paused} paused` : ''}`
}

function named(schedules: readonly ScheduleInfo[]): string {
  const names = schedules.slice(0, maxNamed).map(({ name }) => `'${name}'`)
  const more = schedules.length - names.length
  return names.join(', ') + (more > 0 ? ` and ${more} more` : '')
}
