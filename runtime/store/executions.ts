import type { RunTransition } from '../model/run.ts'

/*
 * EXECUTIONS of a run: each one lasts from a claim to its end.
 * X1  The transition that ends an execution stores it, so that a claim costs nothing more. The current one is derived
 * from the run itself.
 * X2  The first execution since the enqueue or the last retry is not stored if the run completes in it: the record says
 * when it began (its fence is `startedAt`) and ended. Its worker is not kept then.
 * X3  Only the first and the last ones are kept.
 * X4  Of the ECS task only its id is kept, in an execution: the history names only the worker.
 */

/** X3. */
export const retainedExecutions = { first: 8, last: 24 } as const

export interface ExecutionInfo {
  /** Its number among the executions of the run, from 1. */
  readonly n: number
  readonly claimedAt: number
  /** How long it had been ready by then. Left out if a worker of an earlier version claimed it. */
  readonly waitedMs?: number
  /** Left out if it isn't kept (X2). */
  readonly worker?: string
  /** Id of the ECS task that this worker ran in. Left out: not in ECS, or the worker didn't know it yet. */
  readonly task?: string
  /** Of the job in that worker's code. */
  readonly version?: number
  /** Left out while it runs. */
  readonly end?: ExecutionEnd
}

export interface ExecutionEnd {
  readonly at: number
  readonly transition: RunTransition
  /** Until when the run paused, after a `back off`, a `suspend` or a loss with a delay. */
  readonly until?: number
}

/** The run's data about its last execution if that isn't stored; `readyAt` if known. */
export interface LastExecution
  extends Pick<ExecutionInfo, 'claimedAt' | 'worker' | 'task' | 'version' | 'end'> {
  readonly readyAt?: number
}

/** Returns the last execution with its number after the stored ones. */
export function lastExecution(
  past: readonly Pick<ExecutionInfo, 'n'>[],
  { readyAt, ...execution }: LastExecution,
): ExecutionInfo {
  const waited = readyAt === undefined ? {} : { waitedMs: Math.max(0, execution.claimedAt - readyAt) }
  return { n: (past.at(-1)?.n ?? 0) + 1, ...execution, ...waited }
}

/** The version of a job that a worker has. */
export function versionOn(
  jobs: readonly { readonly name: string; readonly version: number }[],
  job: string,
): number | undefined {
  return jobs.find(({ name }) => name === job)?.version
}
