import { formatDuration } from '../../model/format-duration.ts'
import type { WorkerInfo } from '../../store/store.ts'
import { exactly, type FindingKind } from '../finding-kind.ts'
import { command, countOf, named } from '../texts.ts'
import { versionStarts } from '../version-starts.ts'

/** Both versions run side by side while a deploy replaces workers. */
const deployMs = 900_000

/** Workers with an older version of a job, long after a newer one started. */
export const oldVersion: FindingKind = {
  kind: 'old-version',
  find: ({ overview }) => {
    const live = overview.workers.filter(({ lost }) => !lost)
    const starts = versionStarts(overview)
    const jobs = new Set(live.flatMap((worker) => worker.jobs.map(({ name }) => name)))
    return [...jobs].flatMap((job) => {
      const newest = Math.max(...live.map((worker) => versionOf(worker, job) ?? 0))
      const old = live.filter((worker) => (versionOf(worker, job) ?? newest) < newest)
      const [first] = old
      const since = starts.find((start) => start.job === job && start.version === newest)?.at
      if (first === undefined || since === undefined || overview.now - since <= deployMs) return []
      const versions = [...new Set(old.map((worker) => versionOf(worker, job) ?? 0))].sort((a, b) => b - a)
      return [
        {
          subject: job,
          severity: 'warning',
          since: exactly(since),
          sentence:
            `Version ${versions.join(', ')} of '${job}' still runs on ${countOf(old.length, 'worker')} ` +
            `(${named(old.map(({ name }) => name))}), ${formatDuration(overview.now - since)} after version ${newest} started.`,
          next: command('drain', first.name),
          filter: { job, worker: first.name },
          related: { worker: old.map(({ name }) => name) },
        },
      ]
    })
  },
}

function versionOf({ jobs }: WorkerInfo, job: string): number | undefined {
  return jobs.find(({ name }) => name === job)?.version
}
