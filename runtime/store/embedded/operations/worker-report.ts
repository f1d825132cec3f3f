import type { LeaseId } from '../../store.ts'
import { type StoredReport, shownReport, type WorkerReport } from '../../worker-report.ts'
import { type Moment, shownAt } from '../store-clock.ts'
import type { Transaction } from '../transaction.ts'

/** Replaces the lease's report of itself (WR2). */
export function keepReport(tx: Transaction, lease: LeaseId, { n, agoMs, ...report }: WorkerReport): void {
  tx.sql.run(
    `INSERT INTO worker_reports VALUES (?, ?, ?, ?) ON CONFLICT (lease) DO UPDATE
     SET n = excluded.n, told_at = excluded.told_at, report = excluded.report WHERE excluded.n > worker_reports.n`,
    lease,
    n,
    tx.now - agoMs,
    JSON.stringify(report satisfies StoredReport),
  )
  const { task } = report
  if (task === undefined) return
  // WR3. A process stays in its task.
  tx.sql.run('UPDATE workers SET task = ? WHERE lease = ? AND task IS NULL', task.taskArn, lease)
}

export interface ReportRow {
  readonly told_at: number | null
  readonly report: string | null
}

export function storedReport({ report }: ReportRow): StoredReport {
  return JSON.parse(report ?? '{}') as StoredReport
}

/** Returns a stored report as a reader sees it, or nothing. */
export function reportOf(
  report: StoredReport,
  { told_at }: ReportRow,
  moment: Moment,
): ReturnType<typeof shownReport> {
  const { now } = moment
  return shownReport(report, { ...{ toldAt: told_at ?? now, now }, shown: (at) => shownAt(moment, at) })
}
