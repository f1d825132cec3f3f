import { isEnd, type RunState, runStates } from '../model/run.ts'
import { maxInspectedRuns, type RunCount } from './run-filter.ts'
import type { RunSearch } from './run-search.ts'

/* Which indexes a search reads: those with the fewest runs besides the matching ones. */

/** An index that has runs by number. */
export type RunStreamSource =
  /** All runs with a tag. */
  | { readonly kind: 'tag'; readonly tag: string }
  /** The failed runs of a fingerprint. */
  | { readonly kind: 'fingerprint'; readonly fingerprint: string }
  /** One job's runs in one state in one queue. */
  | { readonly kind: 'group'; readonly state: RunState; readonly queue: string; readonly job: string }
  /** All runs of a state. */
  | { readonly kind: 'state'; readonly state: RunState }

/** The reads from the position of a search on. Runs of several sources are merged in the order of the search. */
export type RunSource =
  | RunStreamSource
  /** Runs on the waitlists of a limiter, or of one of its keys. */
  | { readonly kind: 'waitlist'; readonly limiter: string; readonly key: string | undefined }
  /** Runs that are held, by the worker of the filter or by any. */
  | { readonly kind: 'held' }
  /** Ready runs, of the job and queue of the filter. */
  | { readonly kind: 'ready' }
  /** Runs that entered a state in the time of the filter: few enough to be sorted. */
  | { readonly kind: 'time'; readonly state: RunState }

/** A store's knowledge of its indexes for a search. */
export interface RunFacts {
  /** Runs of each state, regardless of the rest of the filter. */
  readonly total: (state: RunState) => number
  /** The number of runs of a state by queue and job, of those that the filter names; undefined while unknown. */
  readonly groups: (state: RunState) => readonly RunGroup[] | undefined
  /** Runs with the tag of the filter. */
  readonly tagged: () => number
  /** Runs that entered a state in the time of the filter; undefined if no index knows. */
  readonly inTime: (state: RunState) => number | undefined
}

export type RunGroup = Omit<RunCount, 'state'>

/** With more of them a step costs more than inspecting other runs instead. */
const maxGroups = 100

/** A filter with one of these has its own small index; the first one that applies is read. */
const narrow: readonly ((search: RunSearch) => RunSource | undefined)[] = [
  ({ filter: { fingerprint } }) =>
    fingerprint === undefined ? undefined : { kind: 'fingerprint', fingerprint },
  ({ filter: { worker } }) => (worker === undefined ? undefined : { kind: 'held' }),
  ({ filter: { limiter, limitKey } }) =>
    limiter === undefined ? undefined : { kind: 'waitlist', limiter, key: limitKey },
]

/** Plans a search by number. */
export function planRuns(search: RunSearch, facts: RunFacts): readonly RunSource[] {
  for (const sourceOf of narrow) {
    const source = sourceOf(search)
    if (source !== undefined) return [source]
  }
  const { tag } = search.filter
  // If the filter is only a tag, no other index is smaller: nothing needs to be counted.
  if (tag !== undefined && isTagAlone(search)) return [{ kind: 'tag', tag }]
  const plans = search.states.map((state) => planState(state, search, facts))
  const cost = plans.reduce((sum, plan) => sum + plan.runs, 0)
  if (tag !== undefined && facts.tagged() <= cost) return [{ kind: 'tag', tag }]
  const sources = plans.flatMap((plan) => plan.sources)
  // One index has the held runs of both states.
  const held = sources.filter(({ kind }) => kind === 'held').slice(0, 1)
  return [...held, ...sources.filter(({ kind }) => kind !== 'held')]
}

/** Returns whether no other part of the filter has an index. */
function isTagAlone({ filter: { job, queue, since, before, minAgeMs }, states }: RunSearch): boolean {
  const others = [job, queue, since, before, minAgeMs]
  return states.length === runStates.length && others.every((part) => part === undefined)
}

interface StatePlan {
  readonly sources: readonly RunSource[]
  /** Returns how many runs are read for it at most. */
  readonly runs: number
}

function planState(state: RunState, { filter }: RunSearch, facts: RunFacts): StatePlan {
  const total = facts.total(state)
  if (total === 0) return { sources: [], runs: 0 }
  const isNarrow = filter.job !== undefined || filter.queue !== undefined
  const groups = isNarrow ? facts.groups(state) : undefined
  const grouped = groups?.reduce((sum, { count }) => sum + count, 0) ?? total
  if (grouped === 0) return { sources: [], runs: 0 }
  if (state === 'ready') return { sources: [{ kind: 'ready' }], runs: grouped }
  if (state === 'running' || state === 'cancelling') return { sources: [{ kind: 'held' }], runs: total }
  const inTime = facts.inTime(state)
  if (inTime !== undefined && inTime <= Math.min(maxInspectedRuns, grouped)) {
    return { sources: inTime === 0 ? [] : [{ kind: 'time', state }], runs: inTime }
  }
  // Completed runs are in no index by group, as each run that ends would pay for it.
  if (state === 'completed' || groups === undefined || groups.length > maxGroups) {
    return { sources: [{ kind: 'state', state }], runs: total }
  }
  const sources = groups.map(({ queue, job }) => ({ kind: 'group', state, queue, job }) as const)
  return { sources, runs: grouped }
}

/** Returns whether the runs of a state have an index by the time they entered it. */
export function isFiledByTime(state: RunState): boolean {
  return state === 'waiting' || state === 'blocked' || (isEnd(state) && state !== 'completed')
}
