import { type HistogramSum, maxBuckets } from '../duration-histogram.ts'
import { checkMinutes } from '../read-limits.ts'
import { type ThroughputCell, throughputMinutes } from '../store.ts'
import { beginPeriods } from './backlog-samples.ts'
import { addCell, type CellBody, countsOf, emptyBody } from './cell-body.ts'
import type { Sql } from './database.ts'
import { addToHour, rollMinutes } from './hour-cells.ts'
import type { Move, Transaction } from './transaction.ts'

const minuteMs = 60_000
const retainedMs = throughputMinutes * minuteMs
/** How many old cells are deleted per new one: more than one, so that the backlog of a crowded hour shrinks too. */
const trimmedPerNewCell = 10

interface OpenCell {
  readonly queue: string
  readonly job: string
  /** As it is stored. */
  readonly stored: CellBody
  /** The counts that this transaction adds. */
  readonly added: CellBody
}

/** Adds the transaction's transitions to the cells of its minute, before its commit. */
export function writeThroughput(tx: Transaction): void {
  const minute = minuteOf(tx.wall)
  const cells = new Map<string, OpenCell>()
  for (const move of tx.moves) {
    const { queue, job } = move.run
    const key = `${queue}\0${job}`
    let cell = cells.get(key)
    if (cell === undefined) {
      cell = { queue, job, stored: openCell(tx, minute, queue, job), added: emptyBody() }
      cells.set(key, cell)
    }
    count(cell.added, move)
  }
  for (const { queue, job, stored, added } of cells.values()) {
    addCell(stored, added)
    // The clock was set back to a minute that is in its hour already.
    if (stored.inHour) addToHour(tx, { minute, queue, job }, added)
    tx.sql.run(
      'INSERT INTO throughput VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body',
      minute,
      queue,
      job,
      JSON.stringify(stored),
    )
  }
}

function openCell(tx: Transaction, minute: number, queue: string, job: string): CellBody {
  const stored = tx.sql.get<{ body: string }>(
    'SELECT body FROM throughput WHERE minute = ? AND queue = ? AND job = ?',
    minute,
    queue,
    job,
  )
  if (stored !== undefined) return JSON.parse(stored.body) as CellBody
  beginPeriods(tx, minute)
  trim(tx, minute, rollMinutes(tx, minute))
  return emptyBody()
}

/** Old cells that are in their hours are deleted as new ones come, and so are those of a clock that ran far ahead. */
function trim(tx: Transaction, minute: number, rolledTo: number): void {
  tx.sql.run(
    `DELETE FROM throughput WHERE (minute, queue, job) IN
       (SELECT minute, queue, job FROM throughput WHERE minute <= ? OR minute > ? LIMIT ${trimmedPerNewCell})`,
    Math.min(minute - retainedMs, rolledTo - minuteMs),
    minute + retainedMs,
  )
}

function count({ counts, wait, run, total }: CellBody, { from, transition, inStateMs, totalMs }: Move): void {
  counts[transition] = (counts[transition] ?? 0) + 1
  if (transition === 'claim') addDuration(wait, inStateMs)
  // An execution that was told to stop has not ended yet, and its duration means nothing for the job.
  if (from === 'running' && transition !== 'order cancel') addDuration(run, inStateMs)
  if (total !== undefined && totalMs !== undefined) addDuration(total, totalMs)
}

function addDuration(histogram: HistogramSum, ms: number): void {
  histogram.sumMs += ms
  const { buckets } = histogram
  const bucket = Math.min(bitLength(ms), maxBuckets - 1)
  while (buckets.length <= bucket) buckets.push(0)
  buckets[bucket] = (buckets[bucket] ?? 0) + 1
}

/** By bits and not by logarithm, which is inexact at the bounds of buckets. */
function bitLength(ms: number): number {
  const high = Math.floor(ms / 2 ** 32)
  return high > 0 ? 64 - Math.clz32(high) : 32 - Math.clz32(ms)
}

/** @throws InvalidOptionsError if this many minutes are not kept. */
export function readThroughput(sql: Sql, now: number, minutes: number): ThroughputCell[] {
  checkMinutes(minutes)
  const current = minuteOf(now)
  const rows = sql.all<{ minute: number; queue: string; job: string; body: string }>(
    'SELECT * FROM throughput WHERE minute > ? AND minute <= ? ORDER BY minute, queue, job',
    current - minutes * minuteMs,
    current,
  )
  return rows.map(({ minute, queue, job, body }) => ({ minute, queue, job, ...countsOf(body) }))
}

function minuteOf(at: number): number {
  return Math.floor(at / minuteMs) * minuteMs
}
