import type { SQLInputValue } from 'node:sqlite'
import { isEnd, type RunState } from '../../model/run.ts'
import type { RunFilter } from '../run-filter.ts'
import type { RunGroup, RunSource } from '../run-plan.ts'
import type { Sql } from './database.ts'

/*
 * Runs by their number, from several indexes at once.
 */

/** Numbers of runs that an index has in order: a table and the condition that the index answers. */
export interface RunStream {
  readonly table: string
  readonly where: string
  readonly values: readonly SQLInputValue[]
}

/** Conditions of partial indexes (schema.ts), which a query has to repeat: `runs_ended_groups` and `runs_ended_times` … */
export const endedButCompleted = "ended_at IS NOT NULL AND state <> 'completed'"
/** … and `runs_waiting_times`. */
export const waitingByTime = "(changed_at <> enqueued_at AND state = 'ready' OR state = 'waiting')"

/** Names the index to use; a file that is only read may lack it, as an earlier version left it. */
export function indexedBy(sql: Sql, index: string): string {
  const known = sql.get("SELECT 1 FROM sqlite_schema WHERE type = 'index' AND name = ?", index)
  return known === undefined ? '' : `INDEXED BY ${index}`
}

/** Runs of one job in one state in one queue. */
function groupStream(state: RunState, { queue, job }: Pick<RunGroup, 'queue' | 'job'>): RunStream {
  const where = `${isEnd(state) ? endedButCompleted : 'ended_at IS NULL'} AND state = ? AND queue = ? AND job = ?`
  return { table: 'runs', where, values: [state, queue, job] }
}

export const allRuns: RunStream = { table: 'runs', where: 'true', values: [] }

/** The streams of a source. */
export function streamsOf(sql: Sql, source: RunSource, filter: RunFilter): readonly RunStream[] {
  const groups = (...states: RunState[]): RunStream[] =>
    states.flatMap((state) => liveGroups(sql, state, filter).map((group) => groupStream(state, group)))
  switch (source.kind) {
    case 'tag':
      return [{ table: 'tags', where: 'tag = ?', values: [source.tag] }]
    case 'fingerprint':
      return [
        {
          table: 'runs',
          where: "fingerprint IS NOT NULL AND state = 'failed' AND fingerprint = ?",
          values: [source.fingerprint],
        },
      ]
    case 'group':
      return [groupStream(source.state, source)]
    case 'state':
      return isEnd(source.state)
        ? [{ table: 'runs', where: 'ended_at IS NOT NULL AND state = ?', values: [source.state] }]
        : groups(source.state)
    case 'ready':
      return groups('ready')
    default:
      return groups('running', 'cancelling')
  }
}

/** The groups of a state whose runs live, by its index: each is found behind the one before. */
export function liveGroups(
  sql: Sql,
  state: RunState,
  filter: Pick<RunFilter, 'job' | 'queue'>,
): Pick<RunGroup, 'queue' | 'job'>[] {
  return groupsBehind(sql, 'ended_at IS NULL', state, filter)
}

/** The groups of an end state but completed. */
export function endedGroups(
  sql: Sql,
  state: RunState,
  filter: Pick<RunFilter, 'job' | 'queue'>,
): Pick<RunGroup, 'queue' | 'job'>[] {
  return groupsBehind(sql, endedButCompleted, state, filter)
}

function groupsBehind(
  sql: Sql,
  index: string,
  state: RunState,
  filter: Pick<RunFilter, 'job' | 'queue'>,
): Pick<RunGroup, 'queue' | 'job'>[] {
  type Group = Pick<RunGroup, 'queue' | 'job'>
  const found: Group[] = []
  // Of `(queue, job) > (?, ?)` SQLite seeks the queue alone, and reads its runs up to the job.
  const next = (behind: string, ...values: string[]): Group | undefined =>
    sql.get<Group>(
      `SELECT queue, job FROM runs WHERE ${index} AND state = ? AND ${behind} ORDER BY queue, job LIMIT 1`,
      state,
      ...values,
    )
  for (let last: Group = { queue: filter.queue ?? '', job: '' }; ; ) {
    const inQueue = next('queue = ? AND job > ?', last.queue, last.job)
    const group = inQueue ?? (filter.queue === undefined ? next('queue > ?', last.queue) : undefined)
    if (group === undefined) return found
    if (filter.job === undefined || filter.job === group.job) found.push(group)
    last = group
  }
}

interface Reading {
  readonly stream: RunStream
  last: number
  ended: boolean
  atOnce: number
}

/** The first `atMost` numbers behind one, and whether there are no more. `given`: numbers from elsewhere, in order. */
export function mergeStreams(
  sql: Sql,
  streams: readonly RunStream[],
  {
    from,
    atMost,
    newestFirst,
  }: { readonly from: number; readonly atMost: number; readonly newestFirst: boolean },
  given: readonly number[] = [],
): { readonly seqs: readonly number[]; readonly isAll: boolean } {
  const isBehind = (a: number, b: number): boolean => (newestFirst ? a < b : a > b)
  const found = given.filter((seq) => isBehind(seq, from))
  const atOnce = Math.ceil(atMost / Math.max(1, streams.length)) + 1
  const readings: Reading[] = streams.map((stream) => ({ stream, last: from, ended: false, atOnce }))
  for (const reading of readings) found.push(...readOn(sql, reading, newestFirst))
  for (;;) {
    // Behind its last number a stream may have runs that were not read.
    const first = readings
      .filter(({ ended }) => !ended)
      .reduce<Reading | undefined>((a, b) => (a === undefined || isBehind(a.last, b.last) ? b : a), undefined)
    const sure = first === undefined ? found : found.filter((seq) => !isBehind(seq, first.last))
    if (first === undefined || sure.length >= atMost) {
      const seqs = [...new Set(found)].sort((a, b) => (newestFirst ? b - a : a - b))
      return { seqs: seqs.slice(0, atMost), isAll: first === undefined && seqs.length <= atMost }
    }
    found.push(...readOn(sql, first, newestFirst))
  }
}

function readOn(sql: Sql, reading: Reading, newestFirst: boolean): number[] {
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
