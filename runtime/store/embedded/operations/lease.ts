import type { LeaseId, NewWorker, RenewReply, WorkerStatus } from '../../store.ts'
import { protectedFrom } from '../../stored-version.ts'
import { type StoredDrain, withDrainTold } from '../../worker-drain.ts'
import { applyTransition, leaveSlot } from '../apply-transition.ts'
import { bootId } from '../host.ts'
import { markAllWaitlists } from '../limits/limit-key.ts'
import { logOperation } from '../operation-log.ts'
import { type Blocked, type RunRow, runColumns } from '../run-row.ts'
import { note, type Transaction } from '../transaction.ts'
import { applySchedule } from './change-schedule.ts'
import { ordersOf } from './claim.ts'
import { declareDefinition } from './definitions.ts'
import { saveDrain } from './drain-worker.ts'
import { declareLimiters } from './limiters.ts'
import { tellOpenSteps } from './open-steps.ts'
import { forgetWorker, markSeen } from './reclaim.ts'
import { keepReport } from './worker-report.ts'

export function register(tx: Transaction, worker: NewWorker): void {
  markSeen(tx)
  const created = tx.sql.run(
    `INSERT OR IGNORE INTO workers (lease, name, host, boot, pid, node, concurrency, lease_ms, expires_at, started_at,
       seen_at, draining, drain_order, jobs, queues, queue_order) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    worker.lease,
    worker.name,
    worker.host,
    bootId(),
    worker.pid,
    worker.node,
    worker.concurrency,
    worker.leaseMs,
    tx.now + worker.leaseMs,
    tx.now,
    tx.now,
    worker.draining ? 1 : 0,
    worker.draining ? 1 : 0,
    JSON.stringify(worker.jobs),
    worker.queues === undefined ? null : JSON.stringify(worker.queues),
    worker.queueOrder ?? 'turns',
  )
  if (created === 0) return
  if (worker.report !== undefined) keepReport(tx, worker.lease, worker.report)
  logOperation(tx, { operation: 'worker joined', subject: worker.name, details: versionsOf(worker.jobs) })
  for (const job of worker.jobs) {
    tx.sql.run('INSERT OR IGNORE INTO worker_jobs VALUES (?, ?, ?)', job.name, worker.lease, job.version)
    unblock(tx, worker, job)
  }
  declareLimiters(tx, worker, worker.limiters ?? [])
  for (const definition of worker.definitions ?? []) {
    const inForce = declareDefinition(tx, worker, definition)
    if (inForce !== undefined && definition.kind === 'schedule') applySchedule(tx, definition.name, inForce)
  }
  if ((worker.definitions ?? []).length > 0) tx.hints.add('schedules')
  markAllWaitlists(tx)
}

/** R23: code that a blocked run has not been tried with gets one try at it. */
function unblock(tx: Transaction, worker: NewWorker, job: NewWorker['jobs'][number]): void {
  const blocked = tx.sql.all<RunRow>(
    `SELECT ${runColumns} FROM runs WHERE state = 'blocked' AND ended_at IS NULL AND job = ?
       AND version % ${protectedFrom} <= ?`,
    job.name,
    job.version,
  )
  for (const run of blocked) {
    const { tried } = JSON.parse(run.blocked ?? '{"tried":[]}') as Blocked
    if (tried.includes(job.digest)) continue
    note(tx, run.seq, {
      kind: 'unblocked',
      worker: worker.name,
      reason: 'new code of the job was registered',
    })
    applyTransition(tx, run, 'unblock')
  }
}

const maxVersions = 50

/** Returns the version of each job that a worker runs, for the log. */
function versionsOf(jobs: NewWorker['jobs']): Record<string, number> | undefined {
  if (jobs.length === 0) return undefined
  return Object.fromEntries(jobs.slice(0, maxVersions).map(({ name, version }) => [name, version]))
}

export function renew(tx: Transaction, lease: LeaseId, status: WorkerStatus): RenewReply {
  markSeen(tx)
  const [worker] = tx.sql.all<{ drain_order: number; drain: string | null }>(
    `UPDATE workers SET expires_at = ? + lease_ms, seen_at = ?, draining = ?
     WHERE lease = ? RETURNING drain_order, drain`,
    tx.now,
    tx.now,
    status.draining ? 1 : 0,
    lease,
  )
  if (worker === undefined) return { kind: 'lost' }
  if (status.drain !== undefined) {
    const stored = JSON.parse(worker.drain ?? '{}') as StoredDrain
    saveDrain(tx, lease, withDrainTold(stored, status.drain, tx.now))
  }
  if (status.openSteps !== undefined) tellOpenSteps(tx, lease, status.openSteps)
  if (status.report !== undefined) keepReport(tx, lease, status.report)
  return { kind: 'held', orders: ordersOf(tx, lease, worker.drain_order) }
}

export function resign(tx: Transaction, lease: LeaseId, keep: readonly string[]): void {
  const worker = tx.sql.get<{ name: string; jobs: string }>(
    'SELECT name, jobs FROM workers WHERE lease = ?',
    lease,
  )
  if (worker === undefined) return
  for (const run of tx.sql.all<RunRow>(`SELECT ${runColumns} FROM runs WHERE lease = ?`, lease)) {
    if (keep.includes(run.id)) continue
    if (run.state !== 'cancelling') note(tx, run.seq, { kind: 'released', worker: worker.name })
    leaveSlot(tx, run, 'release')
  }
  if (keep.length === 0) {
    const details = versionsOf(JSON.parse(worker.jobs) as NewWorker['jobs'])
    logOperation(tx, { operation: 'worker left', subject: worker.name, details })
    forgetWorker(tx, lease)
  } else tx.sql.run('UPDATE workers SET draining = 1, drain_order = 1, idle = 0 WHERE lease = ?', lease)
}
