import type { TaskIdentity } from '../model/task-identity.ts'
import { defaultConcurrency, type WorkerConfig } from './worker-options.ts'

/**
 * Sets the concurrency of a worker in a task that was given none: 10 per vCPU, 10 at most, as the code of jobs runs on one
 * core whatever the task has. Logs the formula.
 */
export function taskConcurrency(config: WorkerConfig, task: TaskIdentity | undefined): WorkerConfig {
  const vcpu = task?.vcpu
  if (config.isConcurrencyGiven || vcpu === undefined) return config
  const concurrency = Math.max(1, Math.round(defaultConcurrency * Math.min(1, vcpu)))
  config.log.info(
    { vcpu, concurrency },
    `concurrency isn't set: ${concurrency} runs at a time (${defaultConcurrency} per vCPU, counting one vCPU at most, since ` +
      'all jobs share one core)',
  )
  return { ...config, concurrency }
}
