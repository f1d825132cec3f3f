import {
  type ExpectedSchedule,
  type ExpectingWrite,
  isSameTime,
  refuseStale,
} from '../../../model/expecting-write.ts'
import type { OperatorWrite } from '../../../model/operator-write.ts'
import { ScheduleStateError, UnknownScheduleError } from '../../../model/schedule-errors.ts'
import { declaredInCode } from '../../declared-in-code.ts'
import type { NewRun } from '../../new-run.ts'
import {
  encodeSpec,
  knownScheduleRuns,
  type LedgerLine,
  type Pause,
  retainedPauses,
  type ScheduleSpec,
  type TriggerReply,
} from '../../schedules.ts'
import type { EnqueueReply } from '../../store.ts'
import { logManual } from '../operation-log.ts'
import {
  findSchedule,
  keepPlan,
  keepRecord,
  type ScheduleRecord,
  setSchedule,
  withLine,
} from '../schedule-row.ts'
import { answered, keepReply, type Transaction } from '../transaction.ts'
import { definitionInForce, type InForce } from './definitions.ts'
import { enqueue } from './enqueue.ts'

export function putSchedule(tx: Transaction, name: string, spec: ScheduleSpec, write: OperatorWrite): void {
  tx.hints.add('schedules')
  const { digest, bytes } = encodeSpec(name, spec)
  const before = findSchedule(tx.sql, name)
  if (before?.origin === 'code' && before.dropped === undefined) {
    throw new ScheduleStateError(declaredInCode(name))
  }
  if (before !== undefined && before.dropped === undefined && before.digest === digest) return
  logManual(tx, 'put schedule', name, write)
  const record = setSchedule(tx, name, before, { origin: 'hand', digest, spec: bytes, line: byLine(write) })
  if (before?.conflict !== undefined) keepRecord(tx, name, { ...record, conflict: before.conflict })
}

export function removeSchedule(tx: Transaction, name: string, write: OperatorWrite): void {
  tx.hints.add('schedules')
  const record = known(tx, name)
  const inForce = definitionInForce(tx.sql, 'schedule', name)
  const declared = inForce !== undefined && inForce.declared === 1 && inForce.definition.length > 0
  if (record.origin === 'code' && record.dropped === undefined && declared) {
    throw new ScheduleStateError(declaredInCode(name))
  }
  logManual(tx, 'remove schedule', name, write)
  tx.sql.run('DELETE FROM schedules WHERE name = ?', name)
  tx.sql.run('DELETE FROM ledger WHERE schedule = ?', name)
  if (record.origin === 'hand' && inForce !== undefined) applySchedule(tx, name, inForce)
}

export function pauseSchedule(tx: Transaction, name: string, write: ExpectingWrite<ExpectedSchedule>): void {
  tx.hints.add('schedules')
  const line = byLine(write)
  const before = known(tx, name)
  refuseMovedSchedule(name, before, write)
  logManual(tx, 'pause schedule', name, write)
  // A repeated pause is the same pause: it covers ticks from the first one on.
  const paused = { ...line, at: before.paused?.at ?? tx.wall }
  keepRecord(tx, name, withLine(tx, name, { ...before, paused }, { outcome: 'paused', ...line }))
}

export function resumeSchedule(tx: Transaction, name: string, write: ExpectingWrite<ExpectedSchedule>): void {
  tx.hints.add('schedules')
  const before = known(tx, name)
  refuseMovedSchedule(name, before, write)
  const { paused, ...record } = before
  if (paused === undefined) return
  logManual(tx, 'resume schedule', name, write)
  const pauses = withPause(record.pauses, { from: paused.at, until: tx.wall })
  keepRecord(tx, name, withLine(tx, name, { ...record, pauses }, { outcome: 'resumed', ...byLine(write) }))
  if (record.queued.length > 0)
    tx.sql.run('UPDATE schedules SET queued_look = ? WHERE name = ?', tx.wall, name)
}

function refuseMovedSchedule(
  name: string,
  { revision, paused }: ScheduleRecord,
  { expected }: ExpectingWrite<ExpectedSchedule>,
): void {
  if (expected === undefined) return
  const isSame = revision === expected.revision && isSameTime(paused?.at, expected.pausedAt)
  refuseStale(isSame, `schedule '${name}'`)
}

function withPause(pauses: readonly Pause[], added: Pause): readonly Pause[] {
  const [first, second, ...others] = pauses
  if (pauses.length < retainedPauses || first === undefined || second === undefined) return [...pauses, added]
  return [{ from: first.from, until: second.until }, ...others, added]
}

export function triggerSchedule(
  tx: Transaction,
  name: string,
  revision: number,
  run: NewRun,
  write: OperatorWrite,
): TriggerReply {
  const before = answered<TriggerReply>(tx, write.requestId)
  if (before !== undefined) return before
  const record = known(tx, name)
  if (record.revision !== revision) return { kind: 'moved' }
  const enqueued = enqueueTick(tx, name, record, run)
  const isNew = enqueued.kind === 'enqueued'
  const line = isNew
    ? ({ outcome: 'triggered', run: run.id } as const)
    : ({ outcome: 'skipped', why: 'duplicate', other: enqueued.other } as const)
  const details = isNew ? { run: run.id } : { duplicateOf: enqueued.other }
  logManual(tx, 'trigger schedule', name, write, details)
  keepRecord(tx, name, withLine(tx, name, enqueued.record, { ...line, ...byLine(write) }))
  const reply: TriggerReply = isNew
    ? { kind: 'triggered', run: run.id }
    : { kind: 'duplicate', run: enqueued.other }
  return keepReply(tx, write.requestId, reply)
}

type EnqueuedTick =
  | { readonly kind: 'enqueued'; readonly record: ScheduleRecord }
  | { readonly kind: 'duplicate'; readonly record: ScheduleRecord; readonly other: string }

/** Stores the run of a tick; the schedule knows it from now on. */
export function enqueueTick(
  tx: Transaction,
  schedule: string,
  record: ScheduleRecord,
  run: NewRun,
): EnqueuedTick {
  const [answer] = enqueue(tx, [{ ...run, schedule }])
  const other = answer === undefined ? run.id : runInTheWay(answer, run.id)
  if (other !== undefined) return { kind: 'duplicate', record, other }
  return { kind: 'enqueued', record: { ...record, runs: [...record.runs, run.id].slice(-knownScheduleRuns) } }
}

function runInTheWay(answer: EnqueueReply, id: string): string | undefined {
  if (answer.outcome === 'rejected') return answer.reason === 'duplicate' ? answer.holder : answer.id
  return answer.id === id ? undefined : answer.id
}

/** C3: makes the schedule match the definition in force. */
export function applySchedule(tx: Transaction, name: string, inForce: InForce): void {
  const record = findSchedule(tx.sql, name)
  const declared = inForce.definition.length > 0
  const seen = { worker: inForce.seen_by, at: tx.wall }
  if (record?.origin === 'hand') {
    if (declared === (record.conflict !== undefined)) return
    keepRecord(tx, name, { ...record, conflict: declared ? seen : undefined })
    return
  }
  const holds = record !== undefined && record.dropped === undefined
  if (!declared) {
    if (holds) drop(tx, name, record, seen)
  } else if (!holds || record.digest !== inForce.digest) {
    const { digest, definition } = inForce
    setSchedule(tx, name, record, {
      origin: 'code',
      digest,
      spec: definition,
      line: { worker: inForce.seen_by },
    })
  }
}

function drop(
  tx: Transaction,
  name: string,
  record: ScheduleRecord,
  dropped: NonNullable<ScheduleRecord['dropped']>,
): void {
  const { worker } = dropped
  const changed = { ...record, dropped, revision: record.revision + 1, queued: [] }
  keepPlan(tx, name, withLine(tx, name, changed, { outcome: 'dropped', worker }))
  tx.sql.run('UPDATE schedules SET queued_look = NULL WHERE name = ?', name)
}

function known(tx: Transaction, name: string): ScheduleRecord {
  const record = findSchedule(tx.sql, name)
  if (record === undefined) throw new UnknownScheduleError(name)
  return record
}

function byLine({
  by,
  reason,
}: OperatorWrite): Required<Pick<LedgerLine, 'by'>> & Pick<LedgerLine, 'reason'> {
  return { by, ...(reason === undefined ? {} : { reason }) }
}
