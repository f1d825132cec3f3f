import { RunStateError } from './errors.ts'
import { isSameTime } from './expecting-write.ts'
import type { OperatorWrite } from './operator-write.ts'
import type { RunState } from './run.ts'
import type { RunId } from './run-id.ts'

/** The run as the caller of a manual action saw it: a run that has changed since is left alone. */
export interface ExpectedRun {
  /** It must be in one of these states. */
  readonly states: readonly RunState[]
  /** It must have entered its state at this time, as a read returned it. Left out: at any time. */
  readonly changedAt?: number
}

/** A manual action on one run. */
export interface RunWrite extends OperatorWrite {
  /** Left out: the action applies to the run in any state. */
  readonly expected?: ExpectedRun
}

/** @param changedAt The run's; on the same clock as that of `expected`. */
export function isAsExpected(
  run: { readonly state: RunState; readonly changedAt: number },
  expected: ExpectedRun | undefined,
): boolean {
  if (expected === undefined) return true
  if (!expected.states.includes(run.state)) return false
  return expected.changedAt === undefined || isSameTime(run.changedAt, expected.changedAt)
}

export function movedError(id: RunId, state: RunState, { states }: ExpectedRun): RunStateError {
  const moved = states.includes(state)
    ? `became ${state} again since it was read`
    : `is ${state}; it was ${states.join(' or ')} when it was read`
  return new RunStateError(`run '${id}' ${moved}, so nothing was changed; read it again, then decide`)
}
