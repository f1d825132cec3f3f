import { retainedHours } from '../statistics.ts'
import { addCell, type CellBody, emptyBody } from './cell-body.ts'
import type { Sql } from './database.ts'
import type { Transaction } from './transaction.ts'

/*
 * Cells of hours.
 * H1  An hour's cell is the sum of those cells of its minutes that have `inHour`. All cells up to the one that
 * `rolled_to` names have it, so hours and the minutes from there on are exact at any time.
 * H2  The first transition of a later minute adds finished minutes: other transitions write no hour.
 */

export const hourMs = 3_600_000
const retainedMs = retainedHours * hourMs
/** More than one per new cell, so that the backlog of a crowded minute shrinks too. */
const perNewCell = 10

interface MinuteCell {
  readonly minute: number
  readonly queue: string
  readonly job: string
}

/**
 * Adds some minutes before this one to their hours. Returns the first minute that may have cells outside of their
 * hours.
 */
export function rollMinutes(tx: Transaction, minute: number): number {
  const from = lastRolled(tx.sql)
  const finished = tx.sql.all<MinuteCell & { body: string }>(
    `SELECT * FROM throughput WHERE (minute, queue, job) > (?, ?, ?) AND minute < ?
     ORDER BY minute, queue, job LIMIT ${perNewCell}`,
    from.minute,
    from.queue,
    from.job,
    minute,
  )
  for (const { body, ...cell } of finished) roll(tx, cell, JSON.parse(body) as CellBody)
  // If the clock was set back to this minute, passed cells have `inHour` already.
  const next = finished[perNewCell - 1] ?? { minute, queue: '', job: '' }
  tx.sql.run('INSERT OR REPLACE INTO rolled_to VALUES (1, ?, ?, ?)', next.minute, next.queue, next.job)
  return next.minute
}

/** The cell up to which all are in their hours. */
export function lastRolled(sql: Sql): MinuteCell {
  const found = sql.get<MinuteCell>('SELECT minute, queue, job FROM rolled_to')
  return found ?? { minute: 0, queue: '', job: '' }
}

function roll(tx: Transaction, cell: MinuteCell, body: CellBody): void {
  if (body.inHour) return
  addToHour(tx, cell, body)
  tx.sql.run(
    'UPDATE throughput SET body = ? WHERE minute = ? AND queue = ? AND job = ?',
    JSON.stringify({ ...body, inHour: true }),
    cell.minute,
    cell.queue,
    cell.job,
  )
}

export function addToHour(tx: Transaction, { minute, queue, job }: MinuteCell, added: CellBody): void {
  const hour = Math.floor(minute / hourMs) * hourMs
  const stored = tx.sql.get<{ body: string }>(
    'SELECT body FROM hours WHERE hour = ? AND queue = ? AND job = ?',
    hour,
    queue,
    job,
  )
  if (stored === undefined) trim(tx, hour)
  const body = stored === undefined ? emptyBody() : (JSON.parse(stored.body) as CellBody)
  addCell(body, added)
  tx.sql.run(
    'INSERT INTO hours VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body',
    hour,
    queue,
    job,
    JSON.stringify(body),
  )
}

/** Old cells are deleted as new ones come, and so are those of a clock that ran far ahead. */
function trim(tx: Transaction, hour: number): void {
  tx.sql.run(
    `DELETE FROM hours WHERE (hour, queue, job) IN
       (SELECT hour, queue, job FROM hours WHERE hour <= ? OR hour > ? LIMIT ${perNewCell})`,
    hour - retainedMs,
    hour + retainedMs,
  )
}
