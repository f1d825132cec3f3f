import type { Context } from '../model/job.ts'
import { lazyViews } from '../model/lazy-view.ts'
import type { Execution } from './execution.ts'

/** Returns what the job's function is called with. What the function doesn't read is not made. */
export const jobContext: (execution: Execution) => Context<unknown> = lazyViews({
  input: (execution) => execution.input,
  step: (execution) => execution.stepTools,
  run: ({ run }) => run.info,
  log: (execution) => execution.jobLog,
  abortSignal: ({ scheduler }) => scheduler.abortSignal,
})
