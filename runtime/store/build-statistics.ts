import { addHistogram, emptyHistogram } from './duration-histogram.ts'
import {
  type BacklogStatistics,
  type JobStatistics,
  type RecentEnds,
  recentEndsMinutes,
  recentMinutes,
  type Statistics,
  type StatisticsPoint,
  type StatisticsRange,
  statisticsRanges,
} from './statistics.ts'
import type { ThroughputCell } from './store.ts'

/** The data that each store reads for statistics. Times are wall times. */
export interface StatisticsRead {
  readonly now: number
  /** Begin of the first minute that the store has counted; undefined before any transition. */
  readonly since: number | undefined
  /** The same for backlogs. */
  readonly sampledSince: number | undefined
  /** Cells of the range, at most one more than `maxCells` of each kind, those of newer periods first. */
  readonly cells: readonly StatisticsCell[]
  /** How many cells are used. */
  readonly maxCells: number
  /** Samples of the range, oldest first; `byQueue` is needed of the first, and of those for `recentMinutes`. */
  readonly samples: readonly BacklogSample[]
  /** Live runs now, without scheduled ones, by queue. */
  readonly backlogs: ReadonlyMap<string, number>
}

/** A cell of a minute or hour; `at` is the begin of the range's period that contains it. */
export interface StatisticsCell extends Omit<ThroughputCell, 'minute'> {
  readonly at: number
}

/**
 * The backlog when a period began, stored by the first transition in it. Transitions happen only in sampled periods, so
 * the backlog at the begin of a period without a sample is that of the next sample.
 */
export interface BacklogSample {
  readonly at: number
  readonly total: number
  readonly byQueue: () => ReadonlyMap<string, number>
  /** `byQueue` has all queues that had a backlog. */
  readonly complete: boolean
}

type Counts = Omit<JobStatistics, 'queue' | 'job' | 'wait' | 'run' | 'total' | 'recent'>

/** The transitions that each count includes. */
const countedTransitions = {
  enqueued: ['enqueue'],
  started: ['claim'],
  completed: ['complete'],
  failed: ['fail', 'convict'],
  cancelled: ['cancel', 'end cancel'],
  expired: ['expire'],
} as const satisfies Record<keyof Counts, readonly (keyof ThroughputCell['counts'])[]>

const countNames = Object.keys(countedTransitions) as (keyof Counts)[]

/** Returns the begin of the period of a range that contains `at`. */
export function periodBegin(range: StatisticsRange, at: number): number {
  const { periodMs } = statisticsRanges[range]
  return Math.floor(at / periodMs) * periodMs
}

/** Returns the begin of a range's first period. */
export function rangeBegin(range: StatisticsRange, now: number): number {
  const { periodMs, periods } = statisticsRanges[range]
  return periodBegin(range, now) - (periods - 1) * periodMs
}

export function buildStatistics(range: StatisticsRange, read: StatisticsRead): Statistics {
  const { now, since = now } = read
  const { cells, from } = wholePeriods(read.cells, read.maxCells)
  // A clock that was set back may show less than `since`.
  const known = Math.min(now, Math.max(rangeBegin(range, now), since, from))
  return {
    ...{ range, now, coveredMs: now - known },
    ...(from > 0 ? { cut: true } : {}),
    jobs: jobsOf(cells, recentEndsFrom(range, now)),
    points: pointsOf(range, cells, read),
    backlogs: backlogsOf(range, from, read),
  }
}

/**
 * Drops the oldest periods if there are too many cells, whole periods only, except the newest one, which is kept in
 * part.
 */
function wholePeriods(
  all: readonly StatisticsCell[],
  most: number,
): { readonly cells: readonly StatisticsCell[]; readonly from: number } {
  if (all.length <= most) return { cells: all, from: 0 }
  const newestFirst = [...all].sort((a, b) => b.at - a.at)
  const kept = newestFirst.slice(0, most)
  const oldest = newestFirst[most]?.at ?? 0
  const whole = kept.filter(({ at }) => at > oldest)
  const cells = whole.length > 0 ? whole : kept
  return { cells, from: cells.at(-1)?.at ?? 0 }
}

/** The begin of the first minute whose ends are listed one by one. */
function recentEndsFrom(range: StatisticsRange, now: number): number {
  const { periodMs } = statisticsRanges[range]
  return range === '1h'
    ? periodBegin(range, now) - (recentEndsMinutes - 1) * periodMs
    : Number.POSITIVE_INFINITY
}

function jobsOf(cells: readonly StatisticsCell[], recentFrom: number): JobStatistics[] {
  const byJob = new Map<string, JobSum>()
  for (const cell of cells) {
    const key = JSON.stringify([cell.queue, cell.job])
    const sum = byJob.get(key) ?? new JobSum(cell, recentFrom)
    byJob.set(key, sum)
    sum.add(cell)
  }
  const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
  return [...byJob.values()]
    .map((sum) => sum.statistics())
    .sort((a, b) => order(a.queue, b.queue) || order(a.job, b.job))
}

class JobSum {
  readonly #of: { readonly queue: string; readonly job: string }
  readonly #counts = noCounts()
  readonly #wait = emptyHistogram()
  readonly #run = emptyHistogram()
  readonly #total = emptyHistogram()
  readonly #recentFrom: number
  readonly #recent: RecentEnds[] = []

  constructor({ queue, job }: StatisticsCell, recentFrom: number) {
    this.#of = { queue, job }
    this.#recentFrom = recentFrom
  }

  add(cell: StatisticsCell): void {
    addCounts(this.#counts, cell)
    addHistogram(this.#wait, cell.wait)
    addHistogram(this.#run, cell.run)
    addHistogram(this.#total, cell.total)
    if (cell.at < this.#recentFrom) return
    const counts = noCounts()
    addCounts(counts, cell)
    const ended = counts.completed + counts.failed + counts.cancelled + counts.expired
    if (ended > 0) this.#recent.push({ at: cell.at, ended, failed: counts.failed })
  }

  statistics(): JobStatistics {
    const recent = [...this.#recent].sort((a, b) => a.at - b.at)
    return {
      ...{ ...this.#of, ...this.#counts, wait: this.#wait, run: this.#run, total: this.#total },
      ...(recent.length === 0 ? {} : { recent }),
    }
  }
}

type MutableCounts = { -readonly [name in keyof Counts]: number }

function noCounts(): MutableCounts {
  return { started: 0, completed: 0, failed: 0, cancelled: 0, expired: 0, enqueued: 0 }
}

function addCounts(sum: MutableCounts, { counts }: StatisticsCell): void {
  for (const name of countNames) {
    for (const transition of countedTransitions[name]) sum[name] += counts[transition] ?? 0
  }
}

function pointsOf(
  range: StatisticsRange,
  cells: readonly StatisticsCell[],
  { now, sampledSince, samples, backlogs }: StatisticsRead,
): StatisticsPoint[] {
  const { periodMs, periods } = statisticsRanges[range]
  const byPeriod = new Map<number, MutableCounts>()
  for (const cell of cells) {
    const sum = byPeriod.get(cell.at) ?? noCounts()
    byPeriod.set(cell.at, sum)
    addCounts(sum, cell)
  }
  const total = [...backlogs.values()].reduce((sum, n) => sum + n, 0)
  const firstKnown = sampledSince === undefined ? Number.POSITIVE_INFINITY : periodBegin(range, sampledSince)
  return Array.from({ length: periods }, (_, i) => {
    const at = rangeBegin(range, now) + i * periodMs
    const { enqueued, started, completed, failed } = byPeriod.get(at) ?? noCounts()
    const backlog = at < firstKnown ? {} : { backlog: sampleFor(at, samples)?.total ?? total }
    return { at, enqueued, started, completed, failed, ...backlog }
  })
}

/**
 * Returns the sample that applies from `at` on; without one there was no transition since, so the current backlog
 * applies.
 */
function sampleFor(at: number, samples: readonly BacklogSample[]): BacklogSample | undefined {
  return samples.find((sample) => sample.at >= at)
}

function backlogsOf(range: StatisticsRange, from: number, read: StatisticsRead): BacklogStatistics[] {
  const { now, sampledSince, samples, backlogs } = read
  const known = Math.max(rangeBegin(range, now), sampledSince ?? now, from)
  const beforeAt = periodBegin(range, Math.min(now, known))
  const sample = sampleFor(beforeAt, samples)
  const before = sample?.byQueue() ?? backlogs
  const complete = sample?.complete ?? true
  return [...new Set([...backlogs.keys(), ...before.keys()])].sort().map((queue) => {
    const recent = range === '1h' ? recentOf(queue, read) : undefined
    const base = { queue, now: backlogs.get(queue) ?? 0, ...(recent === undefined ? {} : { recent }) }
    const count = before.get(queue) ?? (complete ? 0 : undefined)
    return sampledSince === undefined || count === undefined ? base : { ...base, before: count, beforeAt }
  })
}

/** Undefined unless all of it is known. */
function recentOf(
  queue: string,
  { now, sampledSince, samples, backlogs }: StatisticsRead,
): BacklogStatistics['recent'] {
  const { periodMs } = statisticsRanges['1h']
  const known = recentMinutes.flatMap((ago) => {
    const at = periodBegin('1h', now) - ago * periodMs
    const sample = sampleFor(at, samples)
    const count = (sample?.byQueue() ?? backlogs).get(queue) ?? ((sample?.complete ?? true) ? 0 : undefined)
    const isKnown = sampledSince !== undefined && at >= periodBegin('1h', sampledSince)
    return isKnown && count !== undefined ? [{ at, count }] : []
  })
  return known.length === recentMinutes.length ? known : undefined
}
