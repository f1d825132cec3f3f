import { RunStateError, UnknownRunError } from '../../../model/errors.ts'
import type { RunWrite } from '../../../model/expected-run.ts'
import { isEnd } from '../../../model/run.ts'
import type { RunId } from '../../../model/run-id.ts'
import { logManual } from '../operation-log.ts'
import { findRun, type RunRow } from '../run-row.ts'
import type { Transaction } from '../transaction.ts'
import { freeKeys } from '../unique-keys.ts'
import { deleteRun } from './prune.ts'
import { refuseMoved } from './refuse-moved.ts'

export function remove(tx: Transaction, id: RunId, write: RunWrite): void {
  const run = findRun(tx.sql, id)
  if (run === undefined) throw new UnknownRunError(id)
  refuseMoved(tx, run, write)
  if (!isEnd(run.state)) {
    throw new RunStateError(`run '${id}' is ${run.state}; cancel it first, then remove it`)
  }
  logManual(tx, 'remove run', id, write, { job: run.job, queue: run.queue })
  removeRun(tx, run)
}

/** Deletes an ended run; unlike retention it also ends a window of its unique key. */
export function removeRun(tx: Transaction, run: RunRow): void {
  freeKeys(tx, run)
  deleteRun(tx, run)
}
