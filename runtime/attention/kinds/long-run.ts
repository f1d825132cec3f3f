import { formatDuration } from '../../model/format-duration.ts'
import { addHistogram, durationsIn, emptyHistogram, percentile } from '../../store/duration-histogram.ts'
import type { Overview } from '../../store/overview.ts'
import { exactly, type FindingKind, type Sighting } from '../finding-kind.ts'
import { command, countOf } from '../texts.ts'

/**
 * A run is too long if it takes more than `times` the time that 95 % of its job's executions don't exceed, and more
 * than `ms`.
 */
const bound = { times: 10, quantile: 0.95, samples: 50, ms: 30_000 } as const

type Held = Overview['longestHeld'][number]

/** Runs that are in a slot for much longer than others of their job. */
export const longRun: FindingKind = {
  kind: 'long-run',
  find: ({ overview }) => {
    const jobs = new Set(overview.longestHeld.map(({ job }) => job))
    return [...jobs].flatMap((job) => {
      const usual = usualMs(overview, job)
      if (usual === undefined) return []
      const limit = Math.max(usual * bound.times, bound.ms)
      const long = overview.longestHeld.filter((held) => held.job === job && held.heldMs > limit)
      return long.length === 0 ? [] : [sighting(job, long, usual, limit, overview.now)]
    })
  },
}

function sighting(job: string, long: readonly Held[], usual: number, limit: number, now: number): Sighting {
  const longest = long.reduce((a, b) => (a.heldMs >= b.heldMs ? a : b))
  const others = long.length === 1 ? '' : `, and ${countOf(long.length - 1, 'other')} of the job`
  return {
    subject: job,
    severity: 'warning',
    since: exactly(now - longest.heldMs),
    sentence:
      `A run of '${job}' has been running for ${formatDuration(longest.heldMs)} on ${longest.worker} (run ${longest.run})${others}; ` +
      `95 % of its executions take less than ~${formatDuration(usual)}.`,
    next: command('explain', longest.run),
    filter: { job, states: ['running'], minAgeMs: Math.round(limit) },
    related: { version: [job], worker: [longest.worker], limiter: 'any' },
  }
}

/** The 95th percentile of a job's executions, over all queues. */
function usualMs({ statistics }: Overview, job: string): number | undefined {
  const all = emptyHistogram()
  for (const { run } of statistics.jobs.filter((one) => one.job === job)) addHistogram(all, run)
  return durationsIn(all) < bound.samples ? undefined : percentile(all, bound.quantile)
}
