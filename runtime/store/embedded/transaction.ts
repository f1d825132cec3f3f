import type { FailureMark } from '../../model/failure-mark.ts'
import type { RunState, RunTransition } from '../../model/run.ts'
import type { RunId } from '../../model/run-id.ts'
import {
  type HistoryEntry,
  keepRepliesMs,
  type LeaseId,
  type RetentionPolicy,
  type WorkerJob,
} from '../store.ts'
import type { Sql } from './database.ts'
import type { RunRow } from './run-row.ts'
import type { Moment } from './store-clock.ts'

/** The context of an operation inside its one transaction. */
export interface Transaction extends Moment {
  readonly sql: Sql
  /** The store's time, read once: everything in a transaction happens at one instant. */
  readonly now: number
  readonly retention: RetentionPolicy
  /** How many idle slots to wake per class after the commit. */
  readonly wakeCounts: Map<string, WakeCount>
  /** By run: the class where it is counted. */
  readonly wakeCountOf: Map<number, WakeCount>
  /** Leases to wake after the commit, in any state: there is an order for them, or work. */
  readonly woken: Set<LeaseId>
  /** Hints for the leader and followers after the commit. */
  readonly hints: Set<CoordinationHint>
  /** Transitions in their order, written once before the commit for `events`, `throughput` and `counts`. */
  readonly moves: Move[]
  /** How many of them are in the log of events. */
  loggedMoves: number
  /** Runs that were deleted, for `counts`. */
  readonly removed: Removed[]
  /** Failures with a mark, in order, written once before the commit. */
  readonly failures: StoredFailure[]
  /** By fingerprint: how many more runs are failed now with it. */
  readonly failedBy: Map<string, number>
  /** Keys of limiters whose waitlists are checked before the transaction ends. */
  readonly changedKeys: Map<string, { readonly limiter: string; readonly key: string }>
  /** A fact that all waitlists depend on has changed: they are checked before the transaction ends. */
  allWaitlistsChanged: boolean
  /** The lease whose claim has room for runs that become ready. */
  claimer: LeaseId | undefined
  /** Workers that lose their runs, by lease. */
  readonly holders: Map<LeaseId, Holder>
  /** The lease whose claim was told of runs that it has to ask for protection for. */
  told: LeaseId | undefined
  /** The run whose own call this is: its reply says when to ask again. */
  asking: number | undefined
}

/** A role may be vacant; a schedule may be due sooner than its leader knows. */
export type CoordinationHint = 'vacancy' | 'schedules'

/** One transition of a run. */
export interface Move {
  readonly run: Pick<RunRow, 'id' | 'job' | 'queue'>
  /** The state it left; a new run has none. */
  readonly from?: RunState
  readonly transition: RunTransition | 'enqueue'
  readonly state: RunState
  /** How long it was in the state that it left. */
  readonly inStateMs: number
  /** Of an end: from enqueue, or from the retry of an ended run. */
  readonly totalMs?: number | undefined
}

export type Removed = Pick<RunRow, 'job' | 'queue' | 'state'>

/** One failure as a transaction counts it (F2 in failures.ts). */
export interface StoredFailure {
  readonly mark: FailureMark
  readonly job: string
  readonly run: RunId
  readonly tries: 0 | 1
  readonly runs: 0 | 1
}

/** A worker that holds runs. */
export interface Holder {
  readonly name: string
  readonly jobs: readonly WorkerJob[]
  /** Id of its ECS task. */
  readonly task?: string
}

export interface WakeCount {
  readonly job: string
  /** As stored-version.ts has it. */
  readonly version: number
  readonly queue: string
  readonly suspect: boolean
  count: number
}

const maxHistory = 200

/** Adds an entry to a run's history; the oldest entries are deleted. */
export function note(tx: Transaction, seq: number, entry: Omit<HistoryEntry, 'at'>): void {
  tx.sql.run(
    `INSERT INTO history (run, n, at, kind, cause, by, reason, worker)
     VALUES (?, (SELECT coalesce(max(n), 0) + 1 FROM history WHERE run = ?), ?, ?, ?, ?, ?, ?)`,
    seq,
    seq,
    tx.now,
    entry.kind,
    entry.cause ?? null,
    entry.by ?? null,
    entry.reason ?? null,
    entry.worker ?? null,
  )
  tx.sql.run(
    'DELETE FROM history WHERE run = ? AND n <= (SELECT max(n) FROM history WHERE run = ?) - ?',
    seq,
    seq,
    maxHistory,
  )
}

/** Returns the kept reply to a request, if it was carried out before. */
export function answered<T>(tx: Transaction, requestId: string): T | undefined {
  const kept = tx.sql.get<{ answer: string }>('SELECT answer FROM requests WHERE id = ?', requestId)
  return kept && (JSON.parse(kept.answer) as T)
}

/** Keeps the reply to a request for 10 minutes. */
export function keepReply<T>(tx: Transaction, requestId: string, answer: T): T {
  tx.sql.run(
    'INSERT INTO requests VALUES (?, ?, ?)',
    requestId,
    JSON.stringify(answer),
    tx.now + keepRepliesMs,
  )
  return answer
}

/** Carries out an operator's request, or returns the kept reply if it was carried out before (S3). */
export function once<T>(tx: Transaction, requestId: string, carryOut: () => T): T {
  const before = answered<T | null>(tx, requestId)
  if (before !== undefined) return (before ?? undefined) as T
  const answer = carryOut()
  // JSON has no undefined.
  keepReply(tx, requestId, answer ?? null)
  return answer
}
