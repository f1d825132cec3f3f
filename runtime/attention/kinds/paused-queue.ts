import { byInSentence } from '../../describe/manual-action.ts'
import { formatDuration } from '../../model/format-duration.ts'
import type { QueueInfo } from '../../store/store.ts'
import { exactly, type FindingKind, type Since } from '../finding-kind.ts'
import { jobsOf } from '../jobs-of.ts'
import { command, countOf } from '../texts.ts'

/** A pause is intended, but the waiting runs may be forgotten. */
export const pausedQueue: FindingKind = {
  kind: 'paused-queue',
  find: ({ overview: { now, queues, counts: runCounts } }) =>
    queues.flatMap((queue) => {
      const { name, counts, paused, oldestReadyMs } = queue
      const runs = counts.ready + counts.waiting + counts.scheduled
      if (paused === undefined || runs === 0) return []
      const oldest =
        counts.ready > 0 && oldestReadyMs !== undefined
          ? `, the oldest ready for ${formatDuration(oldestReadyMs)}`
          : ''
      return [
        {
          subject: name,
          severity: counts.ready > 0 ? 'warning' : 'notice',
          since: begin(queue, paused.at, now),
          sentence: `Queue '${name}' is paused by ${byInSentence(paused)} and holds ${countOf(runs, 'run')}${oldest}.`,
          next: command('resume', name),
          filter: { queue: name, states: counts.ready > 0 ? ['ready'] : ['waiting', 'scheduled'] },
          related: { version: jobsOf(name, runCounts), worker: 'any', limiter: 'any' },
        },
      ]
    }),
}

/** Runs that were enqueued after the pause wait since then. */
function begin({ counts, oldestReadyMs }: QueueInfo, pausedAt: number, now: number): Since {
  return exactly(
    counts.ready > 0 && oldestReadyMs !== undefined ? Math.max(pausedAt, now - oldestReadyMs) : pausedAt,
  )
}
