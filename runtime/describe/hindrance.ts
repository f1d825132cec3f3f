import { noReply } from '../model/protection.ts'
import type { Run } from '../model/run.ts'
import { slotsInUse } from '../store/slots-in-use.ts'
import type { QueueInfo, WorkerInfo } from '../store/store.ts'
import { clockTime } from './clock-time.ts'
import { byAndWhy, byInSentence, type ManualAction } from './manual-action.ts'
import { commonRefusal, protectionWaitText } from './protection-wait.ts'

/** The data about the fleet for a list: read once for all of its rows. */
export interface FleetSnapshot {
  readonly queues: readonly QueueInfo[]
  readonly workers: readonly WorkerInfo[]
}

type Wanted = Pick<Run, 'job' | 'version' | 'queue' | 'protect'>

/**
 * Why no worker takes a ready run.
 * - `paused`: an operator paused its queue
 * - `no worker`, `no job`, `old code`, `no queue`: no live worker at all, with its job, with its version, for its queue
 * - `draining`: every worker that could take it stops
 * - `unprotected`: it needs scale-in protection, and none of them has it; `candidates`: these workers, with their state
 * - `busy`: all of their slots are taken; it starts when one is free
 */
export type Hindrance =
  | (ManualAction & { readonly kind: 'paused'; readonly at: number })
  | { readonly kind: 'no worker' | 'no job' | 'old code' | 'no queue' | 'draining' }
  | { readonly kind: 'unprotected'; readonly candidates: readonly WorkerInfo[] }
  | { readonly kind: 'busy'; readonly slots: number }

/** Returns what keeps workers from taking such a run: the pause of its queue, then the lack of a suitable worker. */
export function findHindrances(run: Wanted, { queues, workers }: FleetSnapshot): Hindrance[] {
  const paused = queues.find(({ name }) => name === run.queue)?.paused
  const missing = findMissingWorker(run, workers)
  return [
    ...(paused === undefined ? [] : [{ kind: 'paused', ...paused } as const]),
    ...(missing === undefined ? [] : [missing]),
  ]
}

function findMissingWorker(run: Wanted, workers: readonly WorkerInfo[]): Hindrance | undefined {
  const live = workers.filter(({ lost }) => !lost)
  if (live.length === 0) return { kind: 'no worker' }
  const knowing = live.filter(({ jobs }) => jobs.some(({ name }) => name === run.job))
  if (knowing.length === 0) return { kind: 'no job' }
  if (!knowing.some((worker) => hasVersion(worker, run))) return { kind: 'old code' }
  const able = ableWorkers(run, workers)
  if (able.length === 0) return { kind: 'no queue' }
  if (able.every(({ draining }) => draining)) return { kind: 'draining' }
  const working = able.filter(({ draining }) => !draining)
  const takers = run.protect ? working.filter(({ protectedRuns }) => protectedRuns === 'takes') : able
  if (takers.length === 0) return { kind: 'unprotected', candidates: working }
  const slots = takers.reduce((sum, { concurrency }) => sum + concurrency, 0)
  return slotsInUse(takers) >= slots ? { kind: 'busy', slots } : undefined
}

/** Returns the live workers with the job's version that serve the queue, with or without a free slot. */
function ableWorkers(run: Wanted, workers: readonly WorkerInfo[]): readonly WorkerInfo[] {
  return workers.filter(
    (worker) =>
      !worker.lost &&
      hasVersion(worker, run) &&
      (worker.queues === undefined || worker.queues.includes(run.queue)),
  )
}

function hasVersion({ jobs }: WorkerInfo, { job, version }: Wanted): boolean {
  return jobs.some((known) => known.name === job && known.version >= version)
}

/** Describes it in a sentence; nothing for a busy fleet, as that sentence includes the count of ready runs. */
export function hindranceSentence(hindrance: Hindrance, run: Wanted, now: number): string {
  switch (hindrance.kind) {
    case 'paused':
      return `Queue '${run.queue}' has been paused by ${byInSentence(hindrance)} since ${clockTime(hindrance.at, now)}.`
    case 'no worker':
      return 'No worker is running.'
    case 'no job':
      return `No live worker knows job '${run.job}'.`
    case 'old code':
      return `No live worker has version ${run.version} of job '${run.job}' or a newer one.`
    case 'no queue':
      return `No live worker that knows job '${run.job}' serves queue '${run.queue}'.`
    case 'draining':
      return 'Every worker that could take it is draining.'
    case 'unprotected':
      return `It waits for a worker with scale-in protection; ${protectionWaitText(hindrance.candidates)}.`
    case 'busy':
      return `All ${hindrance.slots} slots of the workers that could take it are in use.`
  }
}

/** Describes it in a table's cell. */
export function hindranceText(hindrance: Hindrance, run: Wanted): string {
  switch (hindrance.kind) {
    case 'paused':
      return `queue paused by ${byAndWhy(hindrance)}`
    case 'no worker':
      return 'no live worker'
    case 'no job':
      return 'no live worker has the job'
    case 'old code':
      return `no live worker has version ${run.version}`
    case 'no queue':
      return 'no live worker serves the queue'
    case 'draining':
      return 'its workers are draining'
    case 'unprotected': {
      const code = commonRefusal(hindrance.candidates)
      if (code === undefined) return 'waits for a worker with scale-in protection'
      return code === noReply
        ? 'no reply from ECS about scale-in protection'
        : `ECS refuses scale-in protection: ${code}`
    }
    case 'busy':
      return `all ${hindrance.slots} slots are in use`
  }
}
