import { backlogTrend } from '../../../runtime/store/backlog-trend.ts'
import { addHistogram, emptyHistogram, percentile } from '../../../runtime/store/duration-histogram.ts'
import { type Statistics, statisticsRanges } from '../../../runtime/store/statistics.ts'
import { pulseMs } from '../../fleet/pulse.ts'
import type { ScreenInput } from '../screen.ts'

/** What Home has read beside the overview, which is of the range '1h'. */
export interface HomeData {
  /** Of the chosen range; left out: it is the overview's. */
  readonly statistics?: Statistics
}

/** Oldest first; undefined: not known. */
export type Series = readonly (number | undefined)[]

export interface Rates {
  /** Per second, of the latest seconds; before this program has watched for any, of the last whole minute. */
  readonly started: number
  readonly completed: number
  readonly failed: number
  /** Per second over the range. */
  readonly series: Readonly<Record<'started' | 'completed' | 'failed' | 'backlog', Series>>
}

type Input = Pick<ScreenInput<HomeData>, 'data' | 'fleet' | 'range' | 'now'>

/** The statistics of the chosen range, as soon as they are there. */
export function statisticsOf({ data, fleet, range }: Input): Statistics | undefined {
  const found = range === '1h' ? fleet.overview?.statistics : data?.statistics
  return found?.range === range ? found : undefined
}

/** Of so many seconds the rate of now is the mean. */
const nowMs = 10_000

export function ratesOf(input: Input): Rates {
  const { samples } = input.fleet.pulse
  const recent = samples.filter(({ at }) => at > input.now - nowMs)
  const lastMinute = input.fleet.overview?.statistics.points.at(-2)
  const mean = (field: 'started' | 'completed' | 'failed'): number =>
    recent.length === 0
      ? (lastMinute?.[field] ?? 0) / 60
      : recent.reduce((sum, sample) => sum + sample[field], 0) / recent.length
  const series = input.range === '5m' ? secondsOf(input) : periodsOf(input)
  return { started: mean('started'), completed: mean('completed'), failed: mean('failed'), series }
}

function periodsOf(input: Input): Rates['series'] {
  const statistics = statisticsOf(input)
  const points = statistics?.points ?? []
  const seconds = statisticsRanges[input.range].periodMs / 1_000
  const backlog = input.fleet.pulse.samples.at(-1)?.backlog
  return {
    started: points.map(({ started }) => started / seconds),
    completed: points.map(({ completed }) => completed / seconds),
    failed: points.map(({ failed }) => failed / seconds),
    backlog: [...points.map((point) => point.backlog), ...(backlog === undefined ? [] : [backlog])],
  }
}

/** One value is of so many ms. */
const stepMs = 5_000

/**
 * The last five minutes in steps of five seconds. Seconds from before this program watched are not known to anybody: there
 * each minute has its mean.
 */
function secondsOf(input: Input): Rates['series'] {
  const { samples } = input.fleet.pulse
  const points = input.fleet.overview?.statistics.points ?? []
  const ends = Array.from({ length: pulseMs / stepMs }, (_, i) => input.now - pulseMs + (i + 1) * stepMs)
  const rate = (field: 'started' | 'completed' | 'failed'): Series =>
    ends.map((end) => {
      const seen = samples.filter(({ at }) => at > end - stepMs && at <= end)
      if (seen.length > 0) return seen.reduce((sum, sample) => sum + sample[field], 0) / seen.length
      const minute = points.find(({ at }) => at <= end && end < at + 60_000)
      return minute === undefined ? undefined : minute[field] / 60
    })
  const backlog = ends.map((end) => {
    const seen = samples.findLast(({ at }) => at > end - stepMs && at <= end)
    return seen?.backlog ?? points.find(({ at }) => at <= end && end < at + 60_000)?.backlog
  })
  return { started: rate('started'), completed: rate('completed'), failed: rate('failed'), backlog }
}

export interface Latency {
  /** Estimates, in ms; undefined while nothing was counted. */
  readonly p50: number | undefined
  readonly p95: number | undefined
}

/** Over all queues and jobs of the range. */
export function latencyOf(statistics: Statistics | undefined, kind: 'wait' | 'run'): Latency {
  const all = emptyHistogram()
  for (const job of statistics?.jobs ?? []) addHistogram(all, job[kind])
  return { p50: percentile(all, 0.5), p95: percentile(all, 0.95) }
}

export interface Backlog {
  readonly now: number
  /** How many it gains per minute; undefined while too little is known. */
  readonly perMinute: number | undefined
  /** Until nothing is left at this pace; undefined unless it shrinks. */
  readonly drainsInMs: number | undefined
}

/** Live runs of all queues, scheduled ones left out. */
export function backlogOf(statistics: Statistics | undefined): Backlog | undefined {
  if (statistics === undefined) return undefined
  const { backlogs, now: at } = statistics
  const now = backlogs.reduce((sum, backlog) => sum + backlog.now, 0)
  const trends = backlogs.map((backlog) => backlogTrend(backlog, at))
  if (trends.every((trend) => trend === undefined)) {
    return { now, perMinute: undefined, drainsInMs: undefined }
  }
  const perMinute = trends.reduce((sum, trend) => sum + (trend?.perMinute ?? 0), 0)
  return { now, perMinute, drainsInMs: perMinute < 0 && now > 0 ? (now / -perMinute) * 60_000 : undefined }
}
