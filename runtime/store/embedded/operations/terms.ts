import type { LeaseId } from '../../store.ts'
import type { DutyAges, LeaderInfo } from '../../terms.ts'
import type { Sql } from '../database.ts'
import { type Moment, shownAt } from '../store-clock.ts'
import type { Transaction } from '../transaction.ts'

/** Returns whether this term runs: its holder's writes are accepted only then. */
export function leads(tx: Transaction, role: string, term: number): boolean {
  const found = tx.sql.get(
    'SELECT 1 FROM terms WHERE role = ? AND term = ? AND lease IS NOT NULL AND ends_at > ?',
    role,
    term,
    tx.now,
  )
  return found !== undefined
}

/** The roles of a lease that ends are vacant at once; their terms stay, so that no number is used twice. */
export function leaveRoles(tx: Transaction, lease: LeaseId): void {
  const ended = tx.sql.run(
    `UPDATE terms SET lease = NULL, worker = NULL, since = min(ends_at, ?), duties = '{}' WHERE lease = ?`,
    tx.now,
    lease,
  )
  if (ended > 0) tx.hints.add('vacancy')
}

interface TermRow {
  readonly role: string
  readonly term: number
  readonly worker: string | null
  readonly since: number
  readonly ends_at: number
  readonly duties: string
}

export function inspectLeaders(sql: Sql, moment: Moment, limit = -1): LeaderInfo[] {
  const { now } = moment
  const rows = sql.all<TermRow>(
    'SELECT role, term, worker, since, ends_at, duties FROM terms ORDER BY role LIMIT +?',
    limit,
  )
  return rows.map(({ role, term, worker, since: began, ends_at, duties }) => {
    const since = shownAt(moment, began)
    if (worker === null) return { role, term, since, termLeftMs: 0, duties: {} }
    if (ends_at <= now) return { role, term, since: shownAt(moment, ends_at), termLeftMs: 0, duties: {} }
    return { role, term, worker, since, termLeftMs: ends_at - now, duties: agesOf(duties, now) }
  })
}

function agesOf(duties: string, now: number): DutyAges {
  const goodAt = Object.entries(JSON.parse(duties) as Record<string, number>)
  return Object.fromEntries(goodAt.map(([name, at]) => [name, Math.max(0, now - at)]))
}
