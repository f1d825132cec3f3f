import type { LimitUse } from '../../../model/limit-use.ts'
import type { StepPath } from '../../../model/step-path.ts'
import type { RunRow } from '../run-row.ts'
import type { Transaction } from '../transaction.ts'

/** One use of a limiter with its state. */
export interface LimitHold extends LimitUse {
  /** The held part of a concurrency limit. */
  held?: number
  /** Since when; an earlier version does not say. */
  heldAt?: number
  /** The attempt a rate was charged for. */
  paid?: number
  /** The cost it was charged, once corrected. */
  charged?: number
  /** How often it was corrected. */
  corrections?: number
  /** The run was woken for this key: since when its reservation counts, for a while. */
  ticket?: number
}

/** The limits of one run ('' as path) or of one of its steps: taken together or not at all (Q1). */
export interface LimitRequest {
  readonly path: StepPath
  takes: LimitHold[]
  /** The index of the limit on whose waitlist it is. */
  line?: number
  /** For a step: which attempt it is for, and which use of the execution, so that a late repeat undoes no newer one. */
  step?: { attempt: number; fence: number; turn: number }
  refused?: { count: number; since: number }
  senior?: boolean
}

/** The columns of a run that limits need. */
export type LimitedRun = Pick<
  RunRow,
  'seq' | 'id' | 'job' | 'version' | 'queue' | 'priority' | 'attempt' | 'state' | 'streak'
>

/** Returns the attempt that a limit request is for. */
export function attemptOf(limitRequest: LimitRequest, run: Pick<LimitedRun, 'attempt'>): number {
  return limitRequest.step?.attempt ?? run.attempt
}

interface Row {
  readonly path: string
  readonly body: string
}

export function limitRequestsOf(tx: Transaction, seq: number): LimitRequest[] {
  return tx.sql
    .all<Row>('SELECT path, body FROM admissions WHERE seq = ? ORDER BY path', seq)
    .map(({ path, body }) => ({ path, ...(JSON.parse(body) as Omit<LimitRequest, 'path'>) }))
}

export function limitRequestOf(tx: Transaction, seq: number, path: StepPath): LimitRequest | undefined {
  const row = tx.sql.get<Row>('SELECT path, body FROM admissions WHERE seq = ? AND path = ?', seq, path)
  return row && { path, ...(JSON.parse(row.body) as Omit<LimitRequest, 'path'>) }
}

export function saveLimitRequest(tx: Transaction, seq: number, { path, ...body }: LimitRequest): void {
  tx.sql.run('INSERT OR REPLACE INTO admissions VALUES (?, ?, ?)', seq, path, JSON.stringify(body))
}

export function deleteLimitRequest(tx: Transaction, seq: number, path: StepPath): void {
  tx.sql.run('DELETE FROM admissions WHERE seq = ? AND path = ?', seq, path)
}
