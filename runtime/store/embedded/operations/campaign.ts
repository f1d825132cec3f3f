import type { LeaseId } from '../../store.ts'
import type { CampaignAnswer, DutyAges } from '../../terms.ts'
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

export function campaign(tx: Transaction, { role, lease, termMs, after }: Candidate): CampaignAnswer {
  const candidate = tx.sql.get<{ name: string }>('SELECT name FROM workers WHERE lease = ?', lease)
  if (candidate === undefined) return { kind: 'lost' }
  const last = tx.sql.get<LastTerm>(
    'SELECT term, lease, worker, resigned_by, ends_at FROM terms WHERE role = ?',
    role,
  )
  if (last?.lease != null && last.ends_at > tx.now) {
    if (last.lease !== lease) return following(tx, last)
    tx.sql.run('UPDATE terms SET ends_at = ?, term_ms = ? WHERE role = ?', tx.now + termMs, termMs, role)
    return { kind: 'leading', term: last.term }
  }
  if (last?.resigned_by === lease && last.term > after) return { kind: 'lost' }
  const term = Math.max((last?.term ?? 0) + 1, tx.now)
  tx.sql.run(
    `INSERT OR REPLACE INTO terms (role, term, lease, worker, since, ends_at, term_ms, duties)
     VALUES (?, ?, ?, ?, ?, ?, ?, '{}')`,
    role,
    term,
    lease,
    candidate.name,
    tx.now,
    tx.now + termMs,
    termMs,
  )
  return { kind: 'leading', term }
}

function following(tx: Transaction, { worker, ends_at }: LastTerm): CampaignAnswer {
  const workers = tx.sql.get<{ n: number }>(
    'SELECT count(*) AS n FROM workers WHERE expires_at > ?',
    tx.now,
  )?.n
  return { kind: 'following', leader: worker ?? '', termLeftMs: ends_at - tx.now, workers: workers ?? 0 }
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
  tx.sql.run(
    `UPDATE terms SET resigned_by = lease, lease = NULL, worker = NULL, since = min(ends_at, ?), duties = '{}'
     WHERE role = ? AND term = ? AND lease = ?`,
    tx.now,
    role,
    term,
    lease,
  )
}
