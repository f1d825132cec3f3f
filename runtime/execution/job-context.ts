import type { Context } from '../model/job.ts'
import { lazyViews } from '../model/lazy-view.ts'
import type { Execution } from './execution.ts'

/** Returns the argument of the job's function. Fields that the function doesn't read are not created. */
export const jobContext: (execution: Execution) => Context<unknown> = lazyViews({
  input: (execution) => execution.input,
  step: (execution) => execution.stepTools,
  run: ({ run }) => run.info,
  log: (execution) => execution.jobLog,
  abortSignal: ({ scheduler }) => scheduler.abortSignal,
})
