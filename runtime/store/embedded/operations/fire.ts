import { isEnd } from '../../../model/run.ts'
import type { NewRun } from '../../new-run.ts'
import {
  type DueSchedule,
  type DueSchedules,
  decodeSpec,
  type Fire,
  type FireMove,
  type FireReply,
  type LedgerLine,
  lateFromMs,
  type Pause,
  type PlannedTick,
  queuedLookMs,
} from '../../schedules.ts'
import { leaderRole } from '../../terms.ts'
import { findRun } from '../run-row.ts'
import {
  findSchedule,
  firedBefore,
  keepPlan,
  keepRecord,
  type ScheduleRecord,
  withLine,
} from '../schedule-row.ts'
import type { Transaction } from '../transaction.ts'
import { applySchedule, enqueueTick } from './change-schedule.ts'
import { settleDefinitions } from './definitions.ts'
import { leads } from './terms.ts'

type Line = Omit<LedgerLine, 'n' | 'at'>
type Move<Kind extends FireMove['kind']> = Extract<FireMove, { kind: Kind }>

interface DueRow {
  readonly name: string
  readonly due_at: number | null
  readonly record: string
  readonly spec: Uint8Array
}

/** First updates schedules to the definitions of live workers. */
export function dueSchedules(tx: Transaction, limit: number): DueSchedules {
  settleDefinitions(tx, 'schedule', (name, inForce) => applySchedule(tx, name, inForce))
  const rows = tx.sql.all<DueRow>(
    `SELECT name, due_at, record, spec FROM schedules WHERE due_at <= ? OR queued_look <= ?
     ORDER BY due_at LIMIT +?`,
    tx.wall,
    tx.wall,
    limit,
  )
  const next = tx.sql.get<{ at: number | null }>(
    'SELECT min(due_at) AS at FROM schedules WHERE due_at > ?',
    tx.wall,
  )?.at
  return {
    now: tx.wall,
    schedules: rows.flatMap((row) => dueSchedule(tx, row)),
    ...(next === null || next === undefined ? {} : { nextDueInMs: next - tx.wall }),
  }
}

function dueSchedule(tx: Transaction, { name, due_at, record: json, spec }: DueRow): DueSchedule[] {
  const record = JSON.parse(json) as ScheduleRecord
  const queuedTick = turnOfQueued(tx, name, record)
  if (queuedTick === undefined && (due_at === null || due_at > tx.wall)) return []
  const { revision, since, next, paused, pauses } = record
  const due: DueSchedule = {
    ...{ name, revision, since, spec: decodeSpec(name, spec), paused: paused !== undefined, pauses },
    ...(next === undefined ? {} : { nextTick: next.tick }),
    ...(queuedTick === undefined ? {} : { queuedTick }),
  }
  return [due]
}

function turnOfQueued(tx: Transaction, name: string, record: ScheduleRecord): number | undefined {
  const [tick] = record.queued
  if (tick === undefined) return undefined
  if (record.paused === undefined && liveRun(tx, record) === undefined) return tick
  // Other schedules get their turn before it is read again.
  tx.sql.run('UPDATE schedules SET queued_look = ? WHERE name = ?', tx.wall + queuedLookMs, name)
  return undefined
}

/** C1: the only way from a tick of a schedule to the next one. */
export function fire(tx: Transaction, { schedule, revision, fence, move }: Fire): FireReply {
  if (!leads(tx, leaderRole, fence)) return { kind: 'not leading' }
  const record = findSchedule(tx.sql, schedule)
  if (record === undefined || record.dropped !== undefined || record.revision !== revision) {
    return { kind: 'moved' }
  }
  if (move.kind === 'queued run') return fireQueued(tx, schedule, record, move)
  if (record.next?.tick !== (move.kind === 'plan' ? undefined : move.tick)) return { kind: 'moved' }
  const planned = { ...record, planned: true, next: move.next, pauses: pausesAhead(record, move.next) }
  if (move.kind === 'plan') {
    keepPlan(tx, schedule, planned)
    return { kind: 'done', outcome: 'planned' }
  }
  const notBefore = move.kind === 'run' ? move.dueAt : move.until
  if (tx.wall < notBefore) return { kind: 'early', remainingMs: notBefore - tx.wall }
  keepPlan(tx, schedule, planned)
  return move.kind === 'run'
    ? fireRun(tx, schedule, planned, move)
    : written(tx, schedule, planned, skippedLine(move))
}

/** Returns those that may have ticks from the next one on. */
function pausesAhead({ pauses }: ScheduleRecord, next: PlannedTick | undefined): readonly Pause[] {
  return next === undefined ? [] : pauses.filter(({ until }) => until > next.tick)
}

function skippedLine({ tick, until, count, why }: Move<'skip'>): Line {
  return { outcome: 'skipped', tick, why, ...(count > 1 ? { until, count } : {}) }
}

function fireRun(tx: Transaction, name: string, record: ScheduleRecord, move: Move<'run'>): FireReply {
  const { tick, overlap, cap, caughtUp, dueAt, run } = move
  const skipped = (why: LedgerLine['why'], other?: string): FireReply =>
    written(tx, name, record, {
      ...{ outcome: 'skipped', tick, why: why ?? 'missed' },
      ...(other === undefined ? {} : { other }),
    })
  if (record.paused !== undefined) return skipped('paused')
  const before = firedBefore(tx, name, record, tick)
  if (before !== undefined) return skipped('duplicate', before.run)
  const firedTo = { firedTo: Math.max(record.firedTo ?? 0, tick) }
  const live = overlap === 'allow' ? undefined : liveRun(tx, record)
  if (overlap === 'queue' && (live !== undefined || record.queued.length > 0)) {
    if (record.queued.length >= cap) return skipped('queue full', live)
    const queued = [...record.queued, tick]
    const answer = written(tx, name, { ...record, ...firedTo, queued }, { outcome: 'queued', tick })
    tx.sql.run('UPDATE schedules SET queued_look = ? WHERE name = ?', tx.wall, name)
    return answer
  }
  if (live !== undefined) return skipped('overlap', live)
  const late = lateness(tx, dueAt)
  const outcome = caughtUp ? 'caught up' : late.lateMs === undefined ? 'fired' : 'late'
  return enqueued(tx, name, { ...record, ...firedTo }, { run, line: { outcome, tick, ...late } })
}

function fireQueued(
  tx: Transaction,
  name: string,
  record: ScheduleRecord,
  { tick, run }: Move<'queued run'>,
): FireReply {
  if (record.queued[0] !== tick) return { kind: 'moved' }
  if (record.paused !== undefined || liveRun(tx, record) !== undefined) return { kind: 'waits' }
  const queued = record.queued.slice(1)
  const line: Line = { outcome: 'fired', tick, ...lateness(tx, tick) }
  tx.sql.run('UPDATE schedules SET queued_look = ? WHERE name = ?', queued.length > 0 ? tx.wall : null, name)
  return enqueued(tx, name, { ...record, queued }, { run, line })
}

function enqueued(
  tx: Transaction,
  name: string,
  record: ScheduleRecord,
  { run, line }: { readonly run: NewRun; readonly line: Line },
): FireReply {
  const answer = enqueueTick(tx, name, record, run)
  if (answer.kind === 'enqueued') return written(tx, name, answer.record, { ...line, run: run.id })
  const { tick } = line
  const skipped: Line = { outcome: 'skipped', why: 'duplicate', other: answer.other }
  return written(tx, name, record, tick === undefined ? skipped : { ...skipped, tick })
}

function written(tx: Transaction, name: string, record: ScheduleRecord, line: Line): FireReply {
  keepRecord(tx, name, withLine(tx, name, record, line))
  return { kind: 'done', outcome: line.outcome, ...(line.run === undefined ? {} : { run: line.run }) }
}

function lateness(tx: Transaction, dueAt: number): { lateMs?: number } {
  return tx.wall - dueAt >= lateFromMs ? { lateMs: tx.wall - dueAt } : {}
}

/** Returns the newest run of the schedule that has not ended. */
function liveRun(tx: Transaction, { runs }: ScheduleRecord): string | undefined {
  return runs.findLast((id) => {
    const run = findRun(tx.sql, id)
    return run !== undefined && !isEnd(run.state)
  })
}
