import type { RunId } from '../../../model/run-id.ts'
import type { Held, LeaseId } from '../../store.ts'
import { leaveSlot } from '../apply-transition.ts'
import { type RunRow, runColumns } from '../run-row.ts'
import { note, type Transaction } from '../transaction.ts'

/** R14: a run that only the store holds becomes ready; a run that only the worker holds is dropped. */
export function reconcile(
  tx: Transaction,
  lease: LeaseId,
  held: readonly Held[],
): { readonly drop: readonly RunId[] } | 'lost' {
  if (!tx.sql.get('SELECT 1 FROM workers WHERE lease = ?', lease)) return 'lost'
  const known = new Map(held.map(({ run, fence }) => [run, fence]))
  for (const run of tx.sql.all<RunRow>(`SELECT ${runColumns} FROM runs WHERE lease = ?`, lease)) {
    if (known.get(run.id) === run.fence) known.delete(run.id)
    else {
      note(tx, run.seq, { kind: 'repaired', reason: 'its worker did not know that it holds it' })
      leaveSlot(tx, run, 'release')
    }
  }
  return { drop: [...known.keys()] }
}
