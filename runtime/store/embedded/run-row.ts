import { decodeValue } from '../../model/codec.ts'
import { isEnd, type Run, type RunState, type WaitingFor } from '../../model/run.ts'
import type { RunId } from '../../model/run-id.ts'
import type { StoredError } from '../../model/stored-error.ts'
import type { LeaseId } from '../store.ts'
import { uniqueKeyOf } from '../unique-until.ts'
import type { Sql } from './database.ts'

/** The columns that decide where a run is and who may write it. */
export interface RunRow {
  readonly seq: number
  readonly id: RunId
  readonly job: string
  readonly version: number
  readonly queue: string
  readonly priority: number
  readonly state: RunState
  readonly lease: LeaseId | null
  readonly fence: number
  readonly position: number
  readonly journal_bytes: number
  readonly attempt: number
  readonly losses: number
  readonly streak: number
  readonly wake_at: number | null
  readonly expires_at: number | null
  readonly deadline_at: number | null
  readonly timeout_ms: number | null
  readonly enqueued_at: number
  readonly started_at: number | null
  readonly changed_at: number
  readonly ended_at: number | null
  readonly settled_fence: number | null
  readonly settled_state: RunState | null
  readonly waiting: string | null
  readonly cancel: string | null
  readonly blocked: string | null
  /** 1 when it has admissions: limits of its job or of a step. */
  readonly limited: number
  readonly unique_key: string | null
  /** Its canonical form, where that is another key. */
  readonly canonical_key: string | null
  /** See unique-until.ts. */
  readonly unique_until: number | null
}

export interface Cancel {
  readonly by: string
  readonly reason?: string
}

export interface Blocked {
  readonly reason: string
  /** Digests of the definitions that could not run it. */
  readonly tried: readonly string[]
}

interface PayloadRow {
  readonly tags: string
  readonly headers: string
  readonly output: Uint8Array | null
  readonly error: Uint8Array | null
  readonly escaped: string | null
  readonly worker: string | null
  readonly scheduled_for: number | null
}

export const runColumns = `runs.seq, runs.id, runs.job, runs.version, runs.queue, runs.priority, runs.state, runs.lease,
  runs.fence, runs.position, runs.journal_bytes, runs.attempt, runs.losses, runs.streak, runs.wake_at,
  runs.expires_at, runs.deadline_at, runs.timeout_ms, runs.enqueued_at, runs.started_at, runs.changed_at,
  runs.ended_at, runs.settled_fence, runs.settled_state, runs.waiting, runs.cancel, runs.blocked,
  runs.limited, runs.unique_key, runs.canonical_key, runs.unique_until`

export function findRun(sql: Sql, id: RunId): RunRow | undefined {
  return sql.get<RunRow>(`SELECT ${runColumns} FROM runs WHERE id = ?`, id)
}

export function runBySeq(sql: Sql, seq: number): RunRow | undefined {
  return sql.get<RunRow>(`SELECT ${runColumns} FROM runs WHERE seq = ?`, seq)
}

/** What `toRun` needs beside the run's own columns. */
export const viewColumns: string = `${runColumns}, payloads.tags, payloads.headers, payloads.output, payloads.error,
  payloads.escaped, payloads.scheduled_for, workers.name AS worker`
export const viewTables =
  'runs JOIN payloads ON payloads.seq = runs.seq LEFT JOIN workers ON workers.lease = runs.lease'

export function toRun(row: RunRow & PayloadRow): Run {
  const base = {
    id: row.id,
    job: row.job,
    version: row.version,
    queue: row.queue,
    priority: row.priority,
    tags: JSON.parse(row.tags) as string[],
    headers: JSON.parse(row.headers) as Record<string, string>,
    attempt: row.attempt,
    losses: row.losses,
    enqueuedAt: row.enqueued_at,
    ...(row.started_at === null ? {} : { startedAt: row.started_at }),
    ...(row.unique_key === null
      ? {}
      : { unique: uniqueKeyOf(row.unique_key, row.unique_until ?? 0, row.canonical_key) }),
    changedAt: row.changed_at,
    position: row.position,
    ...(row.scheduled_for === null ? {} : { scheduledFor: row.scheduled_for }),
  }
  return { ...base, ...stateFields(row) } as unknown as Run
}

function stateFields(row: RunRow & PayloadRow): object {
  const { state } = row
  const error =
    row.error === null ? undefined : (decodeValue(row.error, `error of run ${row.id}`) as StoredError)
  const ended = isEnd(state) ? { endedAt: row.ended_at } : {}
  const cancel = row.cancel === null ? { by: 'unknown' } : (JSON.parse(row.cancel) as Cancel)
  const fields = {
    scheduled: () => ({ dueAt: row.wake_at }),
    ready: () => ({}),
    running: () => ({ worker: row.worker ?? 'unknown' }),
    cancelling: () => ({ worker: row.worker ?? 'unknown', ...cancel }),
    waiting: () => ({
      waitingFor: JSON.parse(row.waiting ?? '{}') as WaitingFor,
      ...(error ? { error } : {}),
    }),
    blocked: () => ({ reason: (JSON.parse(row.blocked ?? '{}') as Blocked).reason }),
    completed: () => ({ ...ended, output: row.output }),
    failed: () => ({ ...ended, error, ...(row.escaped === null ? {} : { escaped: row.escaped }) }),
    cancelled: () => ({ ...ended, ...cancel }),
    expired: () => ended,
  } satisfies Record<RunState, () => object>
  return { state, ...fields[state]() }
}
