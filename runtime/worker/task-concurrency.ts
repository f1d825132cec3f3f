import type { TaskIdentity } from '../model/task-identity.ts'
import { defaultConcurrency, type WorkerConfig } from './worker-options.ts'

/**
 * Sets the concurrency of a worker in a task without an explicit one: 10 per vCPU, at most 10, as the code of jobs runs
 * on one core in any task. Logs the formula.
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
