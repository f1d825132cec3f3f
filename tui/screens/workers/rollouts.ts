import { versionStarts } from '../../../runtime/attention/version-starts.ts'
import type { Overview } from '../../../runtime/store/overview.ts'
import type { WorkerInfo } from '../../../runtime/store/worker-info.ts'

/** A deploy of one job in progress: live workers have different versions of it. */
export interface Rollout {
  readonly job: string
  /** The newest first. */
  readonly versions: readonly VersionShare[]
  /** When the newest was first seen at work; undefined where that is no longer known. */
  readonly since: number | undefined
  /** How many of the slots for the job the newest version has, from 0 to 1. */
  readonly progress: number
  /** How long the oldest versions hold their longest held run; undefined where they hold none, as far as that is known. */
  readonly oldHeldMs: number | undefined
}

export interface VersionShare {
  readonly version: number
  readonly workers: number
  readonly draining: number
  /** How long the one of those that drain has left that has the longest; left out where none tells. */
  readonly leftMs?: number
  readonly slots: number
  /** Runs in hand, whatever their job. */
  readonly runs: number
}

/** The deploys that are under way, by job. */
export function rolloutsOf(overview: Overview): readonly Rollout[] {
  const live = overview.workers.filter(({ lost }) => !lost)
  const jobs = [...new Set(live.flatMap((worker) => worker.jobs.map(({ name }) => name)))].sort()
  return jobs.flatMap((job) => {
    const versions = sharesOf(job, live)
    const [newest] = versions
    if (newest === undefined || versions.length < 2) return []
    const slots = versions.reduce((sum, share) => sum + share.slots, 0)
    const start = versionStarts(overview).find((one) => one.job === job && one.version === newest.version)
    return [
      {
        ...{ job, versions, since: start?.at },
        progress: slots === 0 ? 0 : newest.slots / slots,
        oldHeldMs: longestHeldMs(
          overview,
          live.filter((worker) => isOlder(worker, job, newest.version)),
        ),
      },
    ]
  })
}

/** Which part of a deploy a worker belongs to; undefined: it has no job of which there are two versions. */
export function partOf({ jobs }: WorkerInfo, rollouts: readonly Rollout[]): 'old' | 'new' | undefined {
  const parts = jobs.flatMap(({ name, version }) => {
    const newest = rollouts.find(({ job }) => job === name)?.versions[0]?.version
    return newest === undefined ? [] : [version < newest ? 'old' : 'new']
  })
  if (parts.length === 0) return undefined
  return parts.includes('old') ? 'old' : 'new'
}

function sharesOf(job: string, workers: readonly WorkerInfo[]): readonly VersionShare[] {
  const versions = new Map<number, WorkerInfo[]>()
  for (const worker of workers) {
    const version = versionOf(worker, job)
    if (version !== undefined) versions.set(version, [...(versions.get(version) ?? []), worker])
  }
  return [...versions]
    .sort(([a], [b]) => b - a)
    .map(([version, own]) => ({
      ...{ version, workers: own.length, draining: own.filter(({ draining }) => draining).length },
      ...leftOf(own),
      slots: own.reduce((sum, { concurrency }) => sum + concurrency, 0),
      runs: own.reduce((sum, { running }) => sum + running, 0),
    }))
}

function leftOf(workers: readonly WorkerInfo[]): Pick<VersionShare, 'leftMs'> {
  const left = workers.flatMap(({ drain }) => drain?.leftMs ?? [])
  return left.length === 0 ? {} : { leftMs: Math.max(...left) }
}

function isOlder(worker: WorkerInfo, job: string, newest: number): boolean {
  return (versionOf(worker, job) ?? newest) < newest
}

function versionOf({ jobs }: WorkerInfo, job: string): number | undefined {
  return jobs.find(({ name }) => name === job)?.version
}

function longestHeldMs({ longestHeld }: Overview, workers: readonly WorkerInfo[]): number | undefined {
  const names = new Set(workers.map(({ name }) => name))
  return longestHeld.find(({ worker }) => names.has(worker))?.heldMs
}
