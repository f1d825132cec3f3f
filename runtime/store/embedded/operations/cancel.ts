import { UnknownRunError } from '../../../model/errors.ts'
import type { RunWrite } from '../../../model/expected-run.ts'
import { isEnd, type RunState } from '../../../model/run.ts'
import type { RunId } from '../../../model/run-id.ts'
import { applyTransition } from '../apply-transition.ts'
import { logManual } from '../operation-log.ts'
import { type Cancel, findRun, type RunRow } from '../run-row.ts'
import { note, type Transaction } from '../transaction.ts'
import { refuseMoved } from './refuse-moved.ts'

export function cancel(tx: Transaction, id: RunId, write: RunWrite): { readonly state: RunState } {
  const run = findRun(tx.sql, id)
  if (run === undefined) throw new UnknownRunError(id)
  refuseMoved(tx, run, write)
  if (isEnd(run.state) || run.state === 'cancelling') return { state: run.state }
  logManual(tx, 'cancel run', id, write, { job: run.job, queue: run.queue })
  return { state: cancelRun(tx, run, write) }
}

/** Cancels a live run: at once if no worker holds it, else by an order to its holder. */
export function cancelRun(tx: Transaction, run: RunRow, { by, reason }: Cancel): RunState {
  const told: Cancel = { by, ...(reason === undefined ? {} : { reason }) }
  note(tx, run.seq, { kind: 'cancel', ...told })
  const state = applyTransition(tx, run, run.state === 'running' ? 'order cancel' : 'cancel', {
    cancel: told,
  })
  if (run.lease !== null) tx.woken.add(run.lease)
  return state
}
