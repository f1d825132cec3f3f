import type { RunId } from '../../../model/run-id.ts'
import { noRuns, queueCounts } from '../../queue-counts.ts'
import type { RunCount } from '../../run-filter.ts'
import type {
  HistoryEntry,
  LeaseId,
  QueueInfo,
  QueueOrder,
  RunDetails,
  WorkerInfo,
  WorkerJob,
} from '../../store.ts'
import type { Sql } from '../database.ts'
import { inspectRunCounts } from '../run-counts.ts'
import { toRun, viewColumns, viewTables } from '../run-row.ts'
import { type Moment, shownAt } from '../store-clock.ts'
import { openStepFinder } from './open-steps.ts'

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

/** Of queues beyond these reads it is not told how long their oldest run is ready. */
const mostClassesRead = 1_000

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

/** Since when the oldest ready run of each queue is ready: the first one of each job, by the index of live runs. */
function oldestReady(sql: Sql, counts: readonly RunCount[]): Map<string, number> {
  const first = new Map<string, { readonly seq: number; readonly changed_at: number }>()
  const ready = counts.filter(({ state }) => state === 'ready')
  for (const { queue, job } of ready.slice(0, mostClassesRead)) {
    const row = sql.get<{ seq: number; changed_at: number }>(
      `SELECT seq, changed_at FROM runs WHERE ended_at IS NULL AND state = 'ready' AND queue = ? AND job = ?
       ORDER BY seq LIMIT 1`,
      queue,
      job,
    )
    const known = first.get(queue)
    if (row !== undefined && (known === undefined || row.seq < known.seq)) first.set(queue, row)
  }
  for (const { queue } of ready.slice(mostClassesRead)) first.delete(queue)
  return new Map([...first].map(([queue, { changed_at }]) => [queue, changed_at]))
}

interface WorkerRow {
  readonly lease: LeaseId
  readonly name: string
  readonly host: string
  readonly pid: number
  readonly node: string
  readonly concurrency: number
  readonly running: number
  readonly draining: number
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
  const { now } = moment
  const rows = sql.all<WorkerRow>(
    `SELECT lease, name, host, pid, node, concurrency, draining OR drain_order AS draining, jobs, queues, queue_order, started_at, seen_at,
       expires_at, (SELECT count(*) FROM runs WHERE runs.lease = workers.lease) AS running
     FROM workers ORDER BY started_at LIMIT +?`,
    limit,
  )
  return rows.map((row) => ({
    name: row.name,
    host: row.host,
    pid: row.pid,
    node: row.node,
    concurrency: row.concurrency,
    running: row.running,
    draining: row.draining === 1,
    lost: row.expires_at <= now || isDead(row.lease),
    jobs: JSON.parse(row.jobs) as WorkerJob[],
    ...(row.queues === null ? {} : { queues: JSON.parse(row.queues) as string[] }),
    queueOrder: row.queue_order,
    startedAt: shownAt(moment, row.started_at),
    seenAgoMs: Math.max(0, now - row.seen_at),
    leaseLeftMs: Math.max(0, row.expires_at - now),
  }))
}
