import type { Run } from '../../../model/run.ts'
import type { RunFilter } from '../../run-filter.ts'
import { matchesRecord, type RunPosition, type RunSearch, type SearchStep } from '../../run-search.ts'
import type { Sql } from '../database.ts'
import { type RunRow, toRun, viewColumns, viewTables } from '../run-row.ts'
import { type Moment, storeTimeOf } from '../store-clock.ts'
import type { OpenStepFinder } from './open-steps.ts'

type ViewRow = Parameters<typeof toRun>[0]

/** A step ends after this many bytes of runs. */
const stepBytes = 1_048_576

/** The position and the filter of a search. */
export interface Place {
  readonly sql: Sql
  readonly moment: Moment
  readonly search: RunSearch
  readonly times: Times
  /** A lease's report of its steps is read once per search. */
  readonly openStep: OpenStepFinder
}

/** Bounds of a run's last change, in the store's time. */
export interface Times {
  readonly from: number
  readonly before: number
}

export const endOfTime: number = Number.MAX_SAFE_INTEGER

export function timesOf({ filter }: RunSearch, moment: Moment): Times {
  const { since, before, minAgeMs } = filter
  const youngest = minAgeMs === undefined ? endOfTime : moment.now - minAgeMs + 1
  const until = before === undefined ? endOfTime : storeTimeOf(moment, before)
  return {
    from: since === undefined ? 0 : Math.max(0, Math.ceil(storeTimeOf(moment, since))),
    before: Math.max(0, Math.ceil(Math.min(youngest, until, endOfTime))),
  }
}

/** The next run of a search, and the position after it. Without `seq`: skip it, the other source returns it. */
export interface Candidate {
  readonly seq?: number
  readonly position: Partial<RunPosition>
}

/** Inspects candidates in order. `isAll`: there are no more after the last of them. */
export function inspectCandidates(
  place: Place,
  candidates: Iterator<Candidate>,
  isAll: boolean,
  bounds: { readonly from: RunPosition; readonly atMost: number; readonly wanted: number },
): SearchStep {
  const runs: Run[] = []
  let [looked, bytes, position] = [0, 0, bounds.from]
  let next = candidates.next()
  while (!next.done && looked < bounds.atMost && runs.length < bounds.wanted && bytes < stepBytes) {
    const { seq } = next.value
    looked++
    position = { ...position, ...next.value.position }
    next = candidates.next()
    const run = seq === undefined ? undefined : readFitting(place, seq)
    if (run === undefined) continue
    runs.push(run)
    bytes += bytesOf(run)
  }
  return { looked, runs, bytes, position, ended: isAll && next.done === true }
}

type Head = Pick<RunRow, 'state' | 'job' | 'queue' | 'changed_at' | 'enqueued_at'>

export function readHead(sql: Sql, seq: number): Head | undefined {
  return sql.get<Head>('SELECT state, job, queue, changed_at, enqueued_at FROM runs WHERE seq = ?', seq)
}

/** Returns the run if it matches the filter. */
function readFitting(place: Place, seq: number): Run | undefined {
  const { sql, search, times } = place
  const { filter, states } = search
  const head = readHead(sql, seq)
  const fits =
    head !== undefined &&
    states.includes(head.state) &&
    (filter.job ?? head.job) === head.job &&
    (filter.queue ?? head.queue) === head.queue &&
    head.changed_at >= times.from &&
    head.changed_at < times.before &&
    isOnWaitlist(sql, seq, filter)
  if (!fits) return undefined
  // If the text decides, outputs are read only for matching runs.
  const isLean = filter.text !== undefined && head.state === 'completed'
  const run = readView(place, seq, isLean ? leanColumns : viewColumns)
  if (run === undefined || !matchesRecord(run, search)) return undefined
  return isLean ? readView(place, seq, viewColumns) : run
}

/** Returns whether the run waits for the limiter of the filter, if it names one. */
function isOnWaitlist(sql: Sql, seq: number, { limiter, limitKey }: RunFilter): boolean {
  if (limiter === undefined) return true
  const [where, ...values] = limitKey === undefined ? [''] : ['AND key = ?', limitKey]
  const query = `SELECT 1 FROM limit_lines WHERE seq = ? AND limiter = ? ${where} LIMIT 1`
  return sql.get(query, seq, limiter, ...values) !== undefined
}

const leanColumns: string = viewColumns.replace('payloads.output', 'NULL AS output')

function readView({ sql, moment, openStep }: Place, seq: number, columns: string): Run | undefined {
  const row = sql.get<ViewRow>(`SELECT ${columns} FROM ${viewTables} WHERE runs.seq = ?`, seq)
  return row && { ...toRun(row, moment), ...openStep(row) }
}

function bytesOf(run: Run): number {
  return 500 + (run.state === 'completed' ? (run.output?.length ?? 0) : 0)
}
