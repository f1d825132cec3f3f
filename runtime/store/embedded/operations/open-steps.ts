import type { RunningStep } from '../../../model/run.ts'
import type { OpenStep, OpenSteps } from '../../open-steps.ts'
import type { LeaseId } from '../../store.ts'
import type { Sql } from '../database.ts'
import type { RunRow } from '../run-row.ts'
import type { Moment } from '../store-clock.ts'
import type { Transaction } from '../transaction.ts'

/** Replaces the lease's report of its open steps (OS3). */
export function tellOpenSteps(tx: Transaction, lease: LeaseId, { n, agoMs, steps }: OpenSteps): void {
  tx.sql.run(
    `INSERT INTO open_steps VALUES (?, ?, ?, ?) ON CONFLICT (lease) DO UPDATE
     SET n = excluded.n, told_at = excluded.told_at, steps = excluded.steps WHERE excluded.n > open_steps.n`,
    lease,
    n,
    tx.now - agoMs,
    JSON.stringify(steps),
  )
}

/** Finds the open step of a held run. */
export type OpenStepFinder = (run: Pick<RunRow, 'id' | 'lease' | 'fence'>) => { readonly step?: RunningStep }

interface Told {
  readonly at: number
  readonly steps: readonly OpenStep[]
}

/** Returns a finder for the runs of one read: a lease's report is read once. */
export function openStepFinder(sql: Sql, { now }: Moment): OpenStepFinder {
  const known = new Map<LeaseId, Told>()
  const toldBy = (lease: LeaseId): Told => {
    const told = known.get(lease) ?? readTold(sql, lease)
    known.set(lease, told)
    return told
  }
  return ({ id, lease, fence }) => {
    if (lease === null) return {}
    const { at, steps } = toldBy(lease)
    const open = steps.find((step) => step.run === id && step.fence === fence)
    if (open === undefined) return {}
    return { step: { path: open.path, openMs: open.openMs, toldAgoMs: Math.max(0, now - at) } }
  }
}

function readTold(sql: Sql, lease: LeaseId): Told {
  const row = sql.get<{ told_at: number; steps: string }>(
    'SELECT told_at, steps FROM open_steps WHERE lease = ?',
    lease,
  )
  return row === undefined
    ? { at: 0, steps: [] }
    : { at: row.told_at, steps: JSON.parse(row.steps) as OpenStep[] }
}
