import { completeFilter, type FilterCompletion } from '../../text/complete-filter.ts'
import type { ScreenInput } from '../screen.ts'
import { type RunsData, shownOf } from './runs-data.ts'

/** What may stand at the caret of the filter: names of the fleet and of the runs that are in the list. */
export function completeRunFilter(
  { data, fleet }: ScreenInput<RunsData>,
  text: string,
  caret: number,
): FilterCompletion {
  const { overview } = fleet
  const runs = (data?.pages ?? []).flatMap((page) => shownOf(page.runs, data?.hidden))
  return completeFilter(text, caret, {
    jobs: names([...(overview?.counts ?? []).map(({ job }) => job), ...runs.map(({ job }) => job)]),
    queues: names([...(overview?.queues ?? []).map(({ name }) => name), ...runs.map(({ queue }) => queue)]),
    workers: names((overview?.workers ?? []).map(({ name }) => name)),
    limiters: names((overview?.limiters ?? []).map(({ name }) => name)),
    fingerprints: names((overview?.failures ?? []).map(({ fingerprint }) => fingerprint)),
    tags: names(runs.flatMap(({ tags }) => tags)),
    uniqueKeys: names(runs.flatMap(({ unique }) => (unique === undefined ? [] : [unique.key]))),
  })
}

function names(all: readonly string[]): readonly string[] {
  return [...new Set(all)].sort()
}
