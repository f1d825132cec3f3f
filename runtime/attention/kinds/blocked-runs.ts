import { atLeast, exactly, type FindingKind, type Since, unknownBefore } from '../finding-kind.ts'
import type { BlockedSample } from '../snapshot.ts'
import { command, countOf } from '../texts.ts'

/** Runs whose stored steps don't fit the code that runs them: they wait for other code. */
export const blockedRuns: FindingKind = {
  kind: 'blocked',
  find: ({ overview: { now, counts }, blocked }) => {
    const byJob = new Map<string, number>()
    for (const { job, state, count } of counts) {
      if (state === 'blocked') byJob.set(job, (byJob.get(job) ?? 0) + count)
    }
    return [...byJob].map(([job, runs]) => {
      const sample = blocked.find((one) => one.job === job)
      const example = sample?.runs[0]
      // The id last: narrow screens cut the end of a sentence.
      const why = example === undefined ? '' : `: ${example.reason} (run ${example.id})`
      return {
        subject: job,
        severity: 'warning',
        since: begin(sample, now),
        sentence: `${countOf(runs, 'run')} of '${job}' ${runs === 1 ? 'is' : 'are'} blocked${why}.`,
        next:
          example === undefined
            ? command('runs', '--state', 'blocked', '--job', job)
            : command('explain', example.id),
        filter: { job, states: ['blocked'] },
        related: { version: [job] },
      }
    })
  },
}

function begin(sample: BlockedSample | undefined, now: number): Since {
  if (sample === undefined || sample.runs.length === 0) return unknownBefore(now)
  const first = Math.min(...sample.runs.map(({ changedAt }) => changedAt))
  return sample.complete ? exactly(first) : atLeast(first)
}
