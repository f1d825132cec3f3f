import {
  type HeldRun,
  type Overview,
  type OverviewCut,
  type OverviewQuery,
  overviewBounds,
  overviewEvents,
} from '../../overview.ts'
import type { LeaseId } from '../../store.ts'
import { versionOf } from '../../stored-version.ts'
import { readFailures } from '../failure-groups.ts'
import { inspectRunCounts } from '../run-counts.ts'
import type { Transaction } from '../transaction.ts'
import { readEvents } from './events.ts'
import { inspectQueues, inspectWorkers } from './inspect.ts'
import { inspectBusyLimiters } from './inspect-limiters.ts'
import { inspectNotableSchedules } from './inspect-schedules.ts'
import { inspectMutes } from './mutes.ts'
import { readStatistics } from './statistics.ts'
import { inspectLeaders } from './terms.ts'

/** To be called on the state of one moment. @throws InvalidOptionsError for an unknown range. */
export function readOverview(
  tx: Transaction,
  isDead: (lease: LeaseId) => boolean,
  { range }: OverviewQuery,
): Overview {
  const { sql } = tx
  const bounds = overviewBounds
  const cut: OverviewCut[] = []
  const upTo = <T>(most: number, found: readonly T[], ...names: readonly OverviewCut[]): readonly T[] => {
    if (found.length > most) cut.push(...names)
    return found.slice(0, most)
  }
  const counts = upTo(bounds.counts, inspectRunCounts(sql, bounds.counts + 1), 'counts', 'queues')
  const queues = inspectQueues(sql, tx, counts)
  const workers = upTo(bounds.workers, inspectWorkers(sql, tx, isDead, bounds.workers + 1), 'workers')
  const leaders = upTo(bounds.leaders, inspectLeaders(sql, tx, bounds.leaders + 1), 'leaders')
  const { limiters, more: moreLimiters } = inspectBusyLimiters(tx, bounds)
  if (moreLimiters) cut.push('limiters')
  const { schedules, more: moreSchedules } = inspectNotableSchedules(sql, tx.wall, bounds)
  if (moreSchedules) cut.push('schedules')
  const { held, more: moreHeld } = longestHeld(tx)
  if (moreHeld) cut.push('longestHeld')
  const statistics = readStatistics(sql, tx, range, { counts, maxCells: bounds.statisticsCells })
  if (statistics.cut) cut.push('statistics')
  return {
    now: tx.wall,
    ...overviewEvents(readEvents(sql, tx, { log: 'operations', limit: bounds.operations })),
    counts,
    queues,
    workers,
    leaders,
    limiters,
    schedules,
    failures: readFailures(sql, tx, { limit: bounds.failures }),
    mutes: inspectMutes(sql, tx),
    statistics,
    longestHeld: held,
    cut,
  }
}

/** A fence is usually the time of the claim; a run that was told to stop has changed since. */
function longestHeld({ sql, now }: Transaction): { readonly held: HeldRun[]; readonly more: boolean } {
  const { longestHeld: most, scannedHeld } = overviewBounds
  const held = sql.all<HeldRun>(
    `SELECT id AS run, job, queue, version, coalesce(name, 'unknown') AS worker, max(0, ? - since) AS heldMs FROM
       (SELECT id, job, queue, version, lease, min(fence, changed_at) AS since FROM runs WHERE lease IS NOT NULL LIMIT +?)
       LEFT JOIN (SELECT lease, name FROM workers) USING (lease)
     ORDER BY heldMs DESC, run LIMIT +?`,
    now,
    scannedHeld,
    most,
  )
  const all = sql.get<{ n: number }>(
    'SELECT count(*) AS n FROM (SELECT 1 FROM runs WHERE lease IS NOT NULL LIMIT +?)',
    scannedHeld + 1,
  )
  const shown = held.map((run) => ({ ...run, version: versionOf(run.version) }))
  return { held: shown, more: (all?.n ?? 0) > scannedHeld }
}
