import type { WorkerInfo } from '../store/worker-info.ts'

/** The consequences of the other workers for the protection of a worker's task. */
export interface PeerVerdict {
  /** Workers of other live processes in the same task. */
  readonly sharedWith: readonly string[]
  /** The revision of the task's family that started after its own; undefined: its own is the newest, or the only one. */
  readonly newerRevision: string | undefined
}

type Peer = Pick<WorkerInfo, 'name' | 'task' | 'lost' | 'draining'>

/**
 * Judges a worker's task by all workers of the store.
 * - The target of a deployment, or a rollback, is the revision whose newest task started last; so of two revisions at
 * most one is superseded. Workers that drain don't count: their revision is being replaced.
 * - Two services of one family are two deployments. If one of them doesn't name its service they count as one.
 */
export function judgePeers(own: NonNullable<Peer['task']>, workers: readonly Peer[]): PeerVerdict {
  const live = workers.flatMap(({ name, task, lost, draining }) =>
    lost || task === undefined ? [] : [{ name, task, draining }],
  )
  const sharedWith = live
    .filter(({ task }) => task.taskArn === own.taskArn && task.process !== own.process)
    .map(({ name }) => name)
  const rolled = live.filter(({ task, draining }) => !draining && isSameService(task, own))
  const ownStart = latest(rolled.filter(({ task }) => task.revision === own.revision))?.task.startedAt
  const other = latest(rolled.filter(({ task }) => task.revision !== own.revision))?.task
  const isNewer = other !== undefined && other.startedAt > (ownStart ?? own.startedAt)
  return { sharedWith, newerRevision: isNewer ? other.revision : undefined }
}

function isSameService(
  { cluster, family, service }: NonNullable<Peer['task']>,
  own: NonNullable<Peer['task']>,
): boolean {
  if (cluster !== own.cluster || family !== own.family) return false
  return service === undefined || own.service === undefined || service === own.service
}

function latest<One extends { readonly task: NonNullable<Peer['task']> }>(
  workers: readonly One[],
): One | undefined {
  return workers.toSorted((a, b) => b.task.startedAt - a.task.startedAt)[0]
}
