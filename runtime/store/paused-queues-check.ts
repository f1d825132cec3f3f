import { formatDuration } from '../model/format-duration.ts'
import type { QueueInfo, StoreCheck } from './store.ts'

const maxNamed = 5

/** Reports paused queues with live runs, which wait until an operator resumes them. */
export function pausedQueuesCheck(queues: readonly QueueInfo[], wall: number): StoreCheck {
  const paused = queues.filter((queue) => queue.paused !== undefined)
  const waiting = paused.filter((queue) => waitingRuns(queue) > 0)
  if (waiting.length === 0) {
    return {
      name: 'paused',
      verdict: 'fine',
      found: paused.length === 0 ? 'none' : `${paused.length}, without runs`,
    }
  }
  const named = waiting.slice(0, maxNamed).map((queue) => pauseText(queue, wall))
  const more = waiting.length - named.length
  return {
    name: 'paused',
    verdict: 'warning',
    found: `${named.join('; ')}${more > 0 ? `; and ${more} more` : ''}`,
    remedy: `when its cause is gone: durable-jobs resume ${waiting[0]?.name}`,
  }
}

function waitingRuns({ counts }: QueueInfo): number {
  return counts.ready + counts.scheduled + counts.waiting + counts.blocked
}

function pauseText(queue: QueueInfo, wall: number): string {
  const { by, reason, at } = queue.paused ?? { by: 'unknown', at: wall }
  const runs = waitingRuns(queue)
  const why = reason === undefined ? '' : ` (${reason})`
  const since = formatDuration(Math.max(0, wall - at))
  return `queue '${queue.name}' holds ${runs} ${runs === 1 ? 'run' : 'runs'}, paused by ${by}${why} ${since} ago`
}
