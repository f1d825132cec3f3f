import { type Command, Option } from 'commander'
import { aboutDuration } from '../../model/about-duration.ts'
import { defined } from '../../model/defined.ts'
import { type BacklogTrend, backlogTrend } from '../../store/backlog-trend.ts'
import { type DurationHistogram, durationsIn, percentile } from '../../store/duration-histogram.ts'
import {
  type BacklogStatistics,
  type JobStatistics,
  type Statistics,
  type StatisticsRange,
  statisticsRanges,
} from '../../store/statistics.ts'
import { withConnection } from '../connection.ts'
import { paint, print, printJson, printTable, remark, say } from '../output.ts'
import { addSharedOptions, explainJson, type SharedOptions } from '../shared-options.ts'
import type { Column } from '../table.ts'

interface StatsOptions extends SharedOptions {
  readonly range: StatisticsRange
  readonly queue?: string
  readonly job?: string
}

/** A job with its rates over the counted time. */
type ShownJob = JobStatistics & { readonly minutes: number }
type ShownBacklog = BacklogStatistics & Partial<BacklogTrend>

const rangeNames: Readonly<Record<StatisticsRange, string>> = {
  '5m': '5 min',
  '1h': '1 h',
  '24h': '24 h',
}

const jobColumns: readonly Column<ShownJob>[] = [
  { title: 'QUEUE', cell: ({ queue }) => queue, shrinks: true },
  { title: 'JOB', cell: ({ job }) => job, shrinks: true },
  { title: 'STARTED', cell: (job) => rate(job.started, job), align: 'right', drops: 2 },
  { title: 'DONE', cell: (job) => rate(job.completed, job), align: 'right' },
  {
    title: 'FAILED',
    cell: (job) => rate(job.failed, job),
    align: 'right',
    paint: (text) => (text === '0' ? text : paint('red', text)),
  },
  { title: 'WAIT P50/P95', cell: ({ wait }) => percentiles(wait), align: 'right', drops: 3 },
  { title: 'RUN P50/P95', cell: ({ run }) => percentiles(run), align: 'right', drops: 4 },
  { title: 'TOTAL P50/P95', cell: ({ total }) => percentiles(total), align: 'right', drops: 1 },
]

const backlogColumns: readonly Column<ShownBacklog>[] = [
  { title: 'QUEUE', cell: ({ queue }) => queue, shrinks: true },
  { title: 'BACKLOG', cell: ({ now }) => now, align: 'right' },
  { title: 'PER MINUTE', cell: slopeText, align: 'right' },
  {
    title: 'DRAINED IN',
    cell: ({ drainsInMs }) => (drainsInMs === undefined ? '' : aboutDuration(drainsInMs)),
    align: 'right',
  },
]

export function addStats(program: Command): void {
  const command = program
    .command('stats')
    .description('show rates, latencies and backlogs of the last minutes or hours, by queue and job')
    .addOption(
      new Option('--range <range>', 'how far back').choices(Object.keys(statisticsRanges)).default('5m'),
    )
    .option('--queue <name>', 'only this queue')
    .option('--job <name>', 'only this job')
  addSharedOptions(
    command,
    '{ range, now, coveredMs, cut?, jobs: [JOB], points: [POINT], backlogs: [BACKLOG] }',
  ).action(showStatistics)
  explainJson(
    command,
    `JOB: queue, job, enqueued, started, completed, failed, cancelled, expired, perMinute { started, completed, failed }, and the times
wait (ready to claimed), run (claimed to the end of the execution) and total (enqueue to the end of the run), each { count, sumMs, p50Ms?, p95Ms? }.
POINT: at, enqueued, started, completed, failed, backlog? of each minute (24h: hour), over all queues and jobs.
BACKLOG: queue, now, before?, beforeAt?, perMinute?, drainsInMs? (live runs, scheduled ones left out).
Percentiles are estimates, off by less than a factor of two. coveredMs is how much of the range was counted; cut: so many jobs were busy that the oldest part was left out.`,
  )
}

async function showStatistics({ range, queue, job, json, store }: StatsOptions): Promise<void> {
  await withConnection(defined({ store }), async ({ inspector }) => {
    const all = await inspector.statistics(range)
    const statistics = only(all, defined({ queue, job }))
    if (json) return printJson(forJson(statistics))
    const minutes = minutesOf(statistics)
    const jobs = statistics.jobs.map((one) => ({ ...one, minutes }))
    const backlogs = statistics.backlogs.map((one) => withTrend(one, statistics.now))
    if (jobs.length === 0 && backlogs.length === 0) {
      remark(`nothing happened in the last ${rangeNames[range]} in ${inspector.address}`)
      return
    }
    if (jobs.length > 0) {
      say(`runs per minute in ${coverage(statistics)}`)
      printTable(jobColumns, jobs)
    }
    if (jobs.length > 0 && backlogs.length > 0) print('')
    if (backlogs.length > 0) printTable(backlogColumns, backlogs)
  })
}

/** Keeps the parts of the queue or job; points cover all and stay. */
function only(
  statistics: Statistics,
  { queue, job }: { readonly queue?: string; readonly job?: string },
): Statistics {
  const jobs = statistics.jobs.filter(
    (one) => (queue === undefined || one.queue === queue) && (job === undefined || one.job === job),
  )
  const queues = new Set(jobs.map((one) => one.queue))
  const isShown = (name: string): boolean =>
    job === undefined ? queue === undefined || name === queue : queues.has(name)
  return { ...statistics, jobs, backlogs: statistics.backlogs.filter((one) => isShown(one.queue)) }
}

/** The time that counts are divided by: at least a minute, also in a younger store. */
function minutesOf({ coveredMs }: Statistics): number {
  return Math.max(1, coveredMs / 60_000)
}

function coverage({ range, coveredMs, cut }: Statistics): string {
  const { periodMs, periods } = statisticsRanges[range]
  if (cut) return `the last ${minutesText(coveredMs)} of ${rangeNames[range]}: too many jobs for more`
  // The current period makes a range shorter than its name by up to a period.
  if (coveredMs >= (periods - 1) * periodMs) return `the last ${rangeNames[range]}`
  return `the last ${minutesText(coveredMs)}: the store is no older`
}

function minutesText(ms: number): string {
  const minutes = Math.max(1, Math.round(ms / 60_000))
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`
}

function rate(count: number, { minutes }: ShownJob): string {
  return rateText(count / minutes)
}

function rateText(perMinute: number): string {
  const size = Math.abs(perMinute)
  if (size >= 10) return perMinute.toFixed(0)
  if (size >= 0.1) return perMinute.toFixed(1).replace(/\.0$/, '')
  return size === 0 ? '0' : perMinute < 0 ? '>-0.1' : '<0.1'
}

function percentiles(histogram: DurationHistogram): string {
  const [half, most] = [percentile(histogram, 0.5), percentile(histogram, 0.95)]
  return half === undefined || most === undefined ? '' : `${aboutDuration(half)}/${aboutDuration(most)}`
}

function slopeText({ perMinute }: ShownBacklog): string {
  if (perMinute === undefined) return ''
  return perMinute > 0 ? `+${rateText(perMinute)}` : rateText(perMinute)
}

function withTrend(backlog: BacklogStatistics, at: number): ShownBacklog {
  return { ...backlog, ...backlogTrend(backlog, at) }
}

function forJson(statistics: Statistics): object {
  const minutes = minutesOf(statistics)
  return {
    ...statistics,
    jobs: statistics.jobs.map((job) => ({
      ...job,
      perMinute: {
        started: job.started / minutes,
        completed: job.completed / minutes,
        failed: job.failed / minutes,
      },
      wait: timesForJson(job.wait),
      run: timesForJson(job.run),
      total: timesForJson(job.total),
    })),
    backlogs: statistics.backlogs.map((backlog) => withTrend(backlog, statistics.now)),
  }
}

function timesForJson(histogram: DurationHistogram): object {
  const estimate = (quantile: number): number | undefined => {
    const ms = percentile(histogram, quantile)
    return ms === undefined ? undefined : Math.round(ms)
  }
  const times = { p50Ms: estimate(0.5), p95Ms: estimate(0.95) }
  return { count: durationsIn(histogram), sumMs: Math.round(histogram.sumMs), ...defined(times) }
}
