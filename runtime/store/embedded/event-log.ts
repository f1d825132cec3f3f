import type { RunState } from '../../model/run.ts'
import type { RunId } from '../../model/run-id.ts'
import { retainedTransitions } from '../events.ts'
import type { Sql } from './database.ts'
import type { Move, Transaction } from './transaction.ts'

/*
 * The log of transitions, in rows of many: a row per event would cost every claim as much as its runs.
 * E1  A row is named by the number of its last event. Numbers have no gaps, over this log and that of operations.
 * E2  The newest row names the newest event of both logs: one without groups represents an operation. It is never
 * deleted, so no number is used twice, even by the previous version, which has no log of operations.
 */

const maxPerRow = 500
/** After this many events the oldest are deleted, at most this many more than have come. */
const trim = { every: 100, more: 400 } as const

/** Consecutive events that differ only in their run: a claim of 100 runs is little more than 100 ids. */
export type EventGroup = [
  job: string,
  queue: string,
  transition: Move['transition'],
  state: RunState,
  ...runs: RunId[],
]

/** A row that represents an operation (E2). */
export const noGroups = '[]'

/** Writes the transitions of the transaction so far, or the rest of them before its commit. */
export function writeEvents(tx: Transaction): void {
  const moves = tx.loggedMoves === 0 ? tx.moves : tx.moves.slice(tx.loggedMoves)
  if (moves.length === 0) return
  const before = newestNumber(tx.sql)
  for (let i = 0; i < moves.length; i += maxPerRow) {
    const part = moves.slice(i, i + maxPerRow)
    const groups = JSON.stringify(group(part))
    tx.sql.run('INSERT INTO events VALUES (?, ?, ?)', before + i + part.length, tx.now, groups)
  }
  tx.loggedMoves = tx.moves.length
  const last = before + moves.length
  if (Math.floor(before / trim.every) !== Math.floor(last / trim.every)) dropOldest(tx, before, last)
}

function group(moves: readonly Move[]): EventGroup[] {
  const groups: EventGroup[] = []
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

function dropOldest(tx: Transaction, before: number, last: number): void {
  const oldest = tx.sql.get<{ last: number; at: number }>('SELECT last, at FROM events ORDER BY last LIMIT 1')
  if (oldest === undefined) return
  const atMost = Math.min(last - 1, oldest.last + (last - before) + trim.more)
  const tooOld = tx.now - retainedTransitions.ms
  const to = Math.max(last - retainedTransitions.count, oldest.at < tooOld ? agedTo(tx, atMost, tooOld) : 0)
  if (to >= oldest.last) tx.sql.run('DELETE FROM events WHERE last <= ?', Math.min(to, atMost))
}

function agedTo(tx: Transaction, atMost: number, tooOld: number): number {
  const found = tx.sql.get<{ to: number | null }>(
    'SELECT max(last) AS "to" FROM events WHERE last <= ? AND at < ?',
    atMost,
    tooOld,
  )
  return found?.to ?? 0
}

/** The number of the newest event of both logs, 0 without any. */
export function newestNumber(sql: Sql): number {
  return sql.get<{ last: number | null }>('SELECT max(last) AS last FROM events')?.last ?? 0
}
