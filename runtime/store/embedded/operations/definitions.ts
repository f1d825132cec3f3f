import {
  type DefinitionInfo,
  type DefinitionKind,
  keepDefinitionMs,
  type WorkerDefinition,
} from '../../definitions.ts'
import type { LeaseId, NewWorker } from '../../store.ts'
import type { Sql } from '../database.ts'
import { type Moment, shownAt } from '../store-clock.ts'
import type { Transaction } from '../transaction.ts'

/** The current meaning of a name; `definition` is empty when the code declares none. */
export interface InForce {
  readonly digest: string
  readonly definition: Uint8Array
  readonly seen_by: string
  /** 1 while a live worker declares it. */
  readonly declared: number
}

interface Row extends InForce {
  readonly n: number
  readonly in_force: number
}

/** Records that a registration declares it. Returns the definition in force. */
export function declareDefinition(
  tx: Transaction,
  worker: Pick<NewWorker, 'name' | 'lease'>,
  { kind, name, digest, definition }: WorkerDefinition,
): InForce | undefined {
  forgetOld(tx, kind, name)
  tx.sql.run(
    `INSERT INTO definitions (kind, name, digest, definition, seen_by, first_seen, last_seen)
     VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET last_seen = excluded.last_seen`,
    kind,
    name,
    digest,
    definition,
    worker.name,
    tx.now,
    tx.now,
  )
  tx.sql.run(
    `INSERT OR IGNORE INTO definition_leases
     SELECT ?, n FROM definitions WHERE kind = ? AND name = ? AND digest = ?`,
    worker.lease,
    kind,
    name,
    digest,
  )
  return settle(tx, kind, name).inForce
}

/** Its worker is gone: it no longer declares anything. */
export function withdrawDefinitions(tx: Transaction, lease: LeaseId): void {
  tx.sql.run(
    'UPDATE definitions SET last_seen = ? WHERE n IN (SELECT definition FROM definition_leases WHERE lease = ?)',
    tx.now,
    lease,
  )
  tx.sql.run('DELETE FROM definition_leases WHERE lease = ?', lease)
}

/** After workers left: calls `apply` for each name whose definition in force changed. */
export function settleDefinitions(
  tx: Transaction,
  kind: DefinitionKind,
  apply: (name: string, inForce: InForce) => void,
): void {
  for (const { name } of tx.sql.all<{ name: string }>(
    `SELECT DISTINCT name FROM definitions AS one WHERE kind = ? AND (
       in_force = 1 AND NOT ${isDeclared('one')} OR in_force = 0 AND last_seen <= ? AND NOT ${isDeclared('one')})`,
    kind,
    tx.now - keepDefinitionMs,
  )) {
    const { inForce, changed } = settle(tx, kind, name)
    if (changed && inForce !== undefined) apply(name, inForce)
  }
}

function isDeclared(table: string): string {
  return `EXISTS (SELECT 1 FROM definition_leases WHERE definition_leases.definition = ${table}.n)`
}

/** Returns the definition in force by D1 and D2. */
const newestFirst = `SELECT n, digest, definition, seen_by, in_force, ${isDeclared('one')} AS declared FROM definitions AS one
  WHERE kind = ? AND name = ? AND (in_force = 1 OR ${isDeclared('one')})
  ORDER BY ${isDeclared('one')} DESC, first_seen DESC, n DESC LIMIT 1`

export function definitionInForce(sql: Sql, kind: DefinitionKind, name: string): InForce | undefined {
  return sql.get<Row>(newestFirst, kind, name)
}

function settle(
  tx: Transaction,
  kind: DefinitionKind,
  name: string,
): { readonly inForce: InForce | undefined; readonly changed: boolean } {
  const newest = tx.sql.get<Row>(newestFirst, kind, name)
  if (newest !== undefined && newest.in_force === 0) {
    tx.sql.run('UPDATE definitions SET in_force = n = ? WHERE kind = ? AND name = ?', newest.n, kind, name)
  }
  forgetOld(tx, kind, name)
  return { inForce: newest, changed: newest?.in_force === 0 }
}

/** D4. */
function forgetOld(tx: Transaction, kind: DefinitionKind, name: string): void {
  tx.sql.run(
    `DELETE FROM definitions AS one WHERE kind = ? AND name = ? AND in_force = 0 AND last_seen <= ?
     AND NOT ${isDeclared('one')}`,
    kind,
    name,
    tx.now - keepDefinitionMs,
  )
}

export function inspectDefinitions(sql: Sql, moment: Moment, kind: DefinitionKind): DefinitionInfo[] {
  const rows = sql.all<
    Pick<Row, 'n' | 'digest' | 'seen_by'> & { name: string; first_seen: number; workers: number }
  >(
    `SELECT n, name, digest, seen_by, first_seen,
       (SELECT count(*) FROM definition_leases WHERE definition_leases.definition = definitions.n) AS workers
     FROM definitions WHERE kind = ? ORDER BY name, n`,
    kind,
  )
  const inForce = new Map<string, number | undefined>()
  for (const { name } of rows) {
    if (!inForce.has(name)) inForce.set(name, sql.get<Row>(newestFirst, kind, name)?.n)
  }
  return rows.map((row) => ({
    name: row.name,
    digest: row.digest,
    inForce: inForce.get(row.name) === row.n,
    workers: row.workers,
    firstSeenBy: row.seen_by,
    firstSeenAt: shownAt(moment, row.first_seen),
  }))
}
