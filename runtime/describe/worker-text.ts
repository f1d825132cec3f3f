import type { WorkerInfo } from '../store/worker-info.ts'

/** Returns the jobs of a worker with their versions: `import v2, send-mail v1`. */
export function workerJobsText({ jobs }: Pick<WorkerInfo, 'jobs'>): string {
  return jobs.map(({ name, version }) => `${name} v${version}`).join(', ')
}

/** Returns the queues that a worker serves: `all`, or their names. */
export function workerQueuesText({ queues, queueOrder }: Pick<WorkerInfo, 'queues' | 'queueOrder'>): string {
  if (queues === undefined) return 'all'
  return queueOrder === 'strict' ? `${queues.join(' > ')} (strict)` : queues.join(', ')
}
