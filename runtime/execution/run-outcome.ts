import { encodeValue } from '../model/codec.ts'
import { RunPoisonedError, RunTimeoutError } from '../model/errors.ts'
import { type FailureMark, fixedMark } from '../model/failure-mark.ts'
import type { Outcome } from '../model/outcome.ts'
import type { StepPath } from '../model/step-path.ts'
import { fromStoredError, type StoredError, toStoredError } from '../model/stored-error.ts'
import { isReadableError } from '../model/thrown.ts'
import type { ClaimedRun } from '../store/store.ts'
import { escapedStep, judgeRunFailure } from './classify-failure.ts'
import type { Execution } from './execution.ts'
import { runOnFailed } from './on-failed.ts'
import type { ExecutionEnd } from './step-scheduler.ts'
import type { Stop } from './stop.ts'

/** Turns the end of an execution into the outcome that the store is to settle. Makes no promise where it waits for nothing. */
export function outcomeOf(execution: Execution, end: ExecutionEnd): Outcome | Promise<Outcome> {
  const { scheduler } = execution
  if (end.kind === 'stopped') return stopped(execution, end.stop)
  scheduler.end()
  if (end.kind === 'threw') scheduler.abort('sibling failed')
  return scheduler.isBusy ? endAfterBodies(execution, end) : endOfFunction(execution, end)
}

type FunctionEnd = Exclude<ExecutionEnd, { kind: 'stopped' }>

/** R3: the end of a function waits for its bodies. */
async function endAfterBodies(execution: Execution, end: FunctionEnd): Promise<Outcome> {
  const { scheduler, run } = execution
  const open = await scheduler.bodies.allEndInGrace()
  if (open.length > 0) run.log.warn({ steps: open }, 'the job ended while steps of it still run')
  return endOfFunction(execution, end)
}

function endOfFunction(execution: Execution, end: FunctionEnd): Outcome | Promise<Outcome> {
  const { scheduler } = execution
  if (end.kind === 'returned') {
    scheduler.logFailedSteps()
    return completed(execution, end.value)
  }
  const outcome = judge(execution, end.error)
  if (outcome.kind !== 'failed') return outcome
  scheduler.logFailedSteps(end)
  return failed(execution, end.error)
}

function completed(execution: Execution, value: unknown): Outcome | Promise<Outcome> {
  try {
    return { kind: 'completed', output: encodeValue(value, 'output', execution.deps.maxValueBytes) }
  } catch (error) {
    return failed(execution, error)
  }
}

async function stopped(execution: Execution, stop: Stop): Promise<Outcome> {
  switch (stop.kind) {
    case 'draining':
    case 'lost':
      return { kind: 'released' }
    case 'unprotected':
      return { kind: 'released', protect: true }
    case 'cancelled':
      return { kind: 'cancelled' }
    case 'blocked':
      return blocked(execution, stop.reason)
    case 'timed out':
      return failedAs(execution, 'timed out')
    case 'journal full':
      return failed(execution, stop.error)
  }
}

/** Decides whether code between steps gets another attempt. */
export function judge(execution: Execution, error: unknown): Outcome {
  const { job, deps, run } = execution
  const { attempt } = run.claimed
  const verdict = judgeRunFailure(error, job.retry, attempt, deps.clock.random())
  const stored = toStoredError(error)
  const escaped = escapedStep(error)
  const mark = markOf(execution, stored, escaped)
  if (verdict.kind === 'final')
    return { kind: 'failed', error: stored, mark, ...(escaped === undefined ? {} : { escaped }) }
  const { delayMs } = verdict
  run.log.warn({ err: stored, attempt, delayMs }, 'the run failed and is tried again')
  return { kind: 'retrying', error: stored, mark, delayMs }
}

/** A step whose failure escaped has the group of that failure, even if the author wrapped it. */
function markOf(
  { run, scheduler }: Execution,
  error: StoredError,
  escaped: StepPath | undefined,
): FailureMark {
  const ofStep = escaped === undefined ? undefined : scheduler.failedSteps.storedError(escaped)
  return ofStep === undefined ? run.markOf(error) : run.markOf(ofStep, escaped)
}

/** Returns the outcome of a run that the store or its timeout gave up. */
export function failedAs(execution: Execution, failsAs: 'poisoned' | 'timed out'): Promise<Outcome> {
  const { run, job } = execution
  const mark = fixedMark(failsAs, run.claimed.job, job.version)
  return failed(execution, failsAsError(run.claimed, failsAs), mark)
}

async function failed(execution: Execution, error: unknown, fixed?: FailureMark): Promise<Outcome> {
  const { run, job, scheduler } = execution
  const stored = toStoredError(error)
  run.log.error({ err: stored }, 'the run failed')
  const thrown = isReadableError(error) ? error : fromStoredError(stored)
  await runOnFailed(scheduler, job, { error: thrown, run: run.info, input: execution.input })
  const escaped = escapedStep(error)
  const mark = fixed ?? markOf(execution, stored, escaped)
  return { kind: 'failed', error: stored, mark, ...(escaped === undefined ? {} : { escaped }) }
}

export function blocked({ run, digest }: Execution, reason: string): Extract<Outcome, { kind: 'blocked' }> {
  run.log.error({ reason }, 'the run is blocked until its code changes or an operator retries it')
  return { kind: 'blocked', reason, digest }
}

function failsAsError(run: ClaimedRun, failsAs: 'poisoned' | 'timed out'): Error {
  return failsAs === 'poisoned'
    ? new RunPoisonedError(run.id, run.lossesSeen ?? { exit: run.losses, cut: 0, lease: 0 })
    : new RunTimeoutError(`run '${run.id}' did not end within its timeout`)
}
