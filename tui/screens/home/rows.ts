import type { Finding } from '../../../runtime/attention/finding.ts'
import type { Overview } from '../../../runtime/store/overview.ts'
import type { QueueInfo } from '../../../runtime/store/queue-info.ts'
import { slotsInUse } from '../../../runtime/store/slots-in-use.ts'
import type { WorkerInfo } from '../../../runtime/store/worker-info.ts'
import type { Jump, ScreenName, Target } from '../../app/place.ts'
import type { FleetView } from '../../fleet/fleet-view.ts'
import { formatFilter } from '../../text/format-filter.ts'
import type { Row, ScreenInput } from '../screen.ts'
import type { HomeData } from './rates.ts'

export interface FindingRow extends Row {
  readonly finding: Finding
}

/** The findings that need a person, the most severe first; then the muted ones, which `U` unmutes. */
export function findingRows({ fleet }: Pick<ScreenInput<HomeData>, 'fleet'>): readonly FindingRow[] {
  return [...fleet.findings, ...fleet.muted].map((finding) => ({
    ...{ id: finding.id, finding, target: targetOf(finding, fleet.overview) },
    thing: { kind: 'finding', id: finding.id, muted: finding.muted !== undefined },
    jumps: jumpsOf(finding),
  }))
}

/** From a thing to the runs that the finding is about; enter opens those of the others. */
function jumpsOf({ kind, filter }: Finding): readonly Jump[] {
  if (filter === undefined || screenOfKind[kind] === undefined) return []
  return [
    { label: 'the runs that it is about', target: { screen: 'runs', filter: formatFilter({ filter }) } },
  ]
}

/** Findings that are about a thing with a screen of its own; the others are about runs. */
const screenOfKind: Readonly<Record<string, ScreenName>> = {
  'lost-worker': 'workers',
  'worker-losses': 'workers',
  'old-version': 'workers',
  'no-leader': 'workers',
  'dead-duty': 'workers',
  'missed-tick': 'cron',
  'store-fault': 'doctor',
  'paused-queue': 'queues',
  'new-failure': 'failures',
  limiter: 'limits',
}

/** The screen of its cause and fix. */
export function targetOf({ id, kind, filter }: Finding, overview?: Overview): Target {
  const screen = screenOfKind[kind]
  const row = kind === 'worker-losses' ? lastLost(overview) : id.slice(kind.length + 1)
  if (screen !== undefined) return { screen, ...(row === undefined ? {} : { row }) }
  return { screen: 'runs', ...(filter === undefined ? {} : { filter: formatFilter({ filter }) }) }
}

/** The worker that was lost last, of all that a finding about the fleet is about. */
function lastLost(overview: Overview | undefined): string | undefined {
  return overview?.operations.findLast(({ operation }) => operation === 'worker lost')?.subject
}

export interface QueueRow extends Row {
  readonly queue: QueueInfo
  readonly live: number
}

/** Queues by the age of their oldest ready run, then by what is in them. */
export function queueRows({ fleet }: Pick<ScreenInput<HomeData>, 'fleet'>): readonly QueueRow[] {
  const queues = fleet.overview?.queues ?? []
  return queues
    .map((queue): QueueRow => {
      const { scheduled: _, ...live } = queue.counts
      return {
        ...{ id: queue.name, queue, live: Object.values(live).reduce((sum, count) => sum + count, 0) },
        thing: { kind: 'queue', id: queue.name, paused: queue.paused !== undefined },
        target: { screen: 'runs', filter: formatFilter({ filter: { queue: queue.name } }) },
        jumps: [{ label: `queue ${queue.name}`, target: { screen: 'queues', row: queue.name } }],
      }
    })
    .sort((a, b) => (b.queue.oldestReadyMs ?? -1) - (a.queue.oldestReadyMs ?? -1) || b.live - a.live)
}

/** The workers in a few numbers. */
export interface FleetSummary {
  readonly working: number
  readonly draining: number
  readonly lost: readonly WorkerInfo[]
  readonly slots: number
  readonly taken: number
  /** Of the job that most versions run of; left out: no job has two. */
  readonly mixed?: {
    readonly job: string
    readonly versions: readonly (readonly [version: number, workers: number])[]
  }
}

export function fleetSummary({ overview }: FleetView): FleetSummary {
  const workers = overview?.workers ?? []
  const live = workers.filter(({ lost }) => !lost)
  const mixed = mixedVersions(live)
  return {
    working: live.filter(({ draining }) => !draining).length,
    draining: live.filter(({ draining }) => draining).length,
    lost: workers.filter(({ lost }) => lost),
    slots: live.reduce((sum, { concurrency }) => sum + concurrency, 0),
    taken: slotsInUse(live),
    ...(mixed === undefined ? {} : { mixed }),
  }
}

/** While a deploy is under way a job has workers of two versions. */
function mixedVersions(workers: readonly WorkerInfo[]): FleetSummary['mixed'] {
  const byJob = new Map<string, Map<number, number>>()
  for (const { jobs } of workers) {
    for (const { name, version } of jobs) {
      const versions = byJob.get(name) ?? new Map<number, number>()
      byJob.set(name, versions.set(version, (versions.get(version) ?? 0) + 1))
    }
  }
  const [first] = [...byJob].filter(([, versions]) => versions.size > 1)
  if (first === undefined) return undefined
  const [job, versions] = first
  return { job, versions: [...versions].sort(([a], [b]) => b - a) }
}
