import { decodeValue } from '../../../model/codec.ts'
import { entryOverheadBytes, type JournalEntry, type JournalOutline } from '../../../model/journal.ts'
import type { StoredError } from '../../../model/stored-error.ts'
import type { JournalPage, JournalQuery } from '../../store.ts'
import type { Sql } from '../database.ts'
import { type Moment, shownAt } from '../store-clock.ts'

/** The part of a journal that a claim carries; the rest comes in pages. */
export const firstPageBytes: number = 256 * 1024
export const pageBytes: number = 1024 * 1024
const rowsPerRead = 500

interface JournalRow extends Pick<JournalEntry, 'position' | 'path' | 'kind' | 'phase' | 'attempt' | 'at'> {
  readonly once: number
  readonly duration_ms: number
  readonly until: number | null
  readonly waited_at: number | null
  readonly body: Uint8Array | null
}

/** Returns entries after position `from`, at least one if there is one, about `bytes` at most. */
export function journalPage(sql: Sql, moment: Moment, seq: number, from: number, bytes: number): JournalPage {
  const entries: JournalEntry[] = []
  let size = 0
  for (let after = from; ; ) {
    const rows = journalRows(sql, seq, after, rowsPerRead)
    for (const row of rows) {
      if (entries.length > 0 && size + rowBytes(row) > bytes) return { entries, more: true }
      size += rowBytes(row)
      entries.push(toEntry(row, moment))
    }
    const last = rows.at(-1)
    if (last === undefined || rows.length < rowsPerRead) return { entries, more: false }
    after = last.position
  }
}

export function journalEntries(
  sql: Sql,
  moment: Moment,
  seq: number,
  { after, limit, path }: JournalQuery,
): JournalEntry[] {
  const rows =
    path === undefined
      ? journalRows(sql, seq, after, limit)
      : sql.all<JournalRow>(
          `SELECT ${headColumns}, body FROM journal WHERE run = ? AND position > ? AND path = ?
           ORDER BY position LIMIT +?`,
          ...[seq, after, path, limit],
        )
  return rows.map((row) => toEntry(row, moment))
}

/** The columns precede `body` in a row, so an unneeded value is not read. */
export function journalOutline(
  sql: Sql,
  moment: Moment,
  seq: number,
  { after, limit }: Pick<JournalQuery, 'after' | 'limit'>,
): JournalOutline[] {
  const rows = sql.all<JournalRow>(
    `SELECT ${headColumns}, CASE WHEN phase = 'done' THEN NULL ELSE body END AS body
     FROM journal WHERE run = ? AND position > ? ORDER BY position LIMIT +?`,
    ...[seq, after, limit],
  )
  return rows.map((row) => withoutValue(toEntry(row, moment)))
}

function withoutValue(entry: JournalEntry): JournalOutline {
  if (entry.phase !== 'done') return entry
  const { value: _, ...outline } = entry
  return outline
}

const headColumns = 'position, path, kind, phase, once, attempt, duration_ms, at, until, waited_at'

function journalRows(sql: Sql, seq: number, after: number, limit: number): JournalRow[] {
  return sql.all<JournalRow>(
    `SELECT ${headColumns}, body FROM journal WHERE run = ? AND position > ? ORDER BY position LIMIT +?`,
    ...[seq, after, limit],
  )
}

function rowBytes(row: JournalRow): number {
  return row.path.length + (row.body?.length ?? 0) + entryOverheadBytes
}

function toEntry(row: JournalRow, moment: Moment): JournalEntry {
  const base = {
    position: row.position,
    path: row.path,
    kind: row.kind,
    attempt: row.attempt,
    durationMs: row.duration_ms,
    at: shownAt(moment, row.at),
    remainingMs: row.until === null ? 0 : Math.max(0, row.until - moment.now),
    ...(row.once === 1 ? { once: true } : {}),
  }
  const { phase } = row
  const pauseMs = row.until === null ? 0 : row.until - row.at
  switch (phase) {
    case 'intent':
      return { ...base, phase }
    case 'waiting':
      return { ...base, phase, pauseMs }
    case 'retrying':
      return { ...base, phase, pauseMs, error: storedError(row) }
    case 'failed':
      return { ...base, phase, error: storedError(row) }
    case 'done':
      return {
        ...base,
        phase,
        value: row.body ?? new Uint8Array(),
        ...(row.waited_at === null ? {} : { waitedAt: row.waited_at }),
      }
  }
}

function storedError(row: JournalRow): StoredError {
  try {
    return decodeValue(row.body ?? new Uint8Array(), `error of step '${row.path}'`) as StoredError
  } catch {
    // One damaged entry must not fail the claim of others.
    return { name: 'StoreFormatError', message: `the stored error of step '${row.path}' is damaged` }
  }
}
