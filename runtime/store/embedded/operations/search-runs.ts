import { isEnd, type RunState, runStates } from '../../../model/run.ts'
import { maxInspectedRuns, type RunPage, type RunQuery } from '../../run-filter.ts'
import { isFiledByTime, planRuns, type RunFacts, type RunGroup } from '../../run-plan.ts'
import { maxHeldRuns, parseRunQuery, searchRuns } from '../../run-search.ts'
import type { Sql } from '../database.ts'
import { inspectRunCounts, readRecountedAt } from '../run-counts.ts'
import {
  allRuns,
  endedButCompleted,
  endedGroups,
  indexedBy,
  liveGroups,
  mergeStreams,
  type RunStream,
  streamsOf,
  waitingByTime,
} from '../run-streams.ts'
import type { Moment } from '../store-clock.ts'
import type { StoreFile } from '../store-file.ts'
import { endOfTime, inspectCandidates, type Place, type Times, timesOf } from './fitting-runs.ts'
import { heldByTime, inspectLongest } from './longest-runs.ts'
import { openStepFinder } from './open-steps.ts'

/** Runs by filter, order and cursor. */
export function inspectRuns(
  sql: Sql & Pick<StoreFile, 'snapshot'>,
  moment: Moment,
  query: RunQuery,
): Promise<RunPage> {
  const search = parseRunQuery(query)
  const place = { sql, moment, search, times: timesOf(search, moment), openStep: openStepFinder(sql, moment) }
  if (search.order === 'longest') {
    const held = heldByTime(place)
    const streams = search.states.includes('ready') ? streamsOf(sql, { kind: 'ready' }, search.filter) : []
    return searchRuns(search, (from, bounds) =>
      sql.snapshot(() => inspectLongest(place, { held, streams }, from, bounds)),
    )
  }
  const { streams, given } = readByNumber(place)
  const newestFirst = search.order === 'newest'
  return searchRuns(search, (from, bounds) =>
    sql.snapshot(() => {
      const { atMost } = bounds
      const { seqs, isAll } = mergeStreams(sql, streams, { from: from.seq, atMost, newestFirst }, given)
      const candidates = seqs.map((seq) => ({ seq, position: { seq } })).values()
      return inspectCandidates(place, candidates, isAll, { from, ...bounds })
    }),
  )
}

function readByNumber(place: Place): {
  readonly streams: readonly RunStream[]
  readonly given: readonly number[]
} {
  const { sql, search, times } = place
  const { filter, states } = search
  const isNarrow = [filter.job, filter.queue, filter.tag, filter.worker, filter.fingerprint].some(
    (part) => part !== undefined,
  )
  if (!isNarrow && states.length === runStates.length) return { streams: [allRuns], given: [] }
  const streams: RunStream[] = []
  const given: number[] = []
  for (const source of planRuns(search, factsOf(place))) {
    if (source.kind === 'time') given.push(...changedIn(sql, source.state, times, maxInspectedRuns))
    else if (source.kind === 'held' && filter.worker !== undefined) given.push(...heldBy(sql, filter.worker))
    else streams.push(...streamsOf(sql, source, filter))
  }
  return { streams, given }
}

function factsOf({ sql, search: { filter }, times }: Place): RunFacts {
  const isCounted = readRecountedAt(sql) !== undefined
  const counts = isCounted ? inspectRunCounts(sql) : []
  const isTimed = times.from > 0 || times.before < endOfTime
  const counterOf = (state: RunState, group?: Pick<RunGroup, 'queue' | 'job'>): number =>
    counts
      .filter((count) => count.state === state)
      .filter(({ queue, job }) => group === undefined || (queue === group.queue && job === group.job))
      .reduce((sum, { count }) => sum + count, 0)
  return {
    // An earlier version beside this one may have made runs that no counter knows.
    total: (state) =>
      counterOf(state) || (hasRuns(sql, state) ? (isCounted ? 1 : Number.MAX_SAFE_INTEGER) : 0),
    groups: (state) => {
      if (state === 'completed') {
        const isOf = ({ queue, job }: RunGroup): boolean =>
          (filter.job ?? job) === job && (filter.queue ?? queue) === queue
        return isCounted ? counts.filter((count) => count.state === state && isOf(count)) : undefined
      }
      const found = isEnd(state) ? endedGroups(sql, state, filter) : liveGroups(sql, state, filter)
      return found.map((group) => ({ ...group, count: counterOf(state, group) || 1 }))
    },
    tagged: filter.tag === undefined ? 0 : taggedRuns(sql, filter.tag),
    inTime: (state) =>
      isTimed && isFiledByTime(state) && state !== 'blocked'
        ? changedIn(sql, state, times, maxInspectedRuns + 1).length
        : undefined,
  }
}

function hasRuns(sql: Sql, state: RunState): boolean {
  const ended = isEnd(state) ? 'IS NOT NULL' : 'IS NULL'
  return sql.get(`SELECT 1 FROM runs WHERE ended_at ${ended} AND state = ? LIMIT 1`, state) !== undefined
}

/** Up to more than any step could inspect. */
function taggedRuns(sql: Sql, tag: string): number {
  const query = `SELECT count(*) AS n FROM (SELECT 1 FROM tags WHERE tag = ? LIMIT ${2 * maxInspectedRuns})`
  return sql.get<{ n: number }>(query, tag)?.n ?? 0
}

function changedIn(sql: Sql, state: RunState, { from, before }: Times, limit: number): number[] {
  return sql
    .all<{ seq: number }>(
      `SELECT seq FROM runs ${indexedBy(sql, isEnd(state) ? 'runs_ended_times' : 'runs_waiting_times')}
       WHERE ${isEnd(state) ? endedButCompleted : waitingByTime} AND state = ? AND changed_at >= ? AND changed_at < ? LIMIT +?`,
      state,
      from,
      before,
      limit,
    )
    .map(({ seq }) => seq)
}

function heldBy(sql: Sql, worker: string): number[] {
  return sql
    .all<{ seq: number }>(
      `SELECT seq FROM runs WHERE lease IS NOT NULL AND lease IN (SELECT lease FROM workers WHERE name = ?) LIMIT ${maxHeldRuns}`,
      worker,
    )
    .map(({ seq }) => seq)
}
