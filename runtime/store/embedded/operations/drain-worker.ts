import { RunStateError } from '../../../model/errors.ts'
import type { OperatorWrite } from '../../../model/operator-write.ts'
import type { LeaseId } from '../../store.ts'
import type { StoredDrain } from '../../worker-drain.ts'
import { logManual } from '../operation-log.ts'
import type { Transaction } from '../transaction.ts'

export function drainWorker(tx: Transaction, worker: string, write: OperatorWrite): void {
  const leases = tx.sql.all<{ lease: LeaseId; drain: string | null }>(
    'UPDATE workers SET drain_order = 1, idle = 0 WHERE name = ? RETURNING lease, drain',
    worker,
  )
  if (leases.length === 0)
    throw new RunStateError(`no live worker '${worker}'; durable-jobs workers lists them`)
  const { by, reason } = write
  logManual(tx, 'drain worker', worker, write)
  for (const { lease, drain } of leases) {
    const stored = JSON.parse(drain ?? '{}') as StoredDrain
    const order = { by, ...(reason === undefined ? {} : { reason }), at: tx.now }
    // It acts on the first order.
    if (stored.order === undefined) saveDrain(tx, lease, { ...stored, order })
    tx.woken.add(lease)
  }
}

export function saveDrain(tx: Transaction, lease: LeaseId, drain: StoredDrain): void {
  tx.sql.run('UPDATE workers SET drain = ? WHERE lease = ?', JSON.stringify(drain), lease)
}
