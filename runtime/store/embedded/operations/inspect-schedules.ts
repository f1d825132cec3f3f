import { decodeSpec, type LedgerLine, type ScheduleInfo } from '../../schedules.ts'
import type { Sql } from '../database.ts'
import type { ScheduleRecord } from '../schedule-row.ts'

export function inspectSchedules(sql: Sql, now: number): ScheduleInfo[] {
  const rows = sql.all<{ name: string; record: string; spec: Uint8Array }>(
    'SELECT name, record, spec FROM schedules ORDER BY name',
  )
  return rows.map(({ name, record, spec }) => {
    const stored = JSON.parse(record) as ScheduleRecord
    const { origin, revision, since, next, paused, last, queued, dropped, conflict } = stored
    const waits = paused !== undefined || dropped !== undefined
    const dueAt = stored.planned ? next?.dueAt : since
    return {
      ...{ name, origin, revision, since, spec: decodeSpec(name, spec), queued },
      overdueMs: waits || dueAt === undefined ? 0 : Math.max(0, now - dueAt),
      ...(next === undefined ? {} : { nextTick: next.tick }),
      ...(paused === undefined ? {} : { paused }),
      ...(last === undefined ? {} : { last }),
      ...(dropped === undefined ? {} : { dropped }),
      ...(conflict === undefined ? {} : { conflict }),
    }
  })
}

export function inspectLedger(
  sql: Sql,
  schedule: string,
  { before, limit }: { readonly before?: number; readonly limit: number },
): LedgerLine[] {
  const lines = sql.all<{ line: string }>(
    'SELECT line FROM ledger WHERE schedule = ? AND n < ? ORDER BY n DESC LIMIT ?',
    schedule,
    before ?? Number.MAX_SAFE_INTEGER,
    limit,
  )
  return lines.map(({ line }) => JSON.parse(line) as LedgerLine)
}
