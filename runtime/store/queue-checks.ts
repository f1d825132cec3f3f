import { pausedQueuesCheck } from './paused-queues-check.ts'
import type { Inspector, StoreCheck, WorkerInfo } from './store.ts'
import { findUnservedRuns, unservedRunsCheck } from './unserved-runs-check.ts'

/** Reports live runs that no worker takes, and paused queues. */
export async function queueChecks(
  store: Pick<Inspector, 'queues' | 'counts' | 'readyClasses'>,
  workers: readonly WorkerInfo[],
  wall: number,
): Promise<StoreCheck[]> {
  const [queues, counts, classes] = [await store.queues(), await store.counts(), await store.readyClasses()]
  const unserved = findUnservedRuns(counts, classes, queues, workers)
  return [unservedRunsCheck(unserved, queues), pausedQueuesCheck(queues, wall)]
}
