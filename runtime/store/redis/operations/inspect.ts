import type { RunningStep } from '../../../model/run.ts'
import type { RunId } from '../../../model/run-id.ts'
import { lossPlace } from '../../loss-place.ts'
import { shownProtection } from '../../protection-level.ts'
import { noRuns, queueCounts } from '../../queue-counts.ts'
import type { RunCount } from '../../run-filter.ts'
import type { HistoryEntry, QueueInfo, QueueOrder, RunDetails, WorkerInfo } from '../../store.ts'
import { type StoredDrain, shownDrain } from '../../worker-drain.ts'
import { type StoredReport, shownReport } from '../../worker-report.ts'
import { chunks } from '../chunks.ts'
import { decodeEntry, isDropped } from '../journal-entry.ts'
import type { Reply } from '../redis-link.ts'
import {
  decodeGiven,
  decodeRecord,
  leaseOf,
  plain,
  toRun,
  type WholeRun,
  withExecution,
} from '../run-record.ts'
import type { ScriptCalls } from '../script-calls.ts'
import { range } from './journal.ts'
import { decodeRunCounts } from './run-counts.ts'

/** Returns the runs that exist, in the requested order. */
export async function readRuns(
  calls: ScriptCalls,
  ids: readonly RunId[],
  whole: boolean,
): Promise<RunDetails[]> {
  const found = await readRecords(calls, ids, whole)
  return found.map(({ step, ...run }) => ({
    ...toRun(run, (at) => calls.clock.shown(at)),
    ...(step === undefined ? {} : { step }),
    input: run.given.input,
  }))
}

/** The same as they are stored: with the store's times. */
export async function readRecords(
  calls: ScriptCalls,
  ids: readonly RunId[],
  whole: boolean,
): Promise<(WholeRun & { readonly step?: RunningStep })[]> {
  if (ids.length === 0) return []
  const reply = (await calls.run('read-runs', [whole ? 1 : 0, ...ids])) as (Buffer | FoundRun)[]
  return reply.flatMap((found, i) => {
    if (!Array.isArray(found)) return []
    const [record, stay, worker, input, outcome, step] = found
    return [{ ...wholeRun(ids[i] ?? '', [record, stay, worker, input, outcome]), ...openStep(step) }]
  })
}

type FoundRun = [...parts: [Buffer, Buffer, Buffer, Buffer, Buffer], step?: [Buffer, number, number]]

function openStep(found: FoundRun[5]): { readonly step?: RunningStep } {
  if (found === undefined) return {}
  const [path, openMs, toldAgoMs] = found
  return { step: { path: String(path), openMs, toldAgoMs } }
}

const noGiven = Buffer.alloc(4)

export function wholeRun(id: RunId, found: readonly Buffer[]): WholeRun {
  const [raw = noGiven, stay = noGiven, worker = '', input = noGiven, outcome = noGiven] = found
  const record = decodeRecord(raw)
  withExecution(record, stay)
  const given = record.given.length > 0 ? record.given : input.length > 0 ? input : noGiven
  const beside = record.outcome.length === 1 && record.outcome[0] === 0x2b
  return {
    id,
    record,
    worker: String(worker),
    lease: leaseOf(stay),
    given: decodeGiven(given),
    outcome: beside ? outcome : record.outcome,
  }
}

/** As a script notes it. */
interface Line extends HistoryEntry {
  /** Of a loss: the last stored entry then. */
  readonly position?: number
}

export async function readHistory(calls: ScriptCalls, id: RunId): Promise<HistoryEntry[]> {
  const raw = (await calls.read('HGET', calls.keys.of('history'), id)) as Buffer | null
  if (raw === null) return []
  const lines = plain.unpack(raw) as Line[]
  return Promise.all(lines.map((line) => withPlace(calls, id, line)))
}

/** The scripts know positions, not steps: adds to a loss after or inside which step it came. */
async function withPlace(calls: ScriptCalls, id: RunId, line: Line): Promise<HistoryEntry> {
  const { position, ...told } = line
  const entry = { ...told, at: calls.clock.shown(told.at) }
  if (position === undefined) return entry
  const [stored] = position === 0 ? [] : await range(calls, id, position - 1, 1)
  const isGone = position > 0 && (stored === undefined || isDropped(stored))
  const where = isGone
    ? `after entry ${position} was stored`
    : lossPlace(stored && decodeEntry(stored, position, 0))
  return { ...entry, reason: `${entry.reason}, ${where}` }
}

/** Beyond this many first runs the age of a queue's oldest ready run is not returned. */
const mostHeads = 1_000

export async function readQueues(calls: ScriptCalls): Promise<QueueInfo[]> {
  const reply = (await calls.run('read-queues', [mostHeads])) as Reply[]
  return decodeQueues(calls, reply, decodeRunCounts(reply[1] ?? null))
}

export function decodeQueues(calls: ScriptCalls, reply: Reply, counts: readonly RunCount[]): QueueInfo[] {
  const [now, , oldest, paused] = reply as [Buffer, Reply, Reply[], Buffer[]]
  const byQueue = queueCounts(counts)
  const since = new Map(chunks<[Buffer, Reply]>(oldest, 2).map(([queue, at]) => [String(queue), Number(at)]))
  const pauses = new Map(
    chunks<[Buffer, Buffer]>(paused, 2).map(([queue, raw]) => [String(queue), plain.unpack(raw) as Pause]),
  )
  return [...new Set([...byQueue.keys(), ...pauses.keys()])].sort().map((name) => {
    const pause = pauses.get(name)
    const readySince = since.get(name)
    return {
      ...{ name, counts: byQueue.get(name) ?? noRuns },
      ...(pause === undefined ? {} : { paused: { ...pause, at: calls.clock.shown(pause.at) } }),
      ...(readySince === undefined ? {} : { oldestReadyMs: Math.max(0, Number(now) - readySince) }),
    }
  })
}

type Pause = NonNullable<QueueInfo['paused']>

type SharedFields = 'name' | 'host' | 'pid' | 'node' | 'concurrency' | 'jobs' | 'queues' | 'startedAt'

export interface StoredWorker extends Pick<WorkerInfo, SharedFields> {
  readonly queueOrder?: QueueOrder
  /** ARN of its ECS task. */
  readonly task?: string
  readonly drain?: StoredDrain
}

const maxWorkers = 10_000

export async function readWorkers(calls: ScriptCalls): Promise<WorkerInfo[]> {
  return decodeWorkers(calls, await calls.run('read-workers', [maxWorkers]))
}

type FoundWorker = readonly [Buffer, Buffer, Buffer, running: number, level: number, report: Buffer]

export function decodeWorkers(calls: ScriptCalls, reply: Reply): WorkerInfo[] {
  const [now, , ...found] = reply as [Buffer, number, ...FoundWorker[]]
  const workers = found.map(([packed, status, end, running, level, report]) => {
    const stored = plain.unpack(packed) as StoredWorker
    const { startedAt, jobs, queues, queueOrder = 'turns', name, host, pid, node, concurrency } = stored
    const leaseLeftMs = Number(end) - Number(now)
    const draining = status[12] === 1 || status[13] === 1
    const told = storedReport(report)
    const drain = draining ? shownDrain(stored.drain ?? {}, Number(now), told.drainPlan) : undefined
    return {
      ...{ name, host, pid, node, concurrency, running, jobs, startedAt: calls.clock.shown(startedAt) },
      ...(queues === undefined ? {} : { queues }),
      queueOrder,
      draining,
      ...(drain === undefined ? {} : { drain }),
      ...shownProtection(level),
      ...(report.length === 0 ? {} : reportOf(calls, told, report, Number(now))),
      lost: leaseLeftMs <= 0,
      seenAgoMs: Math.max(0, Number(now) - status.readUIntBE(0, 6)),
      leaseLeftMs: Math.max(0, leaseLeftMs),
    }
  })
  return workers.sort((a, b) => a.startedAt - b.startedAt)
}

const reportHead = { toldAt: 6, bytes: 12 } as const

function storedReport(raw: Buffer): StoredReport {
  return raw.length === 0 ? {} : (plain.unpack(raw.subarray(reportHead.bytes)) as StoredReport)
}

function reportOf(
  calls: ScriptCalls,
  report: StoredReport,
  raw: Buffer,
  now: number,
): ReturnType<typeof shownReport> {
  const toldAt = raw.readUIntBE(reportHead.toldAt, 6)
  return shownReport(report, { toldAt, now, shown: (at) => calls.clock.shown(at) })
}
