import type { RunDrainPlan, WorkerDrain } from '../store/worker-drain.ts'
import type { WorkerInfo } from '../store/worker-info.ts'
import { taskIdOf } from '../store/worker-report.ts'
import { durationToken } from './duration-token.ts'
import { byAndWhy, byInSentence } from './manual-action.ts'

/** Returns the state of a worker for a table: `working`, `lost`, `draining`, `draining, 12s left`. */
export function workerStateText({
  lost,
  draining,
  drain,
}: Pick<WorkerInfo, 'lost' | 'draining' | 'drain'>): string {
  if (lost) return 'lost'
  if (!draining) return 'working'
  return drain?.leftMs === undefined ? 'draining' : `draining, ${durationToken(drain.leftMs)} left`
}

/** Returns what made a worker drain, for a table: `SIGTERM`, `ana: deploy`. */
export function drainCauseText(drain: WorkerDrain): string {
  switch (drain.cause) {
    case 'signal':
      return drain.signal
    case 'order':
      return drain.by === undefined ? 'newer version of the store' : byAndWhy({ ...drain, by: drain.by })
    case 'program':
      return 'its program'
    case 'lease thread':
      return 'lease thread gone'
  }
}

/** Returns why a worker drains, since when, and what happens to the `held` runs at the end of its time. */
export function drainSentence(drain: WorkerDrain, held: number): string {
  const { agoMs, leftMs } = drain
  if (leftMs === undefined) return `${causeSentence(drain)} ${durationToken(agoMs)} ago; it has not begun yet`
  const begun = `draining for ${durationToken(agoMs)}: ${causeSentence(drain)}`
  if (held === 0) return `${begun}; it holds no more runs`
  const runs = held === 1 ? '1 run' : `${held} runs`
  return leftMs === 0
    ? `${begun}; its time is over, and ${runs} it still holds ${held === 1 ? 'is' : 'are'} being handed over`
    : `${begun}; ${durationToken(leftMs)} left for ${runs} it still holds to end a step, then it hands over the rest`
}

function causeSentence(drain: WorkerDrain): string {
  switch (drain.cause) {
    case 'signal':
      return `its process got ${drain.signal}`
    case 'order':
      return drain.by === undefined
        ? 'a newer version has changed the store'
        : `ordered by ${byInSentence({ ...drain, by: drain.by })}`
    case 'program':
      return 'its program stopped it'
    case 'lease thread':
      return 'its lease thread is gone'
  }
}

/** Returns the task of a worker for a table: `0af5b9f40e1d4c5f8f3b4b0a4d3c2b1a`. */
export function workerTaskText({ task }: Pick<WorkerInfo, 'task'>): string {
  return task === undefined ? '' : taskIdOf(task.taskArn)
}

/** Returns which revision of which family a worker's task is of: `imports:7`. */
export function workerRevisionText({ task }: Pick<WorkerInfo, 'task'>): string {
  return task === undefined ? '' : `${task.family}:${task.revision}`
}

/** Returns what will happen to a run of a draining worker: `finishes 'pay', cut in 1m55s`. */
export function drainPlanText({ plan, path = '' }: RunDrainPlan, leftMs: number | undefined): string {
  switch (plan) {
    case 'handing over':
      return 'handing over'
    case 'finishing step':
      return `finishes '${path}', cut in ${durationToken(leftMs ?? 0)}`
    case 'finishing once':
      return `finishes '${path}', at most once`
  }
}

/** Returns the jobs of a worker with their versions: `import v2, send-mail v1`. */
export function workerJobsText({ jobs }: Pick<WorkerInfo, 'jobs'>): string {
  return jobs.map(({ name, version }) => `${name} v${version}`).join(', ')
}

/** Returns the queues that a worker serves: `all`, or their names. */
export function workerQueuesText({ queues, queueOrder }: Pick<WorkerInfo, 'queues' | 'queueOrder'>): string {
  if (queues === undefined) return 'all'
  return queueOrder === 'strict' ? `${queues.join(' > ')} (strict)` : queues.join(', ')
}
