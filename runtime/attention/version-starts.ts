import type { OperationEvent } from '../store/events.ts'
import { type Overview, overviewBounds } from '../store/overview.ts'
import { statisticsRanges } from '../store/statistics.ts'

/** When a version of a job was first seen running, according to workers and the log. */
export interface VersionStart {
  readonly job: string
  readonly version: number
  readonly at: number
  /**
   * - `deploy`: an older version ran before, or none did
   * - `unclear`: the log doesn't go back to the store's begin, so a restart looks the same
   */
  readonly kind: 'deploy' | 'unclear'
}

/** The starts of each overview, cached: several screens and findings need them many times in one frame. */
const startsByOverview = new WeakMap<Overview, readonly VersionStart[]>()

/** By job and version, in no order. */
export function versionStarts(overview: Overview): readonly VersionStart[] {
  const known = startsByOverview.get(overview)
  if (known !== undefined) return known
  const starts = findStarts(overview)
  startsByOverview.set(overview, starts)
  return starts
}

function findStarts(overview: Overview): readonly VersionStart[] {
  const { workers, operations } = overview
  const seen = [
    ...workers.flatMap(({ jobs, startedAt }) =>
      jobs.map(({ name, version }) => ({ job: name, version, at: startedAt })),
    ),
    ...operations.flatMap((event) =>
      event.operation === 'worker joined'
        ? versionsOf(event).map(([job, version]) => ({ job, version, at: event.at }))
        : [],
    ),
  ]
  const first = new Map<string, (typeof seen)[number]>()
  for (const start of seen) {
    const key = JSON.stringify([start.job, start.version])
    const known = first.get(key)
    if (known === undefined || start.at < known.at) first.set(key, start)
  }
  const starts = [...first.values()]
  const wholeLog = isWholeLog(overview)
  return starts.map((start) => {
    const older = starts.some(
      ({ job, version, at }) => job === start.job && version < start.version && at < start.at,
    )
    return { ...start, kind: older || wholeLog ? 'deploy' : 'unclear' }
  })
}

/**
 * Returns whether the overview has the log from the store's begin on. It is cut off at the bound of an overview, and an
 * earlier version of the package wrote none: then there were workers or failures before its first operation. Numbers of
 * events don't show it: operations share them with the transitions of runs, and a store's first event may be an
 * enqueue.
 */
function isWholeLog({ workers, operations, failures, statistics }: Overview): boolean {
  if (operations.length >= overviewBounds.operations) return false
  const begin = operations[0]?.at
  if (begin === undefined) return false
  const { periodMs } = statisticsRanges[statistics.range]
  return !(
    workers.some(({ startedAt }) => startedAt < begin) ||
    failures.some(({ firstAt }) => firstAt < begin) ||
    statistics.points.some(({ at, started }) => started > 0 && at + periodMs <= begin)
  )
}

/** Jobs and versions of a worker that joined. */
export function versionsOf({ details = {} }: OperationEvent): [job: string, version: number][] {
  return Object.entries(details).flatMap(([job, version]) =>
    typeof version === 'number' ? [[job, version] as [string, number]] : [],
  )
}

/** Returns the newest version of a job that was deployed, according to the log. */
export function lastDeploy(starts: readonly VersionStart[], job: string): VersionStart | undefined {
  return starts
    .filter((start) => start.job === job && start.kind === 'deploy')
    .reduce<VersionStart | undefined>(
      (last, start) => (last && last.at >= start.at ? last : start),
      undefined,
    )
}
