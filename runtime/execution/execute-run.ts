import { decodeValue } from '../model/codec.ts'
import type { Job } from '../model/job.ts'
import type { Outcome, StayOutcome } from '../model/outcome.ts'
import { messageOf } from '../model/thrown.ts'
import type { Execution } from './execution.ts'
import { jobContext } from './job-context.ts'
import { blocked, failedAs, outcomeOf } from './run-outcome.ts'
import { settle, suspend } from './settle.ts'

/**
 * The way of a run through its slot, stage by stage: decode, replay, execute, settle. Never rejects for what the job does.
 * Resolves to what became of the execution.
 */
export async function executeRun(
  execution: Execution,
  handler: Job['handler'] = execution.job.handler,
): Promise<StayOutcome> {
  const decoded = await decodeAndReplay(execution)
  if (decoded.kind === 'lost') return 'lost'
  if (decoded.kind === 'blocked') return settle(execution, decoded)
  const { input } = decoded
  const { failsAs } = execution.run.claimed
  if (failsAs !== undefined) return settle(execution, await failedAs(execution, failsAs, input))
  execution.scheduler.begin(async () => handler(jobContext(execution, input)))
  return executeUntilSettled(execution, input)
}

type Decoded =
  | { readonly kind: 'ready'; readonly input: unknown }
  | { readonly kind: 'lost' }
  | Extract<Outcome, { kind: 'blocked' }>

async function decodeAndReplay(execution: Execution): Promise<Decoded> {
  const { claimed } = execution.run
  try {
    const input = decodeValue(claimed.input, `input of run '${claimed.id}'`)
    return (await execution.scheduler.replay()) ? { kind: 'ready', input } : { kind: 'lost' }
  } catch (error) {
    return blocked(execution, messageOf(error))
  }
}

async function executeUntilSettled(execution: Execution, input: unknown): Promise<StayOutcome> {
  for (;;) {
    const event = await execution.scheduler.nextEvent()
    if (event.kind !== 'suspendable') return settle(execution, await outcomeOf(execution, event, input))
    const suspended = await suspend(execution, event.waits)
    if (suspended !== 'go on') return suspended
  }
}
