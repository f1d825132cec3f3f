import { formatDuration } from '../model/format-duration.ts'
import type { QueueInfo, StoreCheck, WorkerInfo } from './store.ts'

const mostNamed = 5

/** A queue with ready runs that no live worker takes from. One that is paused stands still because somebody said so. */
export function unservedQueues(queues: readonly QueueInfo[], workers: readonly WorkerInfo[]): StoreCheck {
  const live = workers.filter(({ lost, draining }) => !lost && !draining)
  const served = (name: string): boolean =>
    live.some((worker) => worker.queues === undefined || worker.queues.includes(name))
  const unserved = queues.filter(
    ({ name, counts, paused }) => counts.ready > 0 && paused === undefined && !served(name),
  )
  if (unserved.length === 0) return { name: 'queues', verdict: 'fine', found: `${queues.length} in use` }
  const named = unserved.slice(0, mostNamed).map(unservedText)
  const more = unserved.length - named.length
  return {
    name: 'queues',
    verdict: 'warning',
    found: `no live worker takes ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`,
    remedy: 'start a worker, or give one the queue with --queues; durable-jobs explain ID says it of one run',
  }
}

function unservedText({ name, counts, oldestReadyMs = 0 }: QueueInfo): string {
  return `'${name}' (${counts.ready} ready, the oldest for ${formatDuration(oldestReadyMs)})`
}
