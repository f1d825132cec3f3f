import { decodeValue } from '../../model/codec.ts'
import { isEnd, type Run, type RunState, type WaitingFor } from '../../model/run.ts'
import type { RunId } from '../../model/run-id.ts'
import type { StoredError } from '../../model/stored-error.ts'
import type { UniqueKey } from '../../model/unique.ts'
import type { LeaseId } from '../store.ts'
import { readVersion } from '../stored-version.ts'
import { uniqueKeyOf, untilFinished } from '../unique-until.ts'
import type { Sql } from './database.ts'
import { type Moment, shownAt, storeTimeOf } from './store-clock.ts'

/** The columns that decide which place a run is in and who may write it. */
export interface RunRow {
  readonly seq: number
  readonly id: RunId
  readonly job: string
  /** In the form of stored-version.ts. */
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
  /** The instant that a scheduled run waits for, in wall time. */
  readonly instant_at: number | null
  readonly expires_at: number | null
  readonly deadline_at: number | null
  readonly timeout_ms: number | null
  readonly enqueued_at: number
  /** When it was last retried after its end. */
  readonly retried_at: number | null
  readonly started_at: number | null
  /** When a held run became ready (L6). */
  readonly ready_at: number | null
  readonly changed_at: number
  readonly ended_at: number | null
  readonly settled_fence: number | null
  readonly settled_state: RunState | null
  readonly waiting: string | null
  readonly cancel: string | null
  readonly blocked: string | null
  /** 1 when it has limit requests: limits of its job or of a step. */
  readonly limited: number
  readonly unique_key: string | null
  /** Its canonical form, if that is another key. */
  readonly canonical_key: string | null
  /** See unique-until.ts. */
  readonly unique_until: number | null
  /** JSON. */
  readonly orphans: string | null
  /** The failure for which it is failed. */
  readonly fingerprint: string | null
}

export interface Cancel {
  readonly by: string
  readonly reason?: string
}

/** In the form of `waiting`. */
export type StoredWait = WaitingFor & {
  /** The failure after which it waits. */
  readonly fingerprint?: string | undefined
}

export interface Blocked {
  readonly reason: string
  /** Digests of the definitions that could not run it. */
  readonly tried: readonly string[]
}

export interface PayloadRow {
  readonly tags: string
  readonly headers: string
  readonly output: Uint8Array | null
  readonly error: Uint8Array | null
  readonly escaped: string | null
  readonly worker: string | null
  readonly scheduled_for: number | null
  readonly schedule: string | null
}

export const runColumns = `runs.seq, runs.id, runs.job, runs.version, runs.queue, runs.priority, runs.state, runs.lease,
  runs.fence, runs.position, runs.journal_bytes, runs.attempt, runs.losses, runs.streak, runs.wake_at, runs.instant_at,
  runs.expires_at, runs.deadline_at, runs.timeout_ms, runs.enqueued_at, runs.retried_at, runs.started_at, runs.ready_at, runs.changed_at,
  runs.ended_at, runs.settled_fence, runs.settled_state, runs.waiting, runs.cancel, runs.blocked,
  runs.limited, runs.unique_key, runs.canonical_key, runs.unique_until, runs.orphans, runs.fingerprint`

export function findRun(sql: Sql, id: RunId): RunRow | undefined {
  return sql.get<RunRow>(`SELECT ${runColumns} FROM runs WHERE id = ?`, id)
}

export function runBySeq(sql: Sql, seq: number): RunRow | undefined {
  return sql.get<RunRow>(`SELECT ${runColumns} FROM runs WHERE seq = ?`, seq)
}

/** The data that `toRun` needs besides the run's own columns. */
export const viewColumns: string = `${runColumns}, payloads.tags, payloads.headers, payloads.output, payloads.error,
  payloads.escaped, payloads.scheduled_for, payloads.schedule, workers.name AS worker`
export const viewTables =
  'runs JOIN payloads ON payloads.seq = runs.seq LEFT JOIN workers ON workers.lease = runs.lease'

export function toRun(row: RunRow & PayloadRow, moment: Moment): Run {
  const shown = (at: number): number => shownAt(moment, at)
  const base = {
    id: row.id,
    job: row.job,
    ...readVersion(row.version),
    queue: row.queue,
    priority: row.priority,
    tags: JSON.parse(row.tags) as string[],
    headers: JSON.parse(row.headers) as Record<string, string>,
    attempt: row.attempt,
    losses: row.losses,
    ...(row.streak === 0 || isEnd(row.state) ? {} : { lossStreak: row.streak }),
    enqueuedAt: shown(row.enqueued_at),
    ...(row.started_at === null ? {} : { startedAt: shown(row.started_at) }),
    ...(row.unique_key === null ? {} : { unique: shownKey(row.unique_key, row, shown) }),
    changedAt: shown(row.changed_at),
    position: row.position,
    ...(row.orphans === null ? {} : { orphans: JSON.parse(row.orphans) as number[] }),
    ...(row.schedule === null ? {} : { schedule: row.schedule }),
    ...(row.scheduled_for === null ? {} : { scheduledFor: row.scheduled_for }),
  }
  return { ...base, ...stateFields(row, shown) } as unknown as Run
}

/** Converts a stored time to wall time. */
type Shown = (at: number) => number

function shownKey(key: string, row: RunRow, shown: Shown): UniqueKey {
  const known = uniqueKeyOf(key, row.unique_until ?? untilFinished, row.canonical_key)
  return typeof known.until === 'number' ? { ...known, until: shown(known.until) } : known
}

function waitFields(waiting: string | null, shown: Shown): object {
  const { fingerprint, ...known } = JSON.parse(waiting ?? '{}') as StoredWait
  const waitingFor = known.until === undefined ? known : { ...known, until: shown(known.until) }
  return { waitingFor, ...(fingerprint === undefined ? {} : { fingerprint }) }
}

function stateFields(row: RunRow & PayloadRow, shown: Shown): object {
  const { state } = row
  const error =
    row.error === null ? undefined : (decodeValue(row.error, `error of run ${row.id}`) as StoredError)
  const ended = isEnd(state) && row.ended_at !== null ? { endedAt: shown(row.ended_at) } : {}
  const fingerprint = row.fingerprint === null ? {} : { fingerprint: row.fingerprint }
  const cancel = row.cancel === null ? { by: 'unknown' } : (JSON.parse(row.cancel) as Cancel)
  const fields = {
    scheduled: () => ({ dueAt: instantOf(row) ?? shown(row.wake_at ?? 0) }),
    ready: () => ({}),
    running: () => ({ worker: row.worker ?? 'unknown' }),
    cancelling: () => ({ worker: row.worker ?? 'unknown', ...cancel }),
    waiting: () => ({
      ...waitFields(row.waiting, shown),
      ...(error ? { error } : {}),
    }),
    blocked: () => ({ reason: (JSON.parse(row.blocked ?? '{}') as Blocked).reason }),
    completed: () => ({ ...ended, output: row.output }),
    failed: () => ({
      ...{ ...ended, error, ...fingerprint },
      ...(row.escaped === null ? {} : { escaped: row.escaped }),
    }),
    cancelled: () => ({ ...ended, ...cancel }),
    expired: () => ended,
  } satisfies Record<RunState, () => object>
  return { state, ...fields[state]() }
}

/** Returns the instant that a run waits for (L4). */
export function instantOf(run: Pick<RunRow, 'state' | 'instant_at'>): number | null {
  return run.state === 'scheduled' ? run.instant_at : null
}

/** Returns when a run that never started expires, in the store's time. */
export function expiryOf(
  run: Pick<RunRow, 'state' | 'expires_at' | 'instant_at' | 'wake_at'>,
  moment: Moment,
): number | null {
  const instant = instantOf(run)
  if (run.expires_at === null || instant === null) return run.expires_at
  return storeTimeOf(moment, instant) + run.expires_at - (run.wake_at ?? run.expires_at)
}
