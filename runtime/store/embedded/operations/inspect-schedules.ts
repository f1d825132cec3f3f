import type { overviewBounds } from '../../overview.ts'
import {
  decodeSpec,
  isNotable,
  type LedgerLine,
  lateFromMs,
  notableMs,
  type ScheduleInfo,
} from '../../schedules.ts'
import type { Sql } from '../database.ts'
import type { ScheduleRecord } from '../schedule-row.ts'

interface ScheduleRow {
  readonly name: string
  readonly record: string
  readonly spec: Uint8Array
}

export function inspectSchedules(sql: Sql, now: number): ScheduleInfo[] {
  const rows = sql.all<ScheduleRow>('SELECT name, record, spec FROM schedules ORDER BY name')
  return rows.map(({ name, record, spec }) => ({
    ...stateOf(name, JSON.parse(record) as ScheduleRecord, now),
    spec: decodeSpec(name, spec),
  }))
}

/** Returns the notable schedules among a bounded number, of bounded size; and whether there may be more. */
export function inspectNotableSchedules(
  sql: Sql,
  now: number,
  { schedules: most, scannedSchedules, scheduleBytes }: typeof overviewBounds,
): { readonly schedules: ScheduleInfo[]; readonly more: boolean } {
  const rows = sql.all<Pick<ScheduleRow, 'name' | 'record'>>(
    `SELECT name, record FROM (SELECT * FROM schedules ORDER BY name LIMIT +?)
     WHERE due_at <= ? OR json_extract(record, '$.paused') IS NOT NULL OR json_extract(record, '$.last.at') >= ?`,
    scannedSchedules,
    now - lateFromMs,
    now - notableMs,
  )
  const notable = rows
    .map(({ name, record }) => stateOf(name, JSON.parse(record) as ScheduleRecord, now))
    .filter((schedule) => isNotable(schedule, now))
  const schedules: ScheduleInfo[] = []
  let bytes = 0
  for (const state of notable.slice(0, most)) {
    const row = sql.get<{ spec: Uint8Array }>('SELECT spec FROM schedules WHERE name = ?', state.name)
    if (row === undefined) continue
    bytes += row.spec.length
    if (bytes > scheduleBytes) return { schedules, more: true }
    schedules.push({ ...state, spec: decodeSpec(state.name, row.spec) })
  }
  const all = sql.get<{ n: number }>('SELECT count(*) AS n FROM schedules')?.n ?? 0
  return { schedules, more: notable.length > most || all > scannedSchedules }
}

/** All but the spec. */
function stateOf(name: string, stored: ScheduleRecord, now: number): Omit<ScheduleInfo, 'spec'> {
  const { origin, revision, since, next, paused, last, queued, dropped, conflict } = stored
  const waits = paused !== undefined || dropped !== undefined
  const dueAt = stored.planned ? next?.dueAt : since
  return {
    ...{ name, origin, revision, since, queued },
    overdueMs: waits || dueAt === undefined ? 0 : Math.max(0, now - dueAt),
    ...(next === undefined ? {} : { nextTick: next.tick }),
    ...(paused === undefined ? {} : { paused }),
    ...(last === undefined ? {} : { last }),
    ...(dropped === undefined ? {} : { dropped }),
    ...(conflict === undefined ? {} : { conflict }),
  }
}

export function inspectLedger(
  sql: Sql,
  schedule: string,
  { before, limit }: { readonly before?: number; readonly limit: number },
): LedgerLine[] {
  const lines = sql.all<{ line: string }>(
    'SELECT line FROM ledger WHERE schedule = ? AND n < ? ORDER BY n DESC LIMIT +?',
    schedule,
    before ?? Number.MAX_SAFE_INTEGER,
    limit,
  )
  return lines.map(({ line }) => JSON.parse(line) as LedgerLine)
}
