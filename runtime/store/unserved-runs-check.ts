import { isEnd } from '../model/run.ts'
import type { ReadyClass } from './ready-classes.ts'
import type { RunCount } from './run-filter.ts'
import type { QueueInfo, StoreCheck, WorkerInfo } from './store.ts'

const maxNamed = 5

/** Live runs that no live worker takes, according to counters and ready runs. */
export interface UnservedRuns {
  readonly queue: string
  readonly job: string
  /** Left out: the version is not the reason. */
  readonly version?: number
  /** Live runs of the job in the queue, of every version. */
  readonly runs: number
  /** `job`: no live worker has it; `queue`: none that has it serves the queue; `version`: theirs are older. */
  readonly why: 'job' | 'queue' | 'version'
}

/**
 * Returns the runs that no live worker takes. A paused queue is left out: an operator stopped it on purpose. Versions
 * are known of ready runs only.
 */
export function findUnservedRuns(
  counts: readonly RunCount[],
  classes: readonly ReadyClass[],
  queues: readonly QueueInfo[],
  workers: readonly WorkerInfo[],
): UnservedRuns[] {
  const live = workers.filter(({ lost, draining }) => !lost && !draining)
  const paused = new Set(queues.filter((queue) => queue.paused !== undefined).map(({ name }) => name))
  return liveRunsByJob(counts)
    .filter(({ queue }) => !paused.has(queue))
    .flatMap(({ queue, job, runs }): UnservedRuns[] => {
      const having = live.filter(({ jobs }) => jobs.some(({ name }) => name === job))
      if (having.length === 0) return [{ queue, job, runs, why: 'job' }]
      const serving = having.filter(({ queues: served }) => served === undefined || served.includes(queue))
      if (serving.length === 0) return [{ queue, job, runs, why: 'queue' }]
      const newest = Math.max(
        ...serving.flatMap(({ jobs }) =>
          jobs.filter(({ name }) => name === job).map(({ version }) => version),
        ),
      )
      const versions = classes
        .filter((known) => known.queue === queue && known.job === job && known.version > newest)
        .map(({ version }) => version)
      return [...new Set(versions)].map((version) => ({ queue, job, version, runs, why: 'version' }))
    })
}

/** Runs that wait for a worker: those in a slot have one. */
function liveRunsByJob(
  counts: readonly RunCount[],
): { readonly queue: string; readonly job: string; readonly runs: number }[] {
  const byJob = new Map<string, { readonly queue: string; readonly job: string; runs: number }>()
  for (const { queue, job, state, count } of counts) {
    if (isEnd(state) || state === 'running' || state === 'cancelling') continue
    const key = JSON.stringify([queue, job])
    const known = byJob.get(key) ?? { queue, job, runs: 0 }
    known.runs += count
    byJob.set(key, known)
  }
  return [...byJob.values()]
}

/** Reports live runs without a live worker that takes them. */
export function unservedRunsCheck(
  unserved: readonly UnservedRuns[],
  queues: readonly QueueInfo[],
): StoreCheck {
  if (unserved.length === 0) return { name: 'queues', verdict: 'fine', found: `${queues.length} in use` }
  const named = unserved.slice(0, maxNamed).map(unservedText)
  const more = unserved.length - named.length
  return {
    name: 'queues',
    verdict: 'fault',
    found: `${named.join('; ')}${more > 0 ? `; and ${more} more` : ''}`,
    remedy: remedies[unserved[0]?.why ?? 'job'],
  }
}

const remedies = {
  job: 'start a worker with this job, or cancel its runs; durable-jobs explain ID tells more of one run',
  queue: 'give a worker the queue with --queues; durable-jobs explain ID tells more of one run',
  version: 'deploy workers with this version of the job; durable-jobs explain ID tells more of one run',
} as const

/** Says what no live worker takes. */
export function unservedText({ queue, job, version, runs, why }: UnservedRuns): string {
  const are = `${runs === 1 ? '1 run' : `${runs} runs`} of job '${job}' ${runs === 1 ? 'is' : 'are'} in queue '${queue}'`
  const reasons = {
    job: `${are}, and no live worker has that job`,
    queue: `${are}, and no live worker with that job serves that queue`,
    version: `runs of job '${job}', version ${version}, are ready in queue '${queue}', and no live worker has that version`,
  }
  return reasons[why]
}
