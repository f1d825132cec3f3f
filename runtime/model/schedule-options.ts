import { CronTicks } from './cron.ts'
import { type Duration, parseDuration } from './duration.ts'
import { formatDuration } from './format-duration.ts'
import { InvalidOptionsError } from './invalid-options-error.ts'
import { checkKnownOptions } from './known-options.ts'

/**
 * The policy for ticks that no leader could fire in time:
 * `one` fires the latest due tick for all of them, `all` each in order, the newest `cap`, `skip` none.
 */
export type MissedPolicy = (typeof missedPolicies)[number]
const missedPolicies = ['one', 'all', 'skip'] as const

/**
 * The policy for a tick while an earlier run of the schedule has not ended: skip it, run beside it, or run after it.
 */
export type OverlapPolicy = (typeof overlapPolicies)[number]
const overlapPolicies = ['skip', 'allow', 'queue'] as const

interface ScheduleTiming {
  /** `minute hour day month weekday`, or six fields with seconds first, or `@daily` and the like. */
  cron: string
  /** A name such as `Europe/Berlin`. Default `UTC`, not the host's zone. */
  timeZone?: string
  /** For ticks whose successor is due too, or that are more than a minute late. Default `one`. */
  missed?: MissedPolicy
  /** The most ticks that `missed: 'all'` catches up, and that wait with `overlap: 'queue'`; 1 to 1000. Default 100. */
  cap?: number
  /** While an earlier run of the schedule lives. Default `skip`. */
  overlap?: OverlapPolicy
  /**
   * Each tick is delayed by up to this, by the same amount for the same tick; shorter than the time between two ticks.
   * Default: none.
   */
  jitter?: Duration
}

/** When a schedule runs its job, and with which input. */
export type ScheduleOptions<Input> = ScheduleTiming &
  (undefined extends Input ? { input?: Input } : { input: Input })

/** Checked; durations in ms, nothing left out. The input is as the author wrote it. */
export interface Schedule {
  readonly cron: string
  readonly timeZone: string
  readonly missed: MissedPolicy
  /** The most ticks that `missed: 'all'` catches up, and that wait with `overlap: 'queue'`. */
  readonly cap: number
  readonly overlap: OverlapPolicy
  readonly jitterMs: number
  readonly input: unknown
}

/** Options of a schedule. */
export const scheduleOptionNames: readonly string[] = [
  'cron',
  'timeZone',
  'missed',
  'cap',
  'overlap',
  'jitter',
  'input',
]
const maxCaughtUp = 1_000

/** @throws InvalidOptionsError naming the wrong option. */
export function parseSchedule(options: ScheduleOptions<never>, where: string): Schedule {
  checkKnownOptions(options, scheduleOptionNames, where)
  const { timeZone = 'UTC', missed = 'one', cap = 100, overlap = 'skip', jitter, input } = options
  const ticks = new CronTicks(options.cron, timeZone, where)
  if (!Number.isInteger(cap) || cap < 1 || cap > maxCaughtUp) {
    throw new InvalidOptionsError(`${where}: cap: ${cap} is not a whole number from 1 to ${maxCaughtUp}`)
  }
  return {
    ...{ cron: ticks.cron, timeZone, cap, input },
    missed: oneOf(missedPolicies, missed, `${where}: missed`),
    overlap: oneOf(overlapPolicies, overlap, `${where}: overlap`),
    jitterMs: jitter === undefined ? 0 : parseJitter(jitter, ticks, `${where}: jitter`),
  }
}

/** Ticks are decided in order: a tick delayed beyond the next one would be missed, under any leader. */
function parseJitter(jitter: Duration, ticks: CronTicks, option: string): number {
  const jitterMs = parseDuration(jitter, option)
  const gapMs = jitterMs === 0 ? Number.POSITIVE_INFINITY : ticks.shortestGapMs()
  if (jitterMs < gapMs) return jitterMs
  throw new InvalidOptionsError(
    `${option}: ${formatDuration(jitterMs)} would put a tick off beyond the next one; ` +
      `'${ticks.cron}' fires ${formatDuration(gapMs)} apart: give it less than that`,
  )
}

function oneOf<Name extends string>(names: readonly Name[], value: unknown, option: string): Name {
  const found = names.find((name) => name === value)
  if (found !== undefined) return found
  throw new InvalidOptionsError(`${option}: '${String(value)}' is none of ${names.join(', ')}`)
}
