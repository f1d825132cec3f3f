import type { RunTransition } from '../../../model/run.ts'
import type { RunId } from '../../../model/run-id.ts'
import {
  type ExecutionInfo,
  type LastExecution,
  lastExecution,
  retainedExecutions,
  versionOn,
} from '../../executions.ts'
import { taskIdOf } from '../../worker-report.ts'
import { plain, type RunRecord, type WholeRun } from '../run-record.ts'
import type { ScriptCalls } from '../script-calls.ts'
import { readRecords, type StoredWorker } from './inspect.ts'

type Shown = (at: number) => number

export async function readExecutions(calls: ScriptCalls, id: RunId): Promise<ExecutionInfo[]> {
  const [run] = await readRecords(calls, [id], false)
  if (run === undefined) return []
  const shown: Shown = (at) => calls.clock.shown(at)
  const past = pastExecutions(run.record, shown)
  const last = await lastOf(calls, run, shown)
  return last === undefined ? past : [...past, lastExecution(past, last)]
}

/** Layout: `executions` in scripts/prelude.lua. */
function pastExecutions({ extras }: RunRecord, shown: Shown): ExecutionInfo[] {
  const [count = '0', ...lines] = (extras.x ?? '').split('\n').slice(0, -1)
  const kept = lines.map((line, i) => toExecution(line, i + 1, shown))
  // The gap after the first ones is the number of dropped entries.
  const dropped = Number(count) - lines.length
  return kept.map((one) => (one.n <= retainedExecutions.first ? one : { ...one, n: one.n + dropped }))
}

function toExecution(line: string, n: number, shown: Shown): ExecutionInfo {
  const [claimed, ready, ended, transition, until, version, worker, task] = line.split('\t')
  const claimedAt = Number(claimed)
  return {
    ...{ n, claimedAt: shown(claimedAt) },
    ...(ready ? { waitedMs: Math.max(0, claimedAt - Number(ready)) } : {}),
    ...(worker ? { worker } : {}),
    ...(task ? { task } : {}),
    ...(version ? { version: Number(version) } : {}),
    end: {
      ...{ at: shown(Number(ended)), transition: transition as RunTransition },
      ...(until ? { until: shown(Number(until)) } : {}),
    },
  }
}

async function lastOf(
  calls: ScriptCalls,
  { record, worker, lease }: WholeRun,
  shown: Shown,
): Promise<LastExecution | undefined> {
  const { state, fence, changedAt, startedAt, wakeAt } = record
  const ready = wakeAt === 0 ? {} : { readyAt: shown(wakeAt) }
  if (state === 'running' || state === 'cancelling') {
    const { jobs, task } = await holderOf(calls, lease)
    const version = versionOn(jobs, record.job)
    return {
      ...{ claimedAt: shown(Math.min(fence, changedAt)), ...ready },
      ...(worker === '' ? {} : { worker }),
      ...(task === undefined ? {} : { task: taskIdOf(task) }),
      ...(version === undefined ? {} : { version }),
    }
  }
  // For a run that an earlier version claimed it's unknown whether this was its only execution.
  if (state !== 'completed' || startedAt !== fence || wakeAt === 0) return undefined
  return { claimedAt: shown(startedAt), ...ready, end: { at: shown(changedAt), transition: 'complete' } }
}

/** By lease, as names of workers aren't unique. */
async function holderOf(calls: ScriptCalls, lease: Buffer): Promise<Pick<StoredWorker, 'jobs' | 'task'>> {
  if (lease.length === 0) return { jobs: [] }
  const raw = (await calls.read('HGET', calls.keys.of('workers'), lease)) as Buffer | null
  return raw === null ? { jobs: [] } : (plain.unpack(raw) as StoredWorker)
}
