import { type ExpectedSchedule, type ExpectingWrite, refuseStale } from '../../../model/expecting-write.ts'
import type { OperatorWrite } from '../../../model/operator-write.ts'
import { ScheduleStateError, UnknownScheduleError } from '../../../model/schedule-errors.ts'
import { declaredInCode } from '../../declared-in-code.ts'
import type { NewRun } from '../../new-run.ts'
import {
  type DueSchedule,
  type DueSchedules,
  decodeSpec,
  encodeSpec,
  type Fire,
  type FireMove,
  type FireReply,
  type LedgerLine,
  type LedgerOutcome,
  type ScheduleInfo,
  type ScheduleSpec,
  type TriggerReply,
} from '../../schedules.ts'
import type { Argument, Reply } from '../redis-link.ts'
import { encodeGiven, plain } from '../run-record.ts'
import type { ScriptCalls } from '../script-calls.ts'
import { headOf } from './enqueue.ts'

/** A schedule as scripts write it (layout: scripts/schedules-part.lua). */
interface StoredSchedule extends Omit<ScheduleInfo, 'name' | 'spec' | 'nextTick' | 'overdueMs'> {
  readonly planned?: boolean
  readonly next?: number
  readonly due?: number
  readonly pauses: DueSchedule['pauses']
}

type Change = 'put' | 'remove' | 'pause' | 'resume' | 'trigger'

async function change(
  calls: ScriptCalls,
  name: string,
  kind: Change,
  write: OperatorWrite,
  args: readonly Argument[] = [],
): Promise<string> {
  const { requestId, by, reason = '' } = write
  const answer = String(await calls.run('change-schedule', [name, requestId, by, reason, kind, ...args]))
  if (answer === 'unknown') throw new UnknownScheduleError(name)
  if (answer === 'code') throw new ScheduleStateError(declaredInCode(name))
  return answer
}

export async function putSchedule(
  calls: ScriptCalls,
  name: string,
  spec: ScheduleSpec,
  write: OperatorWrite,
): Promise<void> {
  const { digest, bytes } = encodeSpec(name, spec)
  await change(calls, name, 'put', write, [digest, Buffer.from(bytes)])
}

export async function changeSchedule(
  calls: ScriptCalls,
  name: string,
  kind: 'remove' | 'pause' | 'resume',
  write: ExpectingWrite<ExpectedSchedule>,
): Promise<void> {
  const { expected } = write
  // Schedules follow the wall clock: their times are stored as they are shown.
  const seen = expected === undefined ? ['', ''] : [expected.revision, expected.pausedAt ?? 'none']
  refuseStale((await change(calls, name, kind, write, seen)) !== 'moved', `schedule '${name}'`)
}

export async function triggerSchedule(
  calls: ScriptCalls,
  name: string,
  revision: number,
  run: NewRun,
  write: OperatorWrite,
): Promise<TriggerReply> {
  const answer = await change(calls, name, 'trigger', write, [
    revision,
    headOf({ ...run, schedule: name }),
    encodeGiven(run),
  ])
  if (answer === 'moved') return { kind: 'moved' }
  return { kind: answer.startsWith('d') ? 'duplicate' : 'triggered', run: answer.slice(1) }
}

export async function dueSchedules(calls: ScriptCalls, limit: number): Promise<DueSchedules> {
  const [now, nextDue, ...found] = (await calls.run('due-schedules', [limit])) as [
    Buffer,
    Buffer,
    ...[Buffer, Buffer, Buffer, Buffer][],
  ]
  const schedules = found.map(([rawName, packed, spec, queued]): DueSchedule => {
    const name = String(rawName)
    const { revision, since, next, paused, pauses } = plain.unpack(packed) as StoredSchedule
    return {
      ...{ name, revision, since, spec: decodeSpec(name, spec), paused: paused !== undefined, pauses },
      ...(next === undefined ? {} : { nextTick: next }),
      ...(queued.length === 0 ? {} : { queuedTick: Number(queued) }),
    }
  })
  const nextDueInMs = Number(nextDue)
  return { now: Number(now), schedules, ...(nextDueInMs < 0 ? {} : { nextDueInMs }) }
}

export async function fire(calls: ScriptCalls, request: Fire): Promise<FireReply> {
  const { schedule, revision, fence, move } = request
  const tick = move.kind === 'plan' ? '' : move.tick
  const next = move.kind === 'queued run' ? undefined : move.next
  const reply = (await calls.run('fire', [
    ...[schedule, revision, fence, move.kind, tick, next?.tick ?? '', next?.dueAt ?? ''],
    ...argumentsOf(schedule, move),
  ])) as Reply[]
  const [kind, first, second] = reply.map(String)
  if (kind === 'done') {
    const outcome = first as LedgerOutcome | 'planned'
    return { kind, outcome, ...(second === undefined ? {} : { run: second }) }
  }
  return kind === 'early'
    ? { kind, remainingMs: Number(first) }
    : { kind: kind as 'moved' | 'waits' | 'not leading' }
}

function argumentsOf(schedule: string, move: FireMove): Argument[] {
  switch (move.kind) {
    case 'plan':
      return []
    case 'run': {
      const { dueAt, caughtUp, overlap, cap, run } = move
      return [dueAt, caughtUp ? 1 : 0, overlap, cap, headOf({ ...run, schedule }), encodeGiven(run)]
    }
    case 'skip':
      return [move.until, move.count, move.why]
    case 'queued run':
      return [headOf({ ...move.run, schedule }), encodeGiven(move.run)]
  }
}

export async function readSchedules(calls: ScriptCalls): Promise<ScheduleInfo[]> {
  return decodeSchedules(await calls.run('read-schedules', []))
}

export function decodeSchedules(reply: Reply): ScheduleInfo[] {
  const [rawNow, ...found] = reply as [Buffer, ...[Buffer, Buffer, Buffer][]]
  const now = Number(rawNow)
  const schedules = found.map(([rawName, packed, spec]): ScheduleInfo => {
    const name = String(rawName)
    const stored = plain.unpack(packed) as StoredSchedule
    const { origin, revision, since, next, due, paused, last, queued, dropped, conflict } = stored
    const waits = paused !== undefined || dropped !== undefined
    const dueAt = stored.planned ? due : since
    return {
      ...{ name, origin, revision, since, spec: decodeSpec(name, spec), queued },
      overdueMs: waits || dueAt === undefined ? 0 : Math.max(0, now - dueAt),
      ...(next === undefined ? {} : { nextTick: next }),
      ...(paused === undefined ? {} : { paused }),
      ...(last === undefined ? {} : { last }),
      ...(dropped === undefined ? {} : { dropped }),
      ...(conflict === undefined ? {} : { conflict }),
    }
  })
  return schedules.sort((a, b) => (a.name < b.name ? -1 : 1))
}

export async function readLedger(
  calls: ScriptCalls,
  schedule: string,
  { before, limit }: { readonly before?: number; readonly limit: number },
): Promise<LedgerLine[]> {
  const lines = (await calls.run('read-ledger', [schedule, before ?? '', limit])) as Buffer[]
  return lines.map((line) => plain.unpack(line) as LedgerLine)
}
