import { DuplicateRunError, UnknownRunError } from '../../../model/errors.ts'
import { isAsExpected, movedError, type RunWrite } from '../../../model/expected-run.ts'
import type { RetryPlan } from '../../../model/job.ts'
import type { RunId } from '../../../model/run-id.ts'
import { keysOf } from '../../../model/unique.ts'
import { type PlannedRetry, planRetryOf, retryReason } from '../../plan-retry.ts'
import type { RetryChoice } from '../../store.ts'
import { uniqueKeyOf } from '../../unique-until.ts'
import type { WholeRun } from '../run-record.ts'
import type { ScriptCalls } from '../script-calls.ts'
import { stateCode } from '../state-code.ts'
import { readRecords } from './inspect.ts'
import { journalLines } from './journal-lines.ts'
import { readHolder } from './unique.ts'

/** The plan is made outside of the script, which carries it out only if the run has not changed since. */
export async function retry(
  calls: ScriptCalls,
  id: RunId,
  choice: RetryChoice,
  write: RunWrite,
): Promise<RetryPlan> {
  for (;;) {
    const before = await calls.read('HGET', calls.keys.of('requests'), write.requestId)
    if (before !== null) return JSON.parse(String(before)) as RetryPlan
    const { run, dropped, answer } = await plan(calls, id, choice, write)
    const reason = retryReason(choice, write)
    const { state, position, changedAt } = run.record
    const planned = [stateCode(state), position, changedAt, ...dropped]
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
  const held = await heldByOther(calls, run)
  if (held !== undefined) throw duplicate(run, held.holder, held.key)
  return answer
}

/** Returns the run that holds a key which this one would need again, if any does. */
export async function heldByOther(
  calls: ScriptCalls,
  { id, record }: WholeRun,
): Promise<{ readonly holder: RunId; readonly key: string } | undefined> {
  if (record.extras.u === undefined) return undefined
  const unique = uniqueKeyOf(...record.extras.u)
  for (const key of keysOf(unique)) {
    const { now, holder } = await readHolder(calls, record.job, key)
    const needsKey = typeof unique.until === 'string' || unique.until > now
    if (needsKey && holder !== undefined && holder !== id) return { holder, key }
  }
  return undefined
}

function duplicate({ id, record }: WholeRun, holder: RunId, key: string): DuplicateRunError {
  return new DuplicateRunError(holder, { job: record.job, key }, id)
}

async function plan(
  calls: ScriptCalls,
  id: RunId,
  choice: RetryChoice,
  { expected }: Pick<RunWrite, 'expected'> = {},
): Promise<PlannedRetry & { readonly run: WholeRun }> {
  const [run] = await readRecords(calls, [id], false)
  if (run === undefined) throw new UnknownRunError(id)
  const found = { state: run.record.state, changedAt: calls.clock.shown(run.record.changedAt) }
  if (expected !== undefined && !isAsExpected(found, expected)) throw movedError(id, found.state, expected)
  const lines = (await journalLines(calls, [id])).get(id) ?? []
  const { state, extras } = run.record
  const escaped = state === 'failed' ? extras.e : undefined
  return { run, ...planRetryOf({ id, state, escaped }, lines, choice) }
}
