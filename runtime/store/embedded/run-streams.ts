import type { SQLInputValue } from 'node:sqlite'
import { isEnd, type RunState } from '../../model/run.ts'
import type { RunFilter } from '../run-filter.ts'
import type { RunGroup, RunSource } from '../run-plan.ts'
import type { Sql } from './database.ts'

/* Runs by their number, from several indexes at once. */

/** Numbers of runs that an index has in order: a table and the condition that the index covers. */
interface RunStream {
  readonly table: string
  readonly where: string
  readonly values: readonly SQLInputValue[]
}

/** Conditions of partial indexes (schema.ts), which a query has to repeat: `runs_ended_groups` and `runs_ended_times` … */
export const endedButCompleted = "ended_at IS NOT NULL AND state <> 'completed'"
/** … and `runs_waiting_times`. */
export const waitingByTime = "(changed_at <> enqueued_at AND state = 'ready' OR state = 'waiting')"

/** Names the index to use; a read-only file of an earlier version may lack it. */
export function indexedBy(sql: Sql, index: string): string {
  const known = sql.get("SELECT 1 FROM sqlite_schema WHERE type = 'index' AND name = ?", index)
  return known === undefined ? '' : `INDEXED BY ${index}`
}

/** Runs of one job in one state in one queue. */
function groupStream(state: RunState, { queue, job }: Pick<RunGroup, 'queue' | 'job'>): RunStream {
  const where = `${isEnd(state) ? endedButCompleted : 'ended_at IS NULL'} AND state = ? AND queue = ? AND job = ?`
  return { table: 'runs', where, values: [state, queue, job] }
}

const allRuns: RunStream = { table: 'runs', where: 'true', values: [] }

/** The sources of a search by number: runs of streams, and numbers that were read before. */
export interface Reading {
  readonly streams: readonly RunStream[]
  readonly given: readonly number[]
}

export const everyRun: Reading = { streams: [allRuns], given: [] }

/** Groups are found one by one: at most this many, in a few milliseconds. */
const maxVisitedGroups = 200
/** With more groups, up to this many live runs of a state are sorted here. */
const maxSortedRuns = 10_000

/** Returns the streams of a source. */
export function readingOf(sql: Sql, source: RunSource, filter: RunFilter): Reading {
  switch (source.kind) {
    case 'tag':
      return only({ table: 'tags', where: 'tag = ?', values: [source.tag] })
    case 'fingerprint':
      return only({
        table: 'runs',
        where: "fingerprint IS NOT NULL AND state = 'failed' AND fingerprint = ?",
        values: [source.fingerprint],
      })
    case 'group':
      return only(groupStream(source.state, source))
    case 'waitlist':
      return waitlistReading(sql, source)
    case 'state':
      return isEnd(source.state)
        ? only({ table: 'runs', where: 'ended_at IS NOT NULL AND state = ?', values: [source.state] })
        : liveRuns(sql, source.state, filter)
    case 'ready':
      return liveRuns(sql, 'ready', filter)
    default:
      return merged([liveRuns(sql, 'running', filter), liveRuns(sql, 'cancelling', filter)])
  }
}

/**
 * For a limiter by its own index; for one of its keys by priority, each of which has its waiters by number: there are
 * as many streams as priorities in use.
 */
function waitlistReading(
  sql: Sql,
  { limiter, key }: Extract<RunSource, { readonly kind: 'waitlist' }>,
): Reading {
  if (key === undefined) return only({ table: 'limit_lines', where: 'limiter = ?', values: [limiter] })
  const streams: RunStream[] = []
  for (let below = Number.MAX_SAFE_INTEGER; ; ) {
    const next = sql.get<{ priority: number }>(
      `SELECT priority FROM limit_lines WHERE limiter = ? AND key = ? AND priority < ?
       ORDER BY priority DESC LIMIT 1`,
      ...[limiter, key, below],
    )
    if (next === undefined) return { streams, given: [] }
    below = next.priority
    const where = 'limiter = ? AND key = ? AND priority = ?'
    streams.push({ table: 'limit_lines', where, values: [limiter, key, below] })
  }
}

function only(stream: RunStream): Reading {
  return { streams: [stream], given: [] }
}

/** Returns all runs of some readings, each once. */
export function merged(readings: readonly Reading[]): Reading {
  if (readings.includes(everyRun)) return everyRun
  return {
    streams: readings.flatMap(({ streams }) => streams),
    given: readings.flatMap(({ given }) => given),
  }
}

/** By groups; with more groups than can be merged, the numbers; with too many runs for that, every run in any state. */
function liveRuns(sql: Sql, state: RunState, filter: RunFilter): Reading {
  const groups = groupsOf(sql, state, filter)
  if (groups !== undefined) return { streams: groups.map((group) => groupStream(state, group)), given: [] }
  const { queue, job } = filter
  const query = `FROM runs WHERE ended_at IS NULL AND state = ? ${queue === undefined ? '' : 'AND queue = ?'} LIMIT +?`
  const values = [state, ...(queue === undefined ? [] : [queue]), maxSortedRuns + 1]
  const all = sql.get<{ n: number }>(`SELECT count(*) AS n FROM (SELECT 1 ${query})`, ...values)
  if (all === undefined || all.n > maxSortedRuns) return everyRun
  const rows = sql.all<{ seq: number }>(
    `SELECT seq FROM (SELECT seq, job ${query}) ${job === undefined ? '' : 'WHERE job = ?'}`,
    ...values,
    ...(job === undefined ? [] : [job]),
  )
  return { streams: [], given: rows.map(({ seq }) => seq) }
}

type Group = Pick<RunGroup, 'queue' | 'job'>

/**
 * Returns the groups of a state except completed that a filter names, by the index of its runs: each is found after the
 * previous one. Undefined if there are too many.
 */
export function groupsOf(
  sql: Sql,
  state: RunState,
  filter: Pick<RunFilter, 'job' | 'queue'>,
): Group[] | undefined {
  const index = isEnd(state) ? endedButCompleted : 'ended_at IS NULL'
  // For `(queue, job) > (?, ?)` SQLite seeks only by the queue, and reads its runs up to the job.
  const next = (behind: string, ...values: string[]): Group | undefined =>
    sql.get<Group>(
      `SELECT queue, job FROM runs WHERE ${index} AND state = ? AND ${behind} ORDER BY queue, job LIMIT 1`,
      state,
      ...values,
    )
  const found: Group[] = []
  let last: Group = { queue: filter.queue ?? '', job: '' }
  for (let visited = 0; visited <= maxVisitedGroups; visited++) {
    const inQueue = next('queue = ? AND job > ?', last.queue, last.job)
    const group = inQueue ?? (filter.queue === undefined ? next('queue > ?', last.queue) : undefined)
    if (group === undefined) return found
    if (filter.job === undefined || filter.job === group.job) found.push(group)
    last = group
  }
  return undefined
}

interface StreamReading {
  readonly stream: RunStream
  last: number
  ended: boolean
  atOnce: number
}

/** Returns the first `atMost` numbers after one, and whether there are no more. */
export function mergeStreams(
  sql: Sql,
  { streams, given }: Reading,
  {
    from,
    atMost,
    newestFirst,
  }: { readonly from: number; readonly atMost: number; readonly newestFirst: boolean },
): { readonly seqs: readonly number[]; readonly isAll: boolean } {
  const isBehind = (a: number, b: number): boolean => (newestFirst ? a < b : a > b)
  // Each run once: with several steps or keys a run is on waitlists several times. The count below is of runs.
  const found = new Set(given.filter((seq) => isBehind(seq, from)))
  const add = (seqs: readonly number[]): void => {
    for (const seq of seqs) found.add(seq)
  }
  const atOnce = Math.ceil(atMost / Math.max(1, streams.length)) + 1
  const readings: StreamReading[] = streams.map((stream) => ({ stream, last: from, ended: false, atOnce }))
  for (const reading of readings) add(readOn(sql, reading, newestFirst))
  for (;;) {
    // After its last number a stream may have runs that were not read.
    const first = readings
      .filter(({ ended }) => !ended)
      .reduce<StreamReading | undefined>(
        (a, b) => (a === undefined || isBehind(a.last, b.last) ? b : a),
        undefined,
      )
    const sure = first === undefined ? [] : [...found].filter((seq) => !isBehind(seq, first.last))
    if (first === undefined || sure.length >= atMost) {
      const seqs = [...found].sort((a, b) => (newestFirst ? b - a : a - b))
      return { seqs: seqs.slice(0, atMost), isAll: first === undefined && seqs.length <= atMost }
    }
    add(readOn(sql, first, newestFirst))
  }
}

function readOn(sql: Sql, reading: StreamReading, newestFirst: boolean): number[] {
  const { table, where, values } = reading.stream
  const rows = sql.all<{ seq: number }>(
    `SELECT seq FROM ${table} WHERE ${where} AND seq ${newestFirst ? '<' : '>'} ?
     ORDER BY seq ${newestFirst ? 'DESC' : ''} LIMIT +?`,
    ...values,
    reading.last,
    reading.atOnce,
  )
  if (rows.length < reading.atOnce) reading.ended = true
  reading.last = rows.at(-1)?.seq ?? reading.last
  reading.atOnce *= 2
  return rows.map(({ seq }) => seq)
}
