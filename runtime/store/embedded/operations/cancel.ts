import { UnknownRunError } from '../../../model/errors.ts'
import type { OperatorWrite } from '../../../model/operator-write.ts'
import { isEnd, type RunState } from '../../../model/run.ts'
import type { RunId } from '../../../model/run-id.ts'
import { logOperation } from '../operation-log.ts'
import { place } from '../place.ts'
import { type Cancel, findRun } from '../run-row.ts'
import { answered, keepAnswer, note, type Transaction } from '../transaction.ts'

export function cancel(tx: Transaction, id: RunId, write: OperatorWrite): { readonly state: RunState } {
  const before = answered<{ state: RunState }>(tx, write.requestId)
  if (before !== undefined) return before
  const run = findRun(tx.sql, id)
  if (run === undefined) throw new UnknownRunError(id)
  if (isEnd(run.state) || run.state === 'cancelling')
    return keepAnswer(tx, write.requestId, { state: run.state })
  const { id: subject, job, queue } = run
  logOperation(tx, {
    ...{ operation: 'cancel run', subject, by: write.by, reason: write.reason },
    details: { job, queue },
  })
  note(tx, run.seq, {
    kind: 'cancel',
    by: write.by,
    ...(write.reason === undefined ? {} : { reason: write.reason }),
  })
  const flag: Cancel = { by: write.by, ...(write.reason === undefined ? {} : { reason: write.reason }) }
  const state = place(tx, run, run.state === 'running' ? 'order cancel' : 'cancel', { cancel: flag })
  if (run.lease !== null) tx.woken.add(run.lease)
  return keepAnswer(tx, write.requestId, { state })
}
