import type { RunId } from '../../../model/run-id.ts'
import { shownProtection } from '../../protection-level.ts'
import { noRuns, queueCounts } from '../../queue-counts.ts'
import type { RunCount } from '../../run-filter.ts'
import type {
  HistoryEntry,
  LeaseId,
  NewWorker,
  QueueInfo,
  QueueOrder,
  RunDetails,
  WorkerInfo,
  WorkerJob,
} from '../../store.ts'
import { type StoredDrain, shownDrain } from '../../worker-drain.ts'
import type { StoredReport } from '../../worker-report.ts'
import type { Sql } from '../database.ts'
import { inspectRunCounts } from '../run-counts.ts'
import { toRun, viewColumns, viewTables } from '../run-row.ts'
import { indexedBy, waitingByTime } from '../run-streams.ts'
import { type Moment, shownAt } from '../store-clock.ts'
import { openStepFinder } from './open-steps.ts'
import { type ReportRow, reportOf, storedReport } from './worker-report.ts'

type ViewRow = Parameters<typeof toRun>[0]

export function inspectRun(sql: Sql, moment: Moment, id: RunId): RunDetails | undefined {
  const row = sql.get<ViewRow & { input: Uint8Array }>(
    `SELECT ${viewColumns}, payloads.input FROM ${viewTables} WHERE runs.id = ?`,
    id,
  )
  return row && { ...toRun(row, moment), ...openStepFinder(sql, moment)(row), input: row.input }
}

export function inspectEnded(sql: Sql, ids: readonly RunId[]): RunId[] {
  const live = 'SELECT 1 FROM runs WHERE id = ? AND ended_at IS NULL'
  return ids.filter((id) => sql.get(live, id) === undefined)
}

export function inspectHistory(sql: Sql, moment: Moment, id: RunId): HistoryEntry[] {
  const rows = sql.all<HistoryEntry>(
    `SELECT at, history.kind, cause, by, reason, worker FROM history
     WHERE run = (SELECT seq FROM runs WHERE id = ?) ORDER BY n`,
    id,
  )
  return rows.map((row) => {
    const told = { ...row, at: shownAt(moment, row.at) }
    return Object.fromEntries(Object.entries(told).filter(([, field]) => field !== null)) as never
  })
}

/** Beyond these reads, the age of a queue's oldest ready run is not returned. */
const maxClassesRead = 1_000
/** Of runs that became ready again this many are read at the head of a job in a queue, and this many by time. */
const maxInLine = 20
const maxAgain = 300

export function inspectQueues(
  sql: Sql,
  moment: Moment,
  counts: readonly RunCount[] = inspectRunCounts(sql),
): QueueInfo[] {
  const byQueue = queueCounts(counts)
  const paused = sql.all<{ queue: string; by: string; reason: string | null; at: number }>(
    'SELECT * FROM paused',
  )
  const pauses = new Map(
    paused.map(({ queue, by, reason, at }) => [
      queue,
      { by, at: shownAt(moment, at), ...(reason === null ? {} : { reason }) },
    ]),
  )
  const readySince = oldestReady(sql, counts)
  return [...new Set([...byQueue.keys(), ...pauses.keys()])].sort().map((name) => {
    const pause = pauses.get(name)
    const since = readySince.get(name)
    return {
      ...{ name, counts: byQueue.get(name) ?? noRuns },
      ...(pause === undefined ? {} : { paused: pause }),
      ...(since === undefined ? {} : { oldestReadyMs: Math.max(0, moment.now - since) }),
    }
  })
}

/**
 * Returns since when the oldest ready run of each queue is ready: of runs that are ready since their enqueue it is the
 * first of each job, by the index of live runs; the others are in an index by time. If very many became ready again,
 * the oldest may be missed.
 */
function oldestReady(sql: Sql, counts: readonly RunCount[]): Map<string, number> {
  const since = new Map<string, number>()
  const note = (queue: string, at: number): void => {
    since.set(queue, Math.min(since.get(queue) ?? at, at))
  }
  const ready = counts.filter(({ state }) => state === 'ready')
  for (const { queue, job } of ready.slice(0, maxClassesRead)) {
    for (const at of firstReady(sql, queue, job)) note(queue, at)
  }
  for (const { queue, at } of readyAgain(sql)) note(queue, at)
  for (const { queue } of ready.slice(maxClassesRead)) since.delete(queue)
  return since
}

/** Returns since when the first ready runs of a job are ready, up to one that is since its enqueue. */
function firstReady(sql: Sql, queue: string, job: string): number[] {
  const times: number[] = []
  for (let behind = 0; times.length <= maxInLine; ) {
    const row = sql.get<{ seq: number; changed_at: number; enqueued_at: number }>(
      `SELECT seq, changed_at, enqueued_at FROM runs
       WHERE ended_at IS NULL AND state = 'ready' AND queue = ? AND job = ? AND seq > ? ORDER BY seq LIMIT 1`,
      queue,
      job,
      behind,
    )
    if (row === undefined) break
    times.push(row.changed_at)
    if (row.changed_at === row.enqueued_at) break
    behind = row.seq
  }
  return times
}

/** Returns ready runs that were in another state before, the longest ready first. */
function readyAgain(sql: Sql): { readonly queue: string; readonly at: number }[] {
  return sql.all(
    `SELECT queue, changed_at AS at FROM runs ${indexedBy(sql, 'runs_waiting_times')}
     WHERE ${waitingByTime} AND state = 'ready' ORDER BY changed_at LIMIT +?`,
    maxAgain,
  )
}

type WorkerColumn = 'lease' | 'name' | 'host' | 'pid' | 'node' | 'concurrency'

interface WorkerRow extends ReportRow, Pick<NewWorker, WorkerColumn> {
  readonly running: number
  readonly draining: number
  readonly drain: string | null
  readonly protection: number | null
  readonly jobs: string
  readonly queues: string | null
  readonly queue_order: QueueOrder
  readonly started_at: number
  readonly seen_at: number
  readonly expires_at: number
}

export function inspectWorkers(
  sql: Sql,
  moment: Moment,
  isDead: (lease: LeaseId) => boolean,
  limit = -1,
): WorkerInfo[] {
  const rows = sql.all<WorkerRow>(
    `SELECT lease, name, host, pid, node, concurrency, draining OR drain_order AS draining, drain, protection, jobs, queues, queue_order, started_at, seen_at,
       expires_at, (SELECT count(*) FROM runs WHERE runs.lease = workers.lease) AS running, told_at, report
     FROM workers LEFT JOIN worker_reports USING (lease) ORDER BY started_at LIMIT +?`,
    limit,
  )
  return rows.map((row) => shownWorker(row, moment, isDead(row.lease)))
}

function shownWorker(row: WorkerRow, moment: Moment, isDead: boolean): WorkerInfo {
  const { now } = moment
  const report = storedReport(row)
  const { name, host, pid, node, concurrency, running } = row
  return {
    ...{ name, host, pid, node, concurrency, running },
    draining: row.draining === 1,
    ...drainOf(row, report, now),
    ...shownProtection(row.protection ?? 0),
    ...reportOf(report, row, moment),
    lost: row.expires_at <= now || isDead,
    jobs: JSON.parse(row.jobs) as WorkerJob[],
    ...(row.queues === null ? {} : { queues: JSON.parse(row.queues) as string[] }),
    queueOrder: row.queue_order,
    startedAt: shownAt(moment, row.started_at),
    seenAgoMs: Math.max(0, now - row.seen_at),
    leaseLeftMs: Math.max(0, row.expires_at - now),
  }
}

function drainOf(
  { draining, drain }: WorkerRow,
  { drainPlan }: StoredReport,
  now: number,
): Pick<WorkerInfo, 'drain'> {
  const stored = JSON.parse(drain ?? '{}') as StoredDrain
  const shown = draining === 1 ? shownDrain(stored, now, drainPlan) : undefined
  return shown === undefined ? {} : { drain: shown }
}
