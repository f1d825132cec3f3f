import type { RunState } from '../../model/run.ts'
import type { RunId } from '../../model/run-id.ts'
import { checkEventLimit, parseCursor } from '../read-limits.ts'
import { keptEvents, type RunEvent } from '../store.ts'
import type { Sql } from './database.ts'
import { type Moment, shownAt } from './store-clock.ts'
import type { Move, Transaction } from './transaction.ts'

/*
 * What `events` tells, in one row per transaction: a row per event would cost every claim as much as its runs.
 * E1  Events are numbered without gaps; a row is named by the number of its last one, which is also its cursor
 * E2  The newest row is never deleted, so no number is given twice
 */

const mostPerRow = 500
/** How many events come between two deletions of the oldest. */
const trimEvery = 100

/** Events in a row that differ in their run only: a claim of 100 runs is little more than 100 ids. */
type Group = [job: string, queue: string, transition: Move['transition'], state: RunState, ...runs: RunId[]]

interface EventRow {
  readonly last: number
  readonly at: number
  readonly groups: string
}

/** Writes the transaction's events, before its commit. */
export function writeEvents(tx: Transaction): void {
  if (tx.moves.length === 0) return
  const before = newest(tx.sql)
  for (let i = 0; i < tx.moves.length; i += mostPerRow) {
    const moves = tx.moves.slice(i, i + mostPerRow)
    tx.sql.run(
      'INSERT INTO events VALUES (?, ?, ?)',
      before + i + moves.length,
      tx.now,
      JSON.stringify(group(moves)),
    )
  }
  trim(tx, before, before + tx.moves.length)
}

function group(moves: readonly Move[]): Group[] {
  const groups: Group[] = []
  let previous: Move | undefined
  for (const move of moves) {
    const open = previous !== undefined && isAlike(previous, move) ? groups.at(-1) : undefined
    if (open !== undefined) open.push(move.run.id)
    else groups.push([move.run.job, move.run.queue, move.transition, move.state, move.run.id])
    previous = move
  }
  return groups
}

function isAlike(a: Move, b: Move): boolean {
  return (
    a.transition === b.transition &&
    a.state === b.state &&
    a.run.job === b.run.job &&
    a.run.queue === b.run.queue
  )
}

/** As many go as come, a few at once; E2: a row that ends with `last` stays. */
function trim(tx: Transaction, before: number, last: number): void {
  if (Math.floor(before / trimEvery) === Math.floor(last / trimEvery)) return
  tx.sql.run('DELETE FROM events WHERE last <= ?', last - keptEvents)
}

/** @throws InvalidOptionsError for a cursor or a limit that can't be one. */
export function readEvents(
  sql: Sql,
  moment: Moment,
  { after, limit }: { readonly after?: string; readonly limit: number },
): RunEvent[] {
  checkEventLimit(limit)
  const from = after === undefined ? newest(sql) - limit : parseCursor(after)
  const rows = sql.all<EventRow>('SELECT * FROM events WHERE last > ? ORDER BY last LIMIT ?', from, limit)
  const page: RunEvent[] = []
  for (const row of rows) {
    if (page.length >= limit) break
    page.push(...decode(row, moment).filter(({ cursor }) => Number(cursor) > from))
  }
  return page.slice(0, limit)
}

function newest(sql: Sql): number {
  return sql.get<{ last: number | null }>('SELECT max(last) AS last FROM events')?.last ?? 0
}

function decode({ last, at: stored, groups }: EventRow, moment: Moment): RunEvent[] {
  const at = shownAt(moment, stored)
  const events = (JSON.parse(groups) as Group[]).flatMap(([job, queue, transition, state, ...runs]) =>
    runs.map((run) => ({ at, run, job, queue, transition, state })),
  )
  const before = last - events.length
  return events.map((event, i) => ({ cursor: String(before + i + 1), ...event }))
}
