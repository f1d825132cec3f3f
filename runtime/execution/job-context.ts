import { silentWhile } from '../model/bound-logger.ts'
import type { Context, Logger, StepTools } from '../model/job.ts'
import type { Execution } from './execution.ts'
import { stepTools } from './step-tools.ts'

/** Returns what the job's function is called with. What the function doesn't read is not made. */
export function jobContext({ run, scheduler }: Execution, input: unknown): Context<unknown> {
  let step: StepTools | undefined
  let log: Logger | undefined
  return {
    input,
    get step() {
      step ??= stepTools(scheduler)
      return step
    },
    get run() {
      return run.info
    },
    get log() {
      log ??= silentWhile(() => scheduler.results.areReplayed, run.log)
      return log
    },
    get abortSignal() {
      return scheduler.abortSignal
    },
  }
}
