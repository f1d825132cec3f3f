import { lastDeploy, type VersionStart, versionStarts } from '../../../runtime/attention/version-starts.ts'
import type { FailureGroup } from '../../../runtime/store/failures.ts'
import { formatFilter } from '../../text/format-filter.ts'
import type { Row, ScreenInput } from '../screen.ts'
import { matchesFailure, parseFailureFilter } from './failure-filter.ts'
import type { FailuresData } from './failures-data.ts'

export interface FailureRow extends Row {
  readonly group: FailureGroup
  /** The version of its job that introduced it: no such failure was seen before its deploy. */
  readonly newSince?: VersionStart
}

export function failureRows({
  data,
  fleet,
  place,
}: Pick<ScreenInput<FailuresData>, 'data' | 'fleet' | 'place'>): readonly FailureRow[] {
  const filter = parseFailureFilter(place.filter)
  if (filter.unknown.length > 0) return []
  const starts = fleet.overview === undefined ? [] : versionStarts(fleet.overview)
  const rows = (data?.groups ?? []).map((group) => toRow(group, starts))
  const matching = rows.filter(({ group, newSince }) => matchesFailure(group, filter, newSince !== undefined))
  return place.sort?.descending === false ? matching.reverse() : matching
}

function toRow(group: FailureGroup, starts: readonly VersionStart[]): FailureRow {
  const { fingerprint, job, failedNow, firstAt, sample } = group
  const deploy = lastDeploy(starts, job)
  const isNew = deploy !== undefined && firstAt >= deploy.at
  return {
    ...{ id: fingerprint, group },
    ...(isNew ? { newSince: deploy } : {}),
    thing: { kind: 'failure', id: fingerprint, failedNow },
    // Where no run is failed now, a list of them would be empty.
    target:
      failedNow === 0
        ? { screen: 'run', subject: sample }
        : { screen: 'runs', filter: formatFilter({ filter: { fingerprint } }) },
    jumps: [{ label: `its sample, run ${sample}`, target: { screen: 'run', subject: sample } }],
  }
}

/** How many runs are failed now in the groups together, and in how many of them. */
export function failedNowText(rows: readonly FailureRow[]): string {
  const failed = rows.filter(({ group }) => group.failedNow > 0)
  if (failed.length === 0) return 'no run is failed now'
  const runs = failed.reduce((sum, { group }) => sum + group.failedNow, 0)
  return `${runs.toLocaleString('en')} ${runs === 1 ? 'run is' : 'runs are'} failed now in ${failed.length} of ${rows.length} groups`
}
