import type { RecentEnds } from '../../store/statistics.ts'
import { atLeast, type FindingKind, type Sighting } from '../finding-kind.ts'
import { command, countOf, failedWith } from '../texts.ts'

const rangeMs = 300_000
/** In the last 5 minutes. Fewer failures are about single runs, a smaller share is not about the whole job. */
const bound = { failed: 5, share: 0.5 } as const

/** Jobs most of whose runs fail, with a new or a known cause. */
export const failingJob: FindingKind = {
  kind: 'failing-job',
  find: ({ overview: { now, failures, statistics } }) => {
    const jobs = new Set(statistics.jobs.map(({ job }) => job))
    return [...jobs].flatMap((job): Sighting[] => {
      const minutes = statistics.jobs.filter((one) => one.job === job).flatMap(({ recent = [] }) => recent)
      const [ended, failed] = [sumOf(minutes, 'ended'), sumOf(minutes, 'failed')]
      if (failed < bound.failed || failed < ended * bound.share) return []
      const cause = failures.find(
        (group) => group.job === job && group.failedNow > 0 && now - group.lastAt <= rangeMs,
      )
      return [
        {
          subject: job,
          severity: 'warning',
          since: atLeast(Math.min(now, firstFailedBy(minutes))),
          sentence:
            `${failed} of ${countOf(ended, 'run')} of '${job}' that ended in the last 5 minutes failed` +
            `${cause === undefined ? '' : `, seen last: ${failedWith(cause)}`}.`,
          next: command('failures', '--job', job),
          filter: { job, states: ['failed'] },
          related: { version: [job], limiter: 'any' },
        },
      ]
    })
  },
}

function sumOf(minutes: readonly RecentEnds[], count: 'ended' | 'failed'): number {
  return minutes.reduce((sum, minute) => sum + minute[count], 0)
}

/** The end of the first minute in which a run failed: it began to fail then or before. */
function firstFailedBy(minutes: readonly RecentEnds[]): number {
  return Math.min(...minutes.filter(({ failed }) => failed > 0).map(({ at }) => at)) + 60_000
}
