import type { Jobs } from '../../runtime/client/client.ts'
import type { ExpectedRun } from '../../runtime/model/expected-run.ts'
import type { Run } from '../../runtime/model/run.ts'
import { accepts, refusalText } from '../../runtime/store/action-refusal.ts'
import type { ActionKind } from '../../runtime/store/actions.ts'
import type { TargetOf } from './target.ts'

export type ReadRun =
  | { readonly kind: 'read'; readonly run: Run }
  | { readonly kind: 'refused'; readonly reason: string }

/**
 * Reads the run of a target: refuses if it is gone, has changed since the key press, or is in no state for the action.
 */
export async function readTarget(
  { inspector }: Jobs,
  action: ActionKind,
  { id, state }: TargetOf<'run'>,
): Promise<ReadRun> {
  const run = await inspector.run(id)
  if (run === undefined) return { kind: 'refused', reason: refusalText(action, { kind: 'gone' }) }
  const refused = (kind: 'moved' | 'state'): ReadRun => ({
    kind: 'refused',
    reason: refusalText(action, { kind, state: run.state }),
  })
  if (run.state !== state && !isSameForCancel(action, run, state)) return refused('moved')
  return accepts(action, run.state) ? { kind: 'read', run } : refused('state')
}

/** A running run goes from slot to wait and back many times a second: a cancel applies in any of these states. */
const begun: ExpectedRun['states'] = ['ready', 'running', 'waiting', 'blocked']

function isSameForCancel(action: ActionKind, run: Run, state: Run['state']): boolean {
  return (
    action === 'cancel' &&
    run.startedAt !== undefined &&
    [run.state, state].every((one) => begun.includes(one))
  )
}

/** The state that the run must still have when the action reaches the store. */
export function expectedOf(action: ActionKind, run: Run): ExpectedRun {
  if (action === 'cancel' && run.startedAt !== undefined) return { states: begun }
  return { states: [run.state], changedAt: run.changedAt }
}
