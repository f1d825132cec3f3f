import type { Outcome, StayOutcome, Wait } from '../model/outcome.ts'
import type { EntryAnswer } from '../store/store.ts'
import type { Execution } from './execution.ts'

/** Ends an execution with this outcome. Resolves to what became of it. */
export async function settle(execution: Execution, outcome: Outcome): Promise<StayOutcome> {
  return stayOutcome(outcome.kind, await sendEnd(execution, outcome))
}

/** Sends the outcome of an execution to the store; rides with the next claim (R2). */
export function sendEnd(execution: Execution, outcome: Outcome): Promise<EntryAnswer> {
  execution.hasSettled = true
  return send(execution, outcome)
}

/** Asks the store to suspend a run that only waits. The store decides: a wait that is over by its clock keeps the run here. */
export async function suspend(execution: Execution, waits: readonly Wait[]): Promise<StayOutcome | 'go on'> {
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
  return stayOutcome('waiting', reply)
}

function send(execution: Execution, outcome: Outcome): Promise<EntryAnswer> {
  const { run, scheduler, deps } = execution
  const { id, fence } = run.claimed
  const { position } = scheduler.journal
  const orphans = scheduler.results.findOrphans(outcome.kind === 'completed')
  execution.isSettling = true
  const settlement = { kind: 'settle', run: id, fence, position, outcome } as const
  return deps.outbox.settle(orphans.length === 0 ? settlement : { ...settlement, orphans })
}

/** What became of an execution, by the store's reply to its outcome. */
export function stayOutcome(kind: Outcome['kind'], reply: EntryAnswer): StayOutcome {
  if (reply.kind !== 'settled') return 'lost'
  return reply.state === 'cancelled' ? 'cancelled' : kind
}
