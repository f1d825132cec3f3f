import type { LeaseId } from '../../store.ts'
import type { CampaignReply, DutyAges } from '../../terms.ts'
import { logOperation } from '../operation-log.ts'
import type { Transaction } from '../transaction.ts'
import { leads } from './terms.ts'

interface Held {
  readonly role: string
  readonly term: number
  readonly lease: LeaseId
}

interface LastTerm {
  readonly term: number
  readonly lease: LeaseId | null
  readonly worker: string | null
  readonly resigned_by: string | null
  readonly ends_at: number
}

interface Candidate {
  readonly role: string
  readonly lease: LeaseId
  readonly termMs: number
  readonly after: number
}

/**
 * Returns the reply for a lease that can't have the role now: found by reading alone, since followers ask all the time.
 */
export function refuseCampaign(
  tx: Transaction,
  { role, lease, after }: Candidate,
): CampaignReply | undefined {
  if (workerName(tx, lease) === undefined) return { kind: 'lost' }
  const last = lastTerm(tx, role)
  if (last === undefined) return undefined
  if (last.lease === null) {
    return last.resigned_by === lease && last.term > after ? { kind: 'lost' } : undefined
  }
  if (last.lease === lease || last.ends_at <= tx.now) return undefined
  const { n = 0 } =
    tx.sql.get<{ n: number }>('SELECT count(*) AS n FROM workers WHERE expires_at > ?', tx.now) ?? {}
  return { kind: 'following', leader: last.worker ?? '', termLeftMs: last.ends_at - tx.now, workers: n }
}

export function campaign(tx: Transaction, candidate: Candidate): CampaignReply {
  const refused = refuseCampaign(tx, candidate)
  if (refused !== undefined) return refused
  const { role, lease, termMs } = candidate
  const last = lastTerm(tx, role)
  if (last?.lease === lease && last.ends_at > tx.now) {
    tx.sql.run('UPDATE terms SET ends_at = ?, term_ms = ? WHERE role = ?', tx.now + termMs, termMs, role)
    return { kind: 'leading', term: last.term }
  }
  const term = Math.max((last?.term ?? 0) + 1, tx.now)
  const worker = workerName(tx, lease) ?? ''
  tx.sql.run(
    `INSERT OR REPLACE INTO terms (role, term, lease, worker, since, ends_at, term_ms, duties)
     VALUES (?, ?, ?, ?, ?, ?, ?, '{}')`,
    role,
    term,
    lease,
    worker,
    tx.now,
    tx.now + termMs,
    termMs,
  )
  logOperation(tx, { operation: 'leader changed', subject: role, by: worker, details: { term } })
  return { kind: 'leading', term }
}

function workerName(tx: Transaction, lease: LeaseId): string | undefined {
  return tx.sql.get<{ name: string }>('SELECT name FROM workers WHERE lease = ?', lease)?.name
}

function lastTerm(tx: Transaction, role: string): LastTerm | undefined {
  return tx.sql.get('SELECT term, lease, worker, resigned_by, ends_at FROM terms WHERE role = ?', role)
}

export function renewTerm(tx: Transaction, held: Held, duties: DutyAges): 'held' | 'lost' {
  if (!leads(tx, held.role, held.term)) return 'lost'
  const goodAt = Object.entries(duties).map(([name, ageMs]) => [name, tx.now - Math.round(ageMs)])
  const renewed = tx.sql.run(
    'UPDATE terms SET ends_at = ? + term_ms, duties = ? WHERE role = ? AND lease = ?',
    tx.now,
    JSON.stringify(Object.fromEntries(goodAt)),
    held.role,
    held.lease,
  )
  return renewed === 1 ? 'held' : 'lost'
}

export function resignTerm(tx: Transaction, { role, term, lease }: Held): void {
  const by = workerName(tx, lease)
  const ended = tx.sql.run(
    `UPDATE terms SET resigned_by = lease, lease = NULL, worker = NULL, since = min(ends_at, ?), duties = '{}'
     WHERE role = ? AND term = ? AND lease = ?`,
    tx.now,
    role,
    term,
    lease,
  )
  if (ended === 0) return
  logOperation(tx, { operation: 'leader resigned', subject: role, by, details: { term } })
  tx.hints.add('vacancy')
}
