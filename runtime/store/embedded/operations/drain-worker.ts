import { RunStateError } from '../../../model/errors.ts'
import type { OperatorWrite } from '../../../model/operator-write.ts'
import type { LeaseId } from '../../store.ts'
import { logOperation } from '../operation-log.ts'
import { answered, keepAnswer, type Transaction } from '../transaction.ts'

export function drainWorker(tx: Transaction, worker: string, write: OperatorWrite): void {
  if (answered(tx, write.requestId) !== undefined) return
  const leases = tx.sql.all<{ lease: LeaseId }>(
    'UPDATE workers SET drain_order = 1, idle = 0 WHERE name = ? RETURNING lease',
    worker,
  )
  if (leases.length === 0)
    throw new RunStateError(`no live worker '${worker}'; durable-jobs workers lists them`)
  const { by, reason } = write
  logOperation(tx, { operation: 'drain worker', subject: worker, by, reason })
  for (const { lease } of leases) tx.woken.add(lease)
  keepAnswer(tx, write.requestId, true)
}
