import type { WorkerInfo } from './worker-info.ts'

/**
 * Returns how many slots of these workers are in use. A worker can hold more runs than it has slots: one that only
 * waits, or whose end is being sent, no longer takes its slot.
 */
export function slotsInUse(workers: readonly Pick<WorkerInfo, 'running' | 'concurrency'>[]): number {
  return workers.reduce((sum, { running, concurrency }) => sum + Math.min(running, concurrency), 0)
}
