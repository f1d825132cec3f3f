import type { RunState, RunTransition } from '../../model/run.ts'
import type { RunId } from '../../model/run-id.ts'
import {
  type ExecutionInfo,
  type LastExecution,
  lastExecution,
  retainedExecutions,
  versionOn,
} from '../executions.ts'
import type { LeaseId, WorkerJob } from '../store.ts'
import { taskIdOf } from '../worker-report.ts'
import type { Sql } from './database.ts'
import type { RunRow } from './run-row.ts'
import { type Moment, shownAt } from './store-clock.ts'
import type { Holder, Transaction } from './transaction.ts'

type Held = Pick<RunRow, 'seq' | 'job' | 'lease' | 'fence' | 'changed_at' | 'started_at' | 'ready_at'>

/** A fence is the time of its claim, unless the clock went back; a state that came later is later. */
function claimedAt({ fence, changed_at }: Pick<RunRow, 'fence' | 'changed_at'>): number {
  return Math.min(fence, changed_at)
}

/** The first one since the enqueue or the last retry: a later claim, also in the same ms, has a higher fence. */
function isFirst({ fence, started_at }: Pick<RunRow, 'fence' | 'started_at'>): boolean {
  return fence === started_at
}

/** Stores the execution that a transition ends (X1, X2). @param run As it was before. */
export function keepExecution(
  tx: Transaction,
  run: Held,
  transition: RunTransition,
  until: number | null,
): void {
  if (run.lease === null || (transition === 'complete' && isFirst(run))) return
  const holder = holderOf(tx, run.lease)
  const kept = tx.sql.get<{ n: number }>(
    `INSERT INTO executions (run, n, claimed_at, ready_at, ended_at, transition, until, worker, version, task)
     VALUES (?, (SELECT coalesce(max(n), 0) + 1 FROM executions WHERE run = ?), ?, ?, ?, ?, ?, ?, ?, ?) RETURNING n`,
    ...[run.seq, run.seq, claimedAt(run), run.ready_at, tx.now, transition, until],
    ...[holder?.name ?? null, (holder && versionOn(holder.jobs, run.job)) ?? null, holder?.task ?? null],
  )
  const dropped = (kept?.n ?? 0) - retainedExecutions.last
  if (dropped > retainedExecutions.first)
    tx.sql.run('DELETE FROM executions WHERE run = ? AND n = ?', run.seq, dropped)
}

function holderOf(tx: Transaction, lease: LeaseId): Holder | undefined {
  const known = tx.holders.get(lease)
  if (known !== undefined) return known
  const row = tx.sql.get<{ name: string; jobs: string; task: string | null }>(
    'SELECT name, jobs, task FROM workers WHERE lease = ?',
    lease,
  )
  if (row === undefined) return undefined
  const task = row.task === null ? {} : { task: taskIdOf(row.task) }
  const holder = { name: row.name, jobs: JSON.parse(row.jobs) as WorkerJob[], ...task }
  tx.holders.set(lease, holder)
  return holder
}

interface ExecutionRow {
  readonly n: number
  readonly claimed_at: number
  readonly ready_at: number | null
  readonly ended_at: number
  readonly transition: RunTransition
  readonly until: number | null
  readonly worker: string | null
  readonly version: number | null
  readonly task: string | null
}

export function inspectExecutions(sql: Sql, moment: Moment, id: RunId): ExecutionInfo[] {
  const run = sql.get<OwnerRow>(
    `SELECT runs.seq, runs.job, runs.state, runs.lease, runs.fence, runs.changed_at, runs.started_at, runs.ready_at, runs.ended_at,
       workers.name AS worker, workers.jobs, workers.task
     FROM runs LEFT JOIN workers ON workers.lease = runs.lease WHERE runs.id = ?`,
    id,
  )
  if (run === undefined) return []
  const shown = (at: number): number => shownAt(moment, at)
  const rows = sql.all<ExecutionRow>('SELECT * FROM executions WHERE run = ? ORDER BY n', run.seq)
  const past = rows.map((row) => toExecution(row, shown))
  const last = lastOf(run, shown)
  return last === undefined ? past : [...past, lastExecution(past, last)]
}

type OwnerRow = Held & {
  readonly state: RunState
  readonly ended_at: number | null
  readonly worker: string | null
  readonly jobs: string | null
  readonly task: string | null
}

/** Converts a stored time to wall time. */
type Shown = (at: number) => number

function lastOf(run: OwnerRow, shown: Shown): LastExecution | undefined {
  const { state, started_at, ended_at, ready_at, worker, jobs, task } = run
  const ready = ready_at === null ? {} : { readyAt: shown(ready_at) }
  if (state === 'running' || state === 'cancelling') {
    const version = jobs === null ? undefined : versionOn(JSON.parse(jobs) as WorkerJob[], run.job)
    return {
      ...{ claimedAt: shown(claimedAt(run)), ...ready },
      ...(worker === null ? {} : { worker }),
      ...(task === null ? {} : { task: taskIdOf(task) }),
      ...(version === undefined ? {} : { version }),
    }
  }
  // X2. For a run that an earlier version claimed it's unknown whether this was its only execution.
  const isKept = state !== 'completed' || !isFirst(run) || ready_at === null
  if (isKept || started_at === null || ended_at === null) return undefined
  return { claimedAt: shown(started_at), ...ready, end: { at: shown(ended_at), transition: 'complete' } }
}

function toExecution(row: ExecutionRow, shown: Shown): ExecutionInfo {
  return {
    ...{ n: row.n, claimedAt: shown(row.claimed_at) },
    ...(row.ready_at === null ? {} : { waitedMs: Math.max(0, row.claimed_at - row.ready_at) }),
    ...(row.worker === null ? {} : { worker: row.worker }),
    ...(row.task === null ? {} : { task: row.task }),
    ...(row.version === null ? {} : { version: row.version }),
    end: {
      ...{ at: shown(row.ended_at), transition: row.transition },
      ...(row.until === null ? {} : { until: shown(row.until) }),
    },
  }
}
