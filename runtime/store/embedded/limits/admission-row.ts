import type { LimitUse } from '../../../model/limit-use.ts'
import type { StepPath } from '../../../model/step-path.ts'
import type { RunRow } from '../run-row.ts'
import type { Transaction } from '../transaction.ts'

/** One use of a limiter with its state. */
export interface Take extends LimitUse {
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
export interface Admission {
  readonly path: StepPath
  takes: Take[]
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
export function attemptOf(admission: Admission, run: Pick<LimitedRun, 'attempt'>): number {
  return admission.step?.attempt ?? run.attempt
}

interface Row {
  readonly path: string
  readonly body: string
}

export function admissionsOf(tx: Transaction, seq: number): Admission[] {
  return tx.sql
    .all<Row>('SELECT path, body FROM admissions WHERE seq = ? ORDER BY path', seq)
    .map(({ path, body }) => ({ path, ...(JSON.parse(body) as Omit<Admission, 'path'>) }))
}

export function admissionOf(tx: Transaction, seq: number, path: StepPath): Admission | undefined {
  const row = tx.sql.get<Row>('SELECT path, body FROM admissions WHERE seq = ? AND path = ?', seq, path)
  return row && { path, ...(JSON.parse(row.body) as Omit<Admission, 'path'>) }
}

export function saveAdmission(tx: Transaction, seq: number, { path, ...body }: Admission): void {
  tx.sql.run('INSERT OR REPLACE INTO admissions VALUES (?, ?, ?)', seq, path, JSON.stringify(body))
}

export function forgetAdmission(tx: Transaction, seq: number, path: StepPath): void {
  tx.sql.run('DELETE FROM admissions WHERE seq = ? AND path = ?', seq, path)
}
