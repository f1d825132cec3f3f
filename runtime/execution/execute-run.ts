import { decodeValue } from '../model/codec.ts'
import type { Job } from '../model/job.ts'
import type { ExecutionOutcome } from '../model/outcome.ts'
import { messageOf } from '../model/thrown.ts'
import type { Execution } from './execution.ts'
import { jobContext } from './job-context.ts'
import { blocked, failedAs, outcomeOf } from './run-outcome.ts'
import { executionOutcome, sendEnd, settle, suspend } from './settle.ts'

/**
 * The way of a run through its slot, stage by stage: decode, replay, execute, settle. Never rejects for what the job does.
 * Resolves to what became of the execution; never, once the run is lost in its midst: `onLost` tells the RunExecutor.
 */
export async function executeRun(
  execution: Execution,
  handler: Job['handler'] = execution.job.handler,
): Promise<ExecutionOutcome> {
  const { scheduler, run } = execution
  try {
    execution.input = decodeValue(run.claimed.input, `input of run '${run.claimed.id}'`)
    // A promise only where a further page is read.
    const isOurs = scheduler.replay()
    if (isOurs !== true && !(await isOurs)) return 'lost'
  } catch (error) {
    return settle(execution, blocked(execution, messageOf(error)))
  }
  const { failsAs } = run.claimed
  if (failsAs !== undefined) return settle(execution, await failedAs(execution, failsAs))
  let event = scheduler.begin(handler, jobContext(execution)) ?? (await scheduler.nextEvent())
  while (event.kind === 'suspendable') {
    const suspended = await suspend(execution, event.waits)
    if (suspended !== 'go on') return suspended
    event = await scheduler.nextEvent()
  }
  const end = outcomeOf(execution, event)
  const outcome = end instanceof Promise ? await end : end
  // As `settle` does it, without a promise of its own: this is the end of most runs.
  return executionOutcome(outcome.kind, await sendEnd(execution, outcome))
}
