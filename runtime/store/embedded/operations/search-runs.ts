import { isEnd, type RunState, runStates } from '../../../model/run.ts'
import { maxInspectedRuns, type RunFilter, type RunPage, type RunQuery } from '../../run-filter.ts'
import { isFiledByTime, planRuns, type RunFacts, type RunGroup } from '../../run-plan.ts'
import { maxHeldRuns, parseRunQuery, searchRuns } from '../../run-search.ts'
import type { Sql } from '../database.ts'
import { readRecountedAt } from '../run-counts.ts'
import {
  endedButCompleted,
  everyRun,
  groupsOf,
  indexedBy,
  merged,
  mergeStreams,
  type Reading,
  readingOf,
  waitingByTime,
} from '../run-streams.ts'
import type { Moment } from '../store-clock.ts'
import type { StoreFile } from '../store-file.ts'
import { endOfTime, inspectCandidates, type Place, type Times, timesOf } from './fitting-runs.ts'
import { heldByTime, inspectLongest } from './longest-runs.ts'
import { openStepFinder } from './open-steps.ts'

/** Returns runs by filter, order and cursor. */
export function inspectRuns(
  sql: Sql & Pick<StoreFile, 'snapshot'>,
  moment: Moment,
  query: RunQuery,
): Promise<RunPage> {
  const search = parseRunQuery(query)
  const place = { sql, moment, search, times: timesOf(search, moment), openStep: openStepFinder(sql, moment) }
  if (search.order === 'longest') {
    const held = heldByTime(place)
    const ready = search.states.includes('ready')
      ? readingOf(sql, { kind: 'ready' }, search.filter)
      : merged([])
    return searchRuns(search, (from, bounds) =>
      sql.snapshot(() => inspectLongest(place, { held, ready }, from, bounds)),
    )
  }
  const reading = readByNumber(place)
  const newestFirst = search.order === 'newest'
  return searchRuns(search, (from, bounds) =>
    sql.snapshot(() => {
      const { atMost } = bounds
      const { seqs, isAll } = mergeStreams(sql, reading, { from: from.seq, atMost, newestFirst })
      const candidates = seqs.map((seq) => ({ seq, position: { seq } })).values()
      return inspectCandidates(place, candidates, isAll, { from, ...bounds })
    }),
  )
}

function readByNumber(place: Place): Reading {
  const { sql, search, times } = place
  const { filter, states } = search
  const parts = [filter.job, filter.queue, filter.tag, filter.worker, filter.fingerprint, filter.limiter]
  const isNarrow = parts.some((part) => part !== undefined)
  if (!isNarrow && states.length === runStates.length) return everyRun
  const readings = planRuns(search, factsOf(place)).map((source): Reading => {
    if (source.kind === 'time') {
      return { streams: [], given: changedIn(sql, source.state, times, maxInspectedRuns) }
    }
    if (source.kind === 'held' && filter.worker !== undefined) {
      return { streams: [], given: heldBy(sql, filter.worker) }
    }
    return readingOf(sql, source, filter)
  })
  return merged(readings)
}

function factsOf({ sql, search: { filter }, times }: Place): RunFacts {
  const isCounted = readRecountedAt(sql) !== undefined
  const totals = isCounted ? countsByState(sql) : new Map<RunState, number>()
  const isTimed = times.from > 0 || times.before < endOfTime
  return {
    // An earlier version beside this one may have created runs that no counter knows.
    total: (state) =>
      totals.get(state) ?? (hasRuns(sql, state) ? (isCounted ? 1 : Number.MAX_SAFE_INTEGER) : 0),
    groups: (state) => {
      if (state === 'completed') return isCounted ? completedGroups(sql, filter, totals) : undefined
      const count = (group: Pick<RunGroup, 'queue' | 'job'>): number =>
        (isCounted ? countOf(sql, state, group) : 0) || 1
      return groupsOf(sql, state, filter)?.map((group) => ({ ...group, count: count(group) }))
    },
    tagged: () => (filter.tag === undefined ? 0 : taggedRuns(sql, filter.tag)),
    inTime: (state) =>
      isTimed && isFiledByTime(state) && state !== 'blocked'
        ? changedIn(sql, state, times, maxInspectedRuns + 1).length
        : undefined,
  }
}

/** None of them 0. */
function countsByState(sql: Sql): Map<RunState, number> {
  const rows = sql.all<{ state: RunState; n: number }>(
    'SELECT state, sum(n) AS n FROM run_counts WHERE n > 0 GROUP BY state',
  )
  return new Map(rows.map(({ state, n }) => [state, n]))
}

function countOf(sql: Sql, state: RunState, { queue, job }: Pick<RunGroup, 'queue' | 'job'>): number {
  const query = 'SELECT n FROM run_counts WHERE queue = ? AND job = ? AND state = ?'
  return sql.get<{ n: number }>(query, queue, job, state)?.n ?? 0
}

/** This many completed runs are compared with their counters: a few milliseconds. */
const comparedRuns = 50_000

/**
 * One group that the filter names suffices: completed runs are not read by group. That there is none is known only if
 * the counters have every completed run; an earlier version beside this one counts none of its runs.
 */
function completedGroups(
  sql: Sql,
  { job, queue }: RunFilter,
  totals: ReadonlyMap<RunState, number>,
): RunGroup[] | undefined {
  const named = [queue === undefined ? '' : 'AND queue = ?', job === undefined ? '' : 'AND job = ?'].join(' ')
  const values = [queue, job].filter((name) => name !== undefined)
  const group = sql.get<RunGroup>(
    `SELECT queue, job, n AS count FROM run_counts WHERE state = 'completed' AND n > 0 ${named} LIMIT 1`,
    ...values,
  )
  if (group !== undefined) return [group]
  const counted = totals.get('completed') ?? 0
  if (counted > comparedRuns) return undefined
  const stored = sql.get<{ n: number }>(
    `SELECT count(*) AS n FROM
       (SELECT 1 FROM runs WHERE ended_at IS NOT NULL AND state = 'completed' LIMIT ${comparedRuns + 1})`,
  )
  return stored?.n === counted ? [] : undefined
}

function hasRuns(sql: Sql, state: RunState): boolean {
  const ended = isEnd(state) ? 'IS NOT NULL' : 'IS NULL'
  return sql.get(`SELECT 1 FROM runs WHERE ended_at ${ended} AND state = ? LIMIT 1`, state) !== undefined
}

/** Reads up to more than any step could inspect. */
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
