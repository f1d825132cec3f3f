import type { RunTransition } from '../model/run.ts'

/*
 * EXECUTIONS of a run: from each claim to what ended it.
 * X1  One is written down by the transition that ends it, so that a claim costs nothing more. The one that goes on is
 *     read off the run itself.
 * X2  A run that completes in its first execution has none written down: its record tells when that began and ended. Which
 *     worker had it is not kept then.
 * X3  Of many the first and the last ones are kept.
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

/** What the record of a run says of its last execution; times as the engine stores them, `readyAt` where it's known. */
export interface LastExecution extends Pick<ExecutionInfo, 'claimedAt' | 'worker' | 'version' | 'end'> {
  readonly readyAt?: number
}

/** Returns the last execution with the number that it has behind those that are written down; none that is written down. */
export function lastExecution(
  past: readonly Pick<ExecutionInfo, 'n' | 'claimedAt'>[],
  last: LastExecution | undefined,
): ExecutionInfo | undefined {
  const before = past.at(-1)
  if (last === undefined || (before !== undefined && before.claimedAt >= last.claimedAt)) return undefined
  const { readyAt, ...execution } = last
  const waited = readyAt === undefined ? {} : { waitedMs: Math.max(0, last.claimedAt - readyAt) }
  return { n: (before?.n ?? 0) + 1, ...execution, ...waited }
}

/** The version of a job that a worker has. */
export function versionOn(
  jobs: readonly { readonly name: string; readonly version: number }[],
  job: string,
): number | undefined {
  return jobs.find(({ name }) => name === job)?.version
}
