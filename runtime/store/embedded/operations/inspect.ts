import { endStates, type Run, type RunState, runStates } from '../../../model/run.ts'
import type { RunId } from '../../../model/run-id.ts'
import { parseCursor } from '../../read-limits.ts'
import type {
  HistoryEntry,
  LeaseId,
  QueueInfo,
  QueueOrder,
  RunDetails,
  RunFilter,
  RunPage,
  WorkerInfo,
  WorkerJob,
} from '../../store.ts'
import type { Sql } from '../database.ts'
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

/** Newest first; the cursor is the place in line of the last run of a page. */
export function inspectRuns(sql: Sql, moment: Moment, filter: RunFilter): RunPage {
  const where: string[] = []
  const values: (string | number)[] = []
  const add = (clause: string, ...used: (string | number)[]): void => {
    where.push(clause)
    values.push(...used)
  }
  if (filter.state !== undefined) {
    const ended = (endStates as readonly RunState[]).includes(filter.state)
    add(`runs.state = ? AND runs.ended_at IS ${ended ? 'NOT ' : ''}NULL`, filter.state)
  }
  if (filter.job !== undefined) add('runs.job = ?', filter.job)
  if (filter.queue !== undefined) add('runs.queue = ?', filter.queue)
  if (filter.tag !== undefined) add('runs.seq IN (SELECT seq FROM tags WHERE tag = ?)', filter.tag)
  if (filter.cursor !== undefined) add('runs.seq < ?', parseCursor(filter.cursor))
  const rows = sql.all<ViewRow>(
    `SELECT ${viewColumns} FROM ${viewTables} ${where.length > 0 ? `WHERE ${where.join(' AND ')}` : ''}
     ORDER BY runs.seq DESC LIMIT ?`,
    ...values,
    filter.limit + 1,
  )
  const page = rows.slice(0, filter.limit)
  const openStepOf = openStepFinder(sql, moment)
  const runs: Run[] = page.map((row) => ({ ...toRun(row, moment), ...openStepOf(row) }))
  const last = page.at(-1)
  return rows.length > filter.limit && last ? { runs, cursor: String(last.seq) } : { runs }
}

export function inspectQueues(sql: Sql, moment: Moment): QueueInfo[] {
  const rows = sql.all<{ queue: string; state: RunState; n: number; first: number }>(
    'SELECT queue, state, count(*) AS n, min(seq) AS first FROM runs WHERE ended_at IS NULL GROUP BY state, queue',
  )
  const paused = sql.all<{ queue: string; by: string; reason: string | null; at: number }>(
    'SELECT * FROM paused',
  )
  const names = [...new Set([...rows, ...paused].map(({ queue }) => queue))].sort()
  const live = runStates.filter((state) => !(endStates as readonly RunState[]).includes(state))
  return names.map((name) => {
    const own = rows.filter((row) => row.queue === name)
    const counts = Object.fromEntries(
      live.map((state) => [state, own.find((row) => row.state === state)?.n ?? 0]),
    )
    const oldest = own.find((row) => row.state === 'ready')
    const stop = paused.find((row) => row.queue === name)
    const since =
      oldest && sql.get<{ changed_at: number }>('SELECT changed_at FROM runs WHERE seq = ?', oldest.first)
    return {
      name,
      counts: counts as QueueInfo['counts'],
      ...(stop
        ? {
            paused: {
              by: stop.by,
              at: shownAt(moment, stop.at),
              ...(stop.reason === null ? {} : { reason: stop.reason }),
            },
          }
        : {}),
      ...(since ? { oldestReadyMs: Math.max(0, moment.now - since.changed_at) } : {}),
    }
  })
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

export function inspectWorkers(sql: Sql, moment: Moment, isDead: (lease: LeaseId) => boolean): WorkerInfo[] {
  const { now } = moment
  const rows = sql.all<WorkerRow>(
    `SELECT lease, name, host, pid, node, concurrency, draining OR drain_order AS draining, jobs, queues, queue_order, started_at, seen_at,
       expires_at, (SELECT count(*) FROM runs WHERE runs.lease = workers.lease) AS running
     FROM workers ORDER BY started_at`,
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
