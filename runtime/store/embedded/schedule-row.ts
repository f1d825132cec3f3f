import {
  type DueSchedule,
  type LedgerLine,
  retainedLedgerEntries,
  type ScheduleInfo,
  timingOf,
} from '../schedules.ts'
import type { Sql } from './database.ts'
import type { Transaction } from './transaction.ts'

/** A schedule as its row stores it, beside the spec. */
export interface ScheduleRecord {
  readonly origin: ScheduleInfo['origin']
  readonly digest: string
  readonly timing: string
  readonly revision: number
  readonly since: number
  readonly planned: boolean
  readonly next?: { readonly tick: number; readonly dueAt: number } | undefined
  /** The latest tick that fired or was queued; earlier ones may come again after the clock was set back. */
  readonly firedTo?: number | undefined
  readonly paused?: ScheduleInfo['paused'] | undefined
  /** Those that are over. */
  readonly pauses: DueSchedule['pauses']
  /** Ids of its newest runs. */
  readonly runs: readonly string[]
  readonly queued: readonly number[]
  /** Entries of its ledger so far. */
  readonly lines: number
  readonly last?: LedgerLine | undefined
  readonly dropped?: ScheduleInfo['dropped'] | undefined
  readonly conflict?: ScheduleInfo['conflict'] | undefined
}

export function findSchedule(sql: Sql, name: string): ScheduleRecord | undefined {
  const row = sql.get<{ record: string }>('SELECT record FROM schedules WHERE name = ?', name)
  return row && (JSON.parse(row.record) as ScheduleRecord)
}

/** Writes everything except when it is due. */
export function keepRecord(tx: Transaction, name: string, record: ScheduleRecord): void {
  tx.sql.run('UPDATE schedules SET record = ? WHERE name = ?', JSON.stringify(record), name)
}

/** Writes a schedule that was planned or dropped, so that it is found when it is due. */
export function keepPlan(tx: Transaction, name: string, record: ScheduleRecord): void {
  const dueAt = record.dropped === undefined ? (record.next?.dueAt ?? null) : null
  tx.sql.run('UPDATE schedules SET due_at = ? WHERE name = ?', dueAt, name)
  keepRecord(tx, name, record)
}

/** Returns the run of a tick that already fired or was queued, as far as the ledger reaches (G9). */
export function firedBefore(
  tx: Transaction,
  name: string,
  { firedTo = 0 }: ScheduleRecord,
  tick: number,
): { readonly run?: string } | undefined {
  if (tick > firedTo) return undefined
  const row = tx.sql.get<{ run: string | null }>(
    `SELECT line ->> '$.run' AS run FROM ledger WHERE schedule = ? AND line ->> '$.tick' = ?
       AND line ->> '$.outcome' IN ('fired', 'late', 'caught up', 'queued') ORDER BY run IS NULL LIMIT 1`,
    name,
    tick,
  )
  return row && (row.run === null ? {} : { run: row.run })
}

/** C5: replans after the wall was set back. The new revision rejects an earlier plan of a leader. */
export function planAgain(tx: Transaction): void {
  tx.sql.run(
    `UPDATE schedules SET due_at = 0,
       record = json_remove(json_set(record, '$.planned', json('false'), '$.since', ?,
         '$.revision', (record ->> '$.revision') + 1), '$.next')
     WHERE due_at IS NOT NULL AND coalesce(record ->> '$.next.tick', record ->> '$.since') > ?`,
    tx.wall,
    tx.wall,
  )
  tx.sql.run('UPDATE schedules SET queued_look = ? WHERE queued_look IS NOT NULL', tx.wall)
}

export interface Change {
  readonly origin: ScheduleInfo['origin']
  readonly digest: string
  readonly spec: Uint8Array
  /** Who changed it. */
  readonly line: Pick<LedgerLine, 'by' | 'reason' | 'worker'>
}

/** Creates or changes the schedule. C2: the next tick stays unless pattern or zone changed. */
export function setSchedule(
  tx: Transaction,
  name: string,
  before: ScheduleRecord | undefined,
  { origin, digest, spec, line }: Change,
): ScheduleRecord {
  const timing = timingOf(spec)
  const base = before ?? {
    revision: 0,
    lines: 0,
    runs: [],
    queued: [],
    pauses: [],
    since: tx.wall,
    planned: false,
  }
  const anew = before === undefined || before.timing !== timing || before.dropped !== undefined
  const record: ScheduleRecord = withLine(
    tx,
    name,
    {
      ...base,
      ...{ origin, digest, timing, revision: base.revision + 1, dropped: undefined, conflict: undefined },
      ...(anew ? { since: tx.wall, planned: false, next: undefined } : {}),
    },
    { outcome: before === undefined || before.dropped !== undefined ? 'declared' : 'changed', ...line },
  )
  tx.sql.run(
    `INSERT INTO schedules (name, due_at, queued_look, record, spec) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE
     SET due_at = excluded.due_at, queued_look = excluded.queued_look, record = excluded.record, spec = excluded.spec`,
    name,
    anew ? 0 : (record.next?.dueAt ?? null),
    record.queued.length > 0 ? tx.wall : null,
    JSON.stringify(record),
    spec,
  )
  return record
}

/** Adjacent stretches of skipped ticks become one entry; the oldest entries are deleted. */
export function withLine(
  tx: Transaction,
  name: string,
  record: ScheduleRecord,
  line: Omit<LedgerLine, 'n' | 'at'>,
): ScheduleRecord {
  const { last } = record
  const isSkip = line.outcome === 'skipped' && (line.why === 'missed' || line.why === 'paused')
  const stretches = isSkip && last?.outcome === 'skipped' && last.why === line.why
  const until = line.until ?? line.tick
  const written: LedgerLine = stretches
    ? {
        ...last,
        at: tx.wall,
        count: (last.count ?? 1) + (line.count ?? 1),
        ...(until === undefined ? {} : { until }),
      }
    : { ...line, n: record.lines + 1, at: tx.wall }
  tx.sql.run('INSERT OR REPLACE INTO ledger VALUES (?, ?, ?)', name, written.n, JSON.stringify(written))
  tx.sql.run('DELETE FROM ledger WHERE schedule = ? AND n <= ?', name, written.n - retainedLedgerEntries)
  return { ...record, lines: written.n, last: written }
}
