import type { ExecutionOutcome, Outcome, Wait } from '../model/outcome.ts'
import type { EntryReply } from '../store/store.ts'
import type { Execution } from './execution.ts'

/** Ends an execution with this outcome. Resolves to what became of it. */
export async function settle(execution: Execution, outcome: Outcome): Promise<ExecutionOutcome> {
  return executionOutcome(outcome.kind, await sendEnd(execution, outcome))
}

/** Sends the outcome of an execution to the store, with the next claim (R2). */
export function sendEnd(execution: Execution, outcome: Outcome): Promise<EntryReply> {
  execution.hasSettled = true
  return send(execution, outcome)
}

/** Asks the store to suspend a run that only waits. The store decides: a wait that is over by its clock keeps the run here. */
export async function suspend(
  execution: Execution,
  waits: readonly Wait[],
): Promise<ExecutionOutcome | 'go on'> {
  const { scheduler } = execution
  if (!scheduler.isIdle) return 'go on'
  const openGate = scheduler.state.closeGate()
  const reply = await send(execution, { kind: 'waiting', waits })
  if (reply.kind === 'continue') {
    execution.isSettling = false
    openGate()
    scheduler.waits.continued()
    return 'go on'
  }
  scheduler.close()
  scheduler.abort('suspended')
  return executionOutcome('waiting', reply)
}

function send(execution: Execution, outcome: Outcome): Promise<EntryReply> {
  const { run, scheduler, deps } = execution
  const { id, fence } = run.claimed
  const { position } = scheduler.journal
  const orphans = scheduler.results.findOrphans(outcome.kind === 'completed')
  execution.isSettling = true
  const settlement = { kind: 'settle', run: id, fence, position, outcome } as const
  return deps.outbox.settle(orphans.length === 0 ? settlement : { ...settlement, orphans })
}

/** What became of an execution, by the store's reply to its outcome. */
export function executionOutcome(kind: Outcome['kind'], reply: EntryReply): ExecutionOutcome {
  if (reply.kind !== 'settled') return 'lost'
  return reply.state === 'cancelled' ? 'cancelled' : kind
}
