import { retainedHours } from '../statistics.ts'
import { addCell, type CellBody, emptyBody } from './cell-body.ts'
import type { Transaction } from './transaction.ts'

/*
 * Cells of hours.
 * H1  An hour's cell is the sum of those cells of its minutes that say `inHour`. The others are rows of `unrolled`, so both
 *     together are exact at any time.
 * H2  A finished minute is added by the first transition of a later minute: a transition as such writes no hour.
 */

export const hourMs = 3_600_000
const retainedMs = retainedHours * hourMs
/** More than one per new cell, so that what a crowded minute left behind goes too. */
const perNewCell = 10

interface MinuteCell {
  readonly minute: number
  readonly queue: string
  readonly job: string
}

/** Adds some minutes before this one to their hours. */
export function rollMinutes(tx: Transaction, minute: number): void {
  const finished = tx.sql.all<MinuteCell>(
    'SELECT minute, queue, job FROM unrolled WHERE minute < ? ORDER BY minute, queue, job LIMIT ?',
    minute,
    perNewCell,
  )
  for (const cell of finished) roll(tx, cell)
}

function roll(tx: Transaction, cell: MinuteCell): void {
  const key = [cell.minute, cell.queue, cell.job] as const
  tx.sql.run('DELETE FROM unrolled WHERE minute = ? AND queue = ? AND job = ?', ...key)
  const stored = tx.sql.get<{ body: string }>(
    'SELECT body FROM throughput WHERE minute = ? AND queue = ? AND job = ?',
    ...key,
  )
  if (stored === undefined) return
  const body = JSON.parse(stored.body) as CellBody
  if (body.inHour) return
  addToHour(tx, cell, body)
  tx.sql.run(
    'UPDATE throughput SET body = ? WHERE minute = ? AND queue = ? AND job = ?',
    JSON.stringify({ ...body, inHour: true }),
    ...key,
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

/** Old cells go as new ones come, and so do those that a clock which ran far ahead has left. */
function trim(tx: Transaction, hour: number): void {
  tx.sql.run(
    `DELETE FROM hours WHERE (hour, queue, job) IN
       (SELECT hour, queue, job FROM hours WHERE hour <= ? OR hour > ? LIMIT ${perNewCell})`,
    hour - retainedMs,
    hour + retainedMs,
  )
}
