import type { OperatorWrite } from '../../model/operator-write.ts'
import { type OperationEvent, type OperationName, retainedOperations } from '../events.ts'
import { newestNumber, noGroups, writeEvents } from './event-log.ts'
import type { Transaction } from './transaction.ts'

/** The stored fields of an operation. */
export type LoggedOperation = Omit<OperationEvent, 'kind' | 'cursor' | 'at'>

/** Unknown values may be undefined or '' as well. */
type KnownOperation = { readonly [Field in keyof LoggedOperation]: LoggedOperation[Field] | undefined }

export interface OperationRow {
  readonly number: number
  readonly at: number
  readonly n: number
  readonly previous: number
  readonly transition: number
  readonly body: string
}

const droppedAtOnce = 20

/** Logs a manual action on `subject`. */
export function logManual(
  tx: Transaction,
  operation: OperationName,
  subject: string,
  { by, reason }: Pick<OperatorWrite, 'by' | 'reason'>,
  details?: LoggedOperation['details'],
): void {
  logOperation(tx, { operation, subject, by, reason, details })
}

/**
 * Logs an operation, after the transitions that the transaction has made so far. Call it once everything that could be
 * refused has been checked.
 */
export function logOperation(tx: Transaction, operation: KnownOperation): void {
  writeEvents(tx)
  const newest = newestNumber(tx.sql)
  const last = tx.sql.get<Pick<OperationRow, 'number' | 'n' | 'transition'>>(
    'SELECT number, n, transition FROM operations ORDER BY number DESC LIMIT 1',
  )
  const { number: previous, n, transition } = last ?? { number: 0, n: 0, transition: 0 }
  tx.sql.run(
    'INSERT INTO operations (number, at, n, previous, transition, body) VALUES (?, ?, ?, ?, ?, ?)',
    newest + 1,
    tx.now,
    n + 1,
    previous,
    previous === newest ? transition : newest,
    JSON.stringify(operation, (_, value) => (value === '' ? undefined : value)),
  )
  // E2 of event-log.ts.
  tx.sql.run('INSERT INTO events VALUES (?, ?, ?)', newest + 1, tx.now, noGroups)
  tx.sql.run('DELETE FROM events WHERE last = ? AND groups = ?', previous, noGroups)
  tx.sql.run(
    `DELETE FROM operations WHERE number IN (SELECT number FROM operations ORDER BY number LIMIT ${droppedAtOnce})
       AND (n <= ? OR at < ?)`,
    n + 1 - retainedOperations.count,
    tx.now - retainedOperations.ms,
  )
}
