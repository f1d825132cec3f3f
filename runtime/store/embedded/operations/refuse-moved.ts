import { isAsExpected, movedError, type RunWrite } from '../../../model/expected-run.ts'
import type { RunRow } from '../run-row.ts'
import { type Moment, shownAt } from '../store-clock.ts'

/** @throws RunStateError when the run isn't in the expected state. */
export function refuseMoved(
  moment: Moment,
  { id, state, changed_at: changedAt }: RunRow,
  write: Pick<RunWrite, 'expected'> = {},
): void {
  const { expected } = write
  if (expected === undefined || isAsExpected({ state, changedAt: shownAt(moment, changedAt) }, expected))
    return
  throw movedError(id, state, expected)
}
