import { DuplicateRunError, UnknownRunError } from '../../../model/errors.ts'
import type { RetryPlan } from '../../../model/job.ts'
import type { JournalEntry } from '../../../model/journal.ts'
import type { OperatorWrite } from '../../../model/operator-write.ts'
import type { RunId } from '../../../model/run-id.ts'
import { keysOf } from '../../../model/unique.ts'
import { type PlannedRetry, planRetryOf, retryReason } from '../../plan-retry.ts'
import type { RetryChoice, RunDetails } from '../../store.ts'
import type { ScriptCalls } from '../script-calls.ts'
import { stateCode } from '../state-code.ts'
import { readRuns } from './inspect.ts'
import { journalEntries } from './journal.ts'
import { readHolder } from './unique.ts'

/** The plan is made outside of the script; it is carried out only if the run is still as it was then. */
export async function retry(
  calls: ScriptCalls,
  id: RunId,
  choice: RetryChoice,
  write: OperatorWrite,
): Promise<RetryPlan> {
  for (;;) {
    const before = await calls.read('HGET', calls.keys.of('requests'), write.requestId)
    if (before !== null) return JSON.parse(String(before)) as RetryPlan
    const { run, dropped, answer } = await plan(calls, id, choice)
    const reason = retryReason(choice, write)
    const planned = [stateCode(run.state), run.position, run.changedAt, ...dropped]
    const args = [id, write.requestId, JSON.stringify(answer), write.by, reason, ...planned]
    const [outcome, kept, key] = (await calls.run('retry', args, [calls.keys.journal(id)])) as Buffer[]
    if (String(outcome) === 'done') return answer
    if (String(outcome) === 'before') return JSON.parse(String(kept)) as RetryPlan
    if (String(outcome) === 'unknown') throw new UnknownRunError(id)
    if (String(outcome) === 'duplicate') throw duplicate(run, String(kept), String(key))
  }
}

export async function planRetry(calls: ScriptCalls, id: RunId, choice: RetryChoice): Promise<RetryPlan> {
  const { run, answer } = await plan(calls, id, choice)
  if (run.unique === undefined) return answer
  const { until } = run.unique
  for (const key of keysOf(run.unique)) {
    const { now, holder } = await readHolder(calls, run.job, key)
    const needsKey = typeof until === 'string' || until > now
    if (needsKey && holder !== undefined && holder !== id) throw duplicate(run, holder, key)
  }
  return answer
}

function duplicate({ id, job }: RunDetails, holder: RunId, key: string): DuplicateRunError {
  return new DuplicateRunError(holder, { job, key }, id)
}

async function plan(
  calls: ScriptCalls,
  id: RunId,
  choice: RetryChoice,
): Promise<PlannedRetry & { readonly run: RunDetails }> {
  const [run] = await readRuns(calls, [id], false)
  if (run === undefined) throw new UnknownRunError(id)
  const journal: JournalEntry[] = await journalEntries(calls, id, {
    after: 0,
    limit: Number.POSITIVE_INFINITY,
  })
  const escaped = run.state === 'failed' ? run.escaped : undefined
  return { run, ...planRetryOf({ id, state: run.state, escaped }, journal, choice) }
}
