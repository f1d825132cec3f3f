import { formatDuration } from '../../model/format-duration.ts'
import { atLeast, type FindingKind } from '../finding-kind.ts'
import { jobsOf } from '../jobs-of.ts'
import { command } from '../texts.ts'

/** A smaller growth is normal variation. */
const least = { runs: 20, share: 0.2 } as const

/**
 * Queues that received more runs than they ended in each half of the last 10 minutes. A paused queue has its own
 * finding.
 */
export const growingBacklog: FindingKind = {
  kind: 'growing-backlog',
  find: ({ overview: { now, queues, counts, statistics } }) =>
    statistics.backlogs.flatMap(({ queue, now: runs, recent = [] }) => {
      const [first, middle] = recent
      if (first === undefined || middle === undefined) return []
      const growth = runs - first.count
      const grew = first.count < middle.count && middle.count < runs
      if (!grew || growth < Math.max(least.runs, first.count * least.share)) return []
      if (queues.some(({ name, paused }) => name === queue && paused !== undefined)) return []
      const span = formatDuration(now - first.at)
      return [
        {
          subject: queue,
          severity: 'warning',
          since: atLeast(first.at),
          sentence: `Queue '${queue}' is growing: from ${first.count} to ${runs} live runs in ${span}.`,
          next: command('stats', '--queue', queue),
          filter: { queue, states: ['ready', 'waiting'] },
          related: {
            version: jobsOf(queue, counts),
            worker: 'any',
            queue: [queue],
            limiter: 'any',
            action: 'any',
          },
        },
      ]
    }),
}
