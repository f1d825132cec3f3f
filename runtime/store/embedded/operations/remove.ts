import { RunStateError, UnknownRunError } from '../../../model/errors.ts'
import type { RunWrite } from '../../../model/expected-run.ts'
import { isEnd } from '../../../model/run.ts'
import type { RunId } from '../../../model/run-id.ts'
import { logOperation } from '../operation-log.ts'
import { findRun, type RunRow } from '../run-row.ts'
import { answered, keepReply, type Transaction } from '../transaction.ts'
import { freeKeys } from '../unique-keys.ts'
import { deleteRun } from './prune.ts'
import { refuseMoved } from './refuse-moved.ts'

export function remove(tx: Transaction, id: RunId, write: RunWrite): void {
  if (answered(tx, write.requestId) !== undefined) return
  const run = findRun(tx.sql, id)
  if (run === undefined) throw new UnknownRunError(id)
  refuseMoved(tx, run, write)
  if (!isEnd(run.state)) {
    throw new RunStateError(`run '${id}' is ${run.state}; cancel it first, then remove it`)
  }
  const { by, reason } = write
  const { job, queue } = run
  logOperation(tx, { operation: 'remove run', subject: id, by, reason, details: { job, queue } })
  removeRun(tx, run)
  keepReply(tx, write.requestId, true)
}

/** Deletes an ended run; unlike retention it also ends a window of its unique key. */
export function removeRun(tx: Transaction, run: RunRow): void {
  freeKeys(tx, run)
  deleteRun(tx, run)
}
