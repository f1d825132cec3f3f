import { findHindrances, type Hindrance } from '../../../runtime/describe/hindrance.ts'
import type { RunState } from '../../../runtime/model/run.ts'
import { isArrival, type WaitKind } from '../../../runtime/model/wait.ts'
import type { Overview } from '../../../runtime/store/overview.ts'
import type { QueueInfo } from '../../../runtime/store/queue-info.ts'
import type { ReadyClass } from '../../../runtime/store/ready-classes.ts'
import { slotsInUse } from '../../../runtime/store/slots-in-use.ts'
import type { Statistics } from '../../../runtime/store/statistics.ts'
import type { WorkerInfo } from '../../../runtime/store/worker-info.ts'
import type { Jump } from '../../app/place.ts'
import { formatFilter } from '../../text/format-filter.ts'
import { hasWords } from '../../text/has-words.ts'
import { type SortValues, sortedBy } from '../../text/sorted-by.ts'
import type { Row, ScreenInput } from '../screen.ts'
import { chartMinutes, type QueuesData } from './queues-data.ts'

export interface QueueRow extends Row {
  readonly paused: QueueInfo['paused']
  /** Of each state, over all jobs. */
  readonly counts: Readonly<Partial<Record<RunState, number>>>
  /** Left out: it has no ready run, or the store doesn't look for it. */
  readonly oldestReadyMs?: number
  /** Started per second over the chosen range; undefined until that is known. */
  readonly perSecond: number | undefined
  /** Why its ready runs are not taken; empty if nothing prevents it, or none is ready. */
  readonly held: readonly HeldClass[]
  /** Of the workers that serve it. */
  readonly slots: { readonly taken: number; readonly all: number; readonly workers: number }
}

interface HeldClass {
  readonly of: ReadyClass
  readonly why: Hindrance
}

type Input = Pick<ScreenInput<QueuesData>, 'fleet' | 'data' | 'place' | 'range'>

/** Queues that hold runs, are paused or are served by a worker: by the age of the oldest ready run, unless sorted otherwise. */
export function queueRows(input: Input): readonly QueueRow[] {
  const { overview } = input.fleet
  if (overview === undefined) return []
  const rows = namesOf(overview)
    .map((name) => rowOf(name, overview, input))
    .filter((row) => hasWords([row.id, stateWord(row), ...jobsOf(row.id, overview)], input.place.filter))
    .sort(byOldest)
  return sortedBy(rows, input.place.sort, sortValues)
}

const sortValues: SortValues<QueueRow> = {
  'oldest ready': ({ oldestReadyMs }) => oldestReadyMs,
  ready: ({ counts }) => counts.ready ?? 0,
  failed: ({ counts }) => counts.failed ?? 0,
  rate: ({ perSecond }) => perSecond,
  name: ({ id }) => id,
}

function byOldest(a: QueueRow, b: QueueRow): number {
  const live = ({ counts }: QueueRow): number =>
    (counts.ready ?? 0) + (counts.waiting ?? 0) + (counts.running ?? 0)
  return (b.oldestReadyMs ?? -1) - (a.oldestReadyMs ?? -1) || live(b) - live(a) || (a.id < b.id ? -1 : 1)
}

function namesOf({ queues, counts, workers }: Overview): readonly string[] {
  const served = workers
    .filter(({ lost }) => !lost)
    .flatMap(({ queues: own, jobs }) => own ?? jobs.map(({ queue }) => queue))
  return [...new Set([...queues.map(({ name }) => name), ...counts.map(({ queue }) => queue), ...served])]
}

/** Every job of which the queue has a run, by name. */
export function jobsOf(name: string, { counts }: Pick<Overview, 'counts'>): readonly string[] {
  return [...new Set(counts.filter(({ queue }) => queue === name).map(({ job }) => job))].sort()
}

function rowOf(name: string, overview: Overview, { data, range }: Input): QueueRow {
  const info = overview.queues.find((queue) => queue.name === name)
  const statistics = range === '1h' ? overview.statistics : data?.statistics
  const { oldestReadyMs } = info ?? {}
  const counts = countsOf(name, info, overview)
  return {
    ...{ id: name, counts, paused: info?.paused, slots: slotsOf(name, overview.workers) },
    ...(oldestReadyMs === undefined ? {} : { oldestReadyMs }),
    perSecond: statistics?.range === range ? perSecond(name, statistics) : undefined,
    held: (counts.ready ?? 0) === 0 ? [] : heldClasses(name, data?.classes ?? [], overview),
    thing: { kind: 'queue', id: name, paused: info?.paused !== undefined },
    target: { screen: 'runs', filter: formatFilter({ filter: { queue: name } }) },
    get jumps() {
      return jumpsOf(name, overview, data)
    },
  }
}

/** Live states as the queue itself says, ended ones from the counters of runs. */
function countsOf(name: string, info: QueueInfo | undefined, { counts }: Overview): QueueRow['counts'] {
  const ended: Partial<Record<RunState, number>> = {}
  for (const { queue, state, count } of counts) {
    if (queue === name) ended[state] = (ended[state] ?? 0) + count
  }
  return { ...ended, ...info?.counts }
}

function perSecond(name: string, { jobs, coveredMs }: Statistics): number | undefined {
  if (coveredMs <= 0) return undefined
  const started = jobs.filter(({ queue }) => queue === name).reduce((sum, job) => sum + job.started, 0)
  return started / (coveredMs / 1_000)
}

function slotsOf(name: string, workers: readonly WorkerInfo[]): QueueRow['slots'] {
  const serving = servingWorkers(name, workers)
  return {
    taken: slotsInUse(serving),
    all: serving.reduce((sum, { concurrency }) => sum + concurrency, 0),
    workers: serving.length,
  }
}

/** Live workers that claim from a queue: told to, or told nothing and with a job of it. */
function servingWorkers(name: string, workers: readonly WorkerInfo[]): readonly WorkerInfo[] {
  return workers.filter(
    ({ lost, draining, queues, jobs }) =>
      !lost &&
      !draining &&
      (queues === undefined ? jobs.some(({ queue }) => queue === name) : queues.includes(name)),
  )
}

/** What is wrong with the workers, of each class of ready runs; the queue's own pause is told apart. */
function heldClasses(
  name: string,
  classes: readonly ReadyClass[],
  { workers }: Pick<Overview, 'workers'>,
): readonly HeldClass[] {
  return classes
    .filter(({ queue }) => queue === name)
    .flatMap((of) => findHindrances(of, { queues: [], workers }).map((why) => ({ of, why })))
}

/** The queue's state in one word. */
export function stateWord({ paused, held, counts }: Pick<QueueRow, 'paused' | 'held' | 'counts'>): string {
  if (paused !== undefined) return 'paused'
  if (held.some(({ why }) => why.kind !== 'busy')) return 'held'
  if ((counts.running ?? 0) > 0) return 'working'
  return (counts.ready ?? 0) > 0 ? 'ready' : 'idle'
}

function jumpsOf(name: string, { schedules }: Overview, data: QueuesData | undefined): readonly Jump[] {
  const detail = data?.detail?.queue === name ? data.detail : undefined
  const limiters = waitsOf(detail?.waiting ?? []).flatMap(({ kind, name: of }) =>
    kind === 'limit' && of !== undefined ? [of] : [],
  )
  const cron = schedules.filter(({ spec }) => spec.run.queue === name)
  return [
    ...(detail?.oldest === undefined
      ? []
      : [
          {
            label: `its oldest ready run ${detail.oldest.id}`,
            target: { screen: 'run', subject: detail.oldest.id } as const,
          },
        ]),
    ...limiters.map((limiter) => ({
      label: `limiter ${limiter}`,
      target: { screen: 'limits', row: limiter } as const,
    })),
    { label: 'workers that serve it', target: { screen: 'workers', filter: `queue:${name}` } },
    ...cron.map((schedule) => ({
      label: `schedule ${schedule.name}`,
      target: { screen: 'cron', row: schedule.name } as const,
    })),
    {
      label: 'its failed runs',
      target: { screen: 'runs', filter: formatFilter({ filter: { queue: name, states: ['failed'] } }) },
    },
  ]
}

/** The waits of waiting runs, the most frequent first. */
export interface WaitCount {
  readonly kind: WaitKind
  /** Of an arrival: what the runs wait for. */
  readonly name?: string
  readonly runs: number
}

export function waitsOf(waiting: QueuesDetailRuns): readonly WaitCount[] {
  const found = new Map<string, WaitCount>()
  for (const run of waiting) {
    if (run.state !== 'waiting') continue
    const { kind, name } = run.waitingFor
    const of = isArrival(run.waitingFor) && name !== undefined ? { name } : {}
    const key = `${kind} ${of.name ?? ''}`
    found.set(key, { kind, runs: (found.get(key)?.runs ?? 0) + 1, ...of })
  }
  return [...found.values()].sort((a, b) => b.runs - a.runs)
}

type QueuesDetailRuns = NonNullable<QueuesData['detail']>['waiting']

/** Runs started in each minute of the last hour, oldest first; undefined until they are read. */
export function startedSeries(name: string, data: QueuesData | undefined): readonly number[] | undefined {
  if (data === undefined) return undefined
  const minutes = data.started.get(name)
  const last = Math.floor(data.statistics.now / 60_000) * 60_000
  return Array.from(
    { length: chartMinutes },
    (_, i) => minutes?.get(last - (chartMinutes - 1 - i) * 60_000) ?? 0,
  )
}
