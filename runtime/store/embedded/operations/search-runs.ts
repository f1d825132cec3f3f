import { isEnd, type Run, type RunState, runStates } from '../../../model/run.ts'
import { maxInspectedRuns, type RunPage, type RunQuery } from '../../run-filter.ts'
import { isFiledByTime, planRuns, type RunFacts, type RunGroup } from '../../run-plan.ts'
import {
  matchesRecord,
  parseRunQuery,
  type RunPosition,
  type RunSearch,
  type SearchStep,
  searchRuns,
} from '../../run-search.ts'
import type { Sql } from '../database.ts'
import { inspectRunCounts, readRecountedAt } from '../run-counts.ts'
import { toRun, viewColumns, viewTables } from '../run-row.ts'
import {
  allRuns,
  endedButCompleted,
  endedGroups,
  liveGroups,
  mergeStreams,
  type RunStream,
  streamsOf,
  waitingByTime,
} from '../run-streams.ts'
import { type Moment, storeTimeOf } from '../store-clock.ts'

type ViewRow = Parameters<typeof toRun>[0]
type Bounds = { readonly atMost: number; readonly wanted: number }

const stepBytes = 1_048_576
/** As many held runs are put in order by time. */
const maxHeldRuns = 20_000

/** Runs by filter, order and cursor. */
export function inspectRuns(sql: Sql, moment: Moment, query: RunQuery): Promise<RunPage> {
  const search = parseRunQuery(query)
  const times = timesOf(search, moment)
  const place = { sql, moment, search, times }
  if (search.order === 'longest') {
    const held = heldByTime(place)
    const streams = search.states.includes('ready') ? streamsOf(sql, { kind: 'ready' }, search.filter) : []
    return searchRuns(search, (position, bounds) =>
      inspectLongest(place, { held, streams }, position, bounds),
    )
  }
  const { streams, given } = readByNumber(place)
  return searchRuns(search, (position, bounds) =>
    inspectByNumber(place, { streams, given }, position, bounds),
  )
}

interface Place {
  readonly sql: Sql
  readonly moment: Moment
  readonly search: RunSearch
  readonly times: Times
}

/** Bounds of a run's last change, in the store's time. */
interface Times {
  readonly from: number
  readonly before: number
}

function timesOf({ filter }: RunSearch, moment: Moment): Times {
  const { since, before, minAgeMs } = filter
  const youngest = minAgeMs === undefined ? Number.POSITIVE_INFINITY : moment.now - minAgeMs + 1
  const until = before === undefined ? Number.POSITIVE_INFINITY : storeTimeOf(moment, before)
  return {
    from: since === undefined ? 0 : Math.max(0, Math.ceil(storeTimeOf(moment, since))),
    before: Math.max(0, Math.ceil(Math.min(youngest, until, Number.MAX_SAFE_INTEGER))),
  }
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
  const isTimed = times.from > 0 || times.before < Number.MAX_SAFE_INTEGER
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
  const query = 'SELECT count(*) AS n FROM (SELECT 1 FROM tags WHERE tag = ? LIMIT 10000)'
  return sql.get<{ n: number }>(query, tag)?.n ?? 0
}

function changedIn(sql: Sql, state: RunState, { from, before }: Times, limit: number): number[] {
  return sql
    .all<{ seq: number }>(
      `SELECT seq FROM runs INDEXED BY ${isEnd(state) ? 'runs_ended_times' : 'runs_waiting_times'}
       WHERE ${isEnd(state) ? endedButCompleted : waitingByTime} AND state = ? AND changed_at >= ? AND changed_at < ? LIMIT ?`,
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

interface Candidate {
  readonly seq: number
  readonly at: number
}

/** Held runs by time: as many as this host has slots. */
function heldByTime({ sql, search: { filter, states } }: Place): Candidate[] {
  if (!states.includes('running') && !states.includes('cancelling')) return []
  const of = filter.worker === undefined ? '' : ' AND lease IN (SELECT lease FROM workers WHERE name = ?)'
  return sql.all<Candidate & { at: number }>(
    `SELECT seq, changed_at AS at FROM runs WHERE lease IS NOT NULL${of} ORDER BY changed_at, seq LIMIT ${maxHeldRuns}`,
    ...(filter.worker === undefined ? [] : [filter.worker]),
  )
}

function inspectByNumber(
  place: Place,
  { streams, given }: { readonly streams: readonly RunStream[]; readonly given: readonly number[] },
  position: RunPosition,
  { atMost, wanted }: Bounds,
): SearchStep {
  const newestFirst = place.search.order === 'newest'
  const { seqs, isAll } = mergeStreams(place.sql, streams, { from: position.seq, atMost, newestFirst }, given)
  const runs: Run[] = []
  let [looked, bytes] = [0, 0]
  for (const seq of seqs) {
    if (runs.length === wanted || bytes >= stepBytes) break
    looked++
    const run = readFitting(place, seq)
    if (run === undefined) continue
    runs.push(run)
    bytes += bytesOf(run)
  }
  const last = seqs[looked - 1] ?? position.seq
  return { looked, runs, bytes, position: { ...position, seq: last }, ended: isAll && looked === seqs.length }
}

interface Head {
  readonly state: RunState
  readonly job: string
  readonly queue: string
  readonly changed_at: number
  readonly enqueued_at: number
}

function readHead(sql: Sql, seq: number): Head | undefined {
  return sql.get<Head>('SELECT state, job, queue, changed_at, enqueued_at FROM runs WHERE seq = ?', seq)
}

/** The run if it fits the filter. */
function readFitting({ sql, moment, search, times }: Place, seq: number): Run | undefined {
  const { filter, states } = search
  const head = readHead(sql, seq)
  const fits =
    head !== undefined &&
    states.includes(head.state) &&
    (filter.job ?? head.job) === head.job &&
    (filter.queue ?? head.queue) === head.queue &&
    head.changed_at >= times.from &&
    head.changed_at < times.before
  if (!fits) return undefined
  // Where the text decides, outputs are read only of runs that match.
  const isLean = filter.text !== undefined && head.state === 'completed'
  const run = readView(sql, moment, seq, isLean ? leanColumns : viewColumns)
  if (run === undefined || !matchesRecord(run, search)) return undefined
  return isLean ? readView(sql, moment, seq, viewColumns) : run
}

const leanColumns: string = viewColumns.replace('payloads.output', 'NULL AS output')

function readView(sql: Sql, moment: Moment, seq: number, columns: string): Run | undefined {
  const row = sql.get<ViewRow>(`SELECT ${columns} FROM ${viewTables} WHERE runs.seq = ?`, seq)
  return row && toRun(row, moment)
}

function bytesOf(run: Run): number {
  return 500 + (run.state === 'completed' ? (run.output?.length ?? 0) : 0)
}

/**
 * Merges runs by the time they came into their state with ready ones that are ready since their enqueue, which is as old
 * as their number says.
 */
function inspectLongest(
  place: Place,
  { held, streams }: { readonly held: readonly Candidate[]; readonly streams: readonly RunStream[] },
  from: RunPosition,
  { atMost, wanted }: Bounds,
): SearchStep {
  const { sql, times } = place
  const { timed, isAllTimed } = nextByTime(place, held, from, atMost)
  const fresh = mergeStreams(sql, streams, { from: from.fresh, atMost, newestFirst: false })
  const runs: Run[] = []
  let [looked, bytes, t, f] = [0, 0, 0, 0]
  let position = from
  let [isTimedOver, isFreshOver] = [false, false]
  while (looked < atMost && runs.length < wanted && bytes < stepBytes) {
    const byTime = isTimedOver ? undefined : timed[t]
    const seq = isFreshOver ? undefined : fresh.seqs[f]
    // What comes next is not known.
    if (byTime === undefined && !isTimedOver && !isAllTimed) break
    if (seq === undefined && !isFreshOver && !fresh.isAll) break
    if (byTime === undefined && seq === undefined) break
    const freshAt = seq === undefined ? undefined : freshTime(sql, seq)
    // All behind it in its place are too young as well.
    isTimedOver ||= byTime !== undefined && byTime.at >= times.before
    isFreshOver ||= typeof freshAt === 'number' && freshAt >= times.before
    if ((byTime !== undefined && isTimedOver) || (seq !== undefined && isFreshOver)) continue
    looked++
    let next: number | undefined
    if (seq !== undefined && (freshAt === undefined || comesFirst({ seq, at: freshAt }, byTime))) {
      f++
      position = { ...position, fresh: seq }
      next = freshAt === undefined ? undefined : seq
    } else if (byTime !== undefined) {
      t++
      position = { ...position, ...byTime }
      next = byTime.seq
    }
    const run = next === undefined ? undefined : readFitting(place, next)
    if (run === undefined) continue
    runs.push(run)
    bytes += bytesOf(run)
  }
  const timedEnded = isTimedOver || (isAllTimed && t === timed.length)
  const freshEnded = isFreshOver || (fresh.isAll && f === fresh.seqs.length)
  return { looked, runs, bytes, position, ended: timedEnded && freshEnded }
}

function comesFirst(a: Candidate, b: Candidate | undefined): boolean {
  return b === undefined || a.at < b.at || (a.at === b.at && a.seq < b.seq)
}

/** When a ready run came into its state, if that was its enqueue: others are found by time. */
function freshTime(sql: Sql, seq: number): number | undefined {
  const head = readHead(sql, seq)
  const isFresh = head?.state === 'ready' && head.changed_at === head.enqueued_at
  return isFresh ? head.changed_at : undefined
}

function nextByTime(
  { sql, search: { states } }: Place,
  held: readonly Candidate[],
  { at, seq }: RunPosition,
  atMost: number,
): { readonly timed: readonly Candidate[]; readonly isAllTimed: boolean } {
  const read = (state: RunState): Candidate[] =>
    states.includes(state)
      ? sql.all<Candidate & { at: number }>(
          `SELECT seq, changed_at AS at FROM runs INDEXED BY runs_waiting_times
           WHERE ${waitingByTime} AND state = ? AND (changed_at, seq) > (?, ?) ORDER BY changed_at, seq LIMIT ?`,
          state,
          at,
          seq,
          atMost,
        )
      : []
  const [waiting, again] = [read('waiting'), read('ready')]
  const others = held.filter((run) => comesFirst({ at, seq }, run)).slice(0, atMost)
  const all = [...waiting, ...again, ...others].sort((a, b) => a.at - b.at || a.seq - b.seq)
  const isAllTimed = [waiting, again, others].every(({ length }) => length < atMost) && all.length <= atMost
  return { timed: all.slice(0, atMost), isAllTimed }
}
