import type { RunTransition } from '../model/run.ts'

/*
 * EXECUTIONS of a run: from each claim to what ended it.
 * X1  One is written down by the transition that ends it, so that a claim costs nothing more. The one that goes on is
 *     read off the run itself.
 * X2  The first execution since the enqueue or the last retry is not written down when the run completes in it: the record
 *     tells when it began (its fence is `startedAt`) and ended. Which worker had it is not kept then.
 * X3  Of many the first and the last ones are kept.
 * X4  Of the ECS task only its id is kept, in an execution: a line of the history names the worker alone.
 */

/** X3. */
export const keptExecutions = { first: 8, last: 24 } as const

export interface ExecutionInfo {
  /** Its number among the executions of the run, from 1. */
  readonly n: number
  readonly claimedAt: number
  /** For how long it had been ready for a worker then. Left out where a worker of an earlier version claimed it. */
  readonly waitedMs?: number
  /** Left out where it isn't kept (X2). */
  readonly worker?: string
  /** Id of the ECS task that this worker ran in. Left out: in none, or its worker didn't know it yet. */
  readonly task?: string
  /** Of the job in that worker's code. */
  readonly version?: number
  /** Left out: it goes on. */
  readonly end?: ExecutionEnd
}

export interface ExecutionEnd {
  readonly at: number
  readonly transition: RunTransition
  /** Until when the run paused, after a `back off`, a `suspend` or a loss with a delay. */
  readonly until?: number
}

/** What the record of a run says of its last execution, where that isn't written down; `readyAt` where it's known. */
export interface LastExecution
  extends Pick<ExecutionInfo, 'claimedAt' | 'worker' | 'task' | 'version' | 'end'> {
  readonly readyAt?: number
}

/** Returns the last execution with the number that it has behind those that are written down. */
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
