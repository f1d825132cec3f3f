import type {
  Failure,
  GetTaskProtectionResponse,
  ProtectedTask,
  UpdateTaskProtectionResponse,
} from '@aws-sdk/client-ecs'
import type { FakeCluster } from './fake-cluster.ts'
import type { FakeTask } from './fake-task.ts'
import type { RequestReader } from './request-reader.ts'
import { type Wire, wireTime } from './wire.ts'

const defaultMinutes = 120
const maxMinutes = 2_880

type Refusal = Wire<Failure> & { readonly arn: string; readonly reason: string }

type Judged =
  | { readonly kind: 'done'; readonly task: Wire<ProtectedTask> }
  | { readonly kind: 'refused'; readonly failure: Refusal }

export function updateTaskProtection(
  cluster: FakeCluster,
  request: RequestReader,
): Wire<UpdateTaskProtectionResponse> {
  const names = request.texts('tasks', 10)
  const enabled = request.boolean('protectionEnabled')
  const minutes = request.optionalInteger('expiresInMinutes', { min: 1, max: maxMinutes }) ?? defaultMinutes
  return collected(names.map((name) => judge(cluster, name, enabled ? minutes : undefined)))
}

/** Assumed: without `tasks` it returns all protected tasks of the cluster. The member is optional, its absence not explained. */
export function getTaskProtection(
  cluster: FakeCluster,
  request: RequestReader,
): Wire<GetTaskProtectionResponse> {
  const names =
    request.optionalTexts('tasks', 100) ??
    cluster.tasks.filter(({ arn }) => cluster.protections.covers(arn)).map(({ arn }) => arn)
  return collected(
    names.map((name) => {
      const task = serviceTask(cluster, name)
      return task === undefined
        ? { kind: 'refused', failure: unfit(cluster, name) }
        : { kind: 'done', task: protectionOf(cluster, task.arn) }
    }),
  )
}

/** Returns how ECS shows the protection of a task. */
function protectionOf(cluster: FakeCluster, taskArn: string): Wire<ProtectedTask> {
  const expiry = cluster.protections.expiryOf(taskArn)
  return { taskArn, protectionEnabled: expiry !== undefined, expirationDate: wireTime(expiry) }
}

function judge(cluster: FakeCluster, name: string, minutes: number | undefined): Judged {
  const task = serviceTask(cluster, name)
  if (task === undefined) return refused(cluster, unfit(cluster, name), minutes !== undefined)
  if (minutes !== undefined && isBlocked(cluster, task)) {
    return refused(cluster, { arn: task.arn, reason: 'DEPLOYMENT_BLOCKED', detail: blockedDetail }, true)
  }
  change(cluster, task, minutes)
  return { kind: 'done', task: protectionOf(cluster, task.arn) }
}

function refused(cluster: FakeCluster, failure: Refusal, protect: boolean): Judged {
  const { arn: taskArn, reason } = failure
  cluster.events.emit({ type: 'refused', at: cluster.clock.now(), taskArn, reason, protect })
  return { kind: 'refused', failure }
}

function change(cluster: FakeCluster, task: FakeTask, minutes: number | undefined): void {
  const at = cluster.clock.now()
  if (minutes === undefined) {
    const wasProtected = cluster.protections.covers(task.arn)
    cluster.protections.end(task.arn)
    if (wasProtected) cluster.events.emit({ type: 'unprotected', at, taskArn: task.arn })
  } else {
    cluster.protections.protect(task.arn, minutes)
    const until = cluster.protections.expiryOf(task.arn) ?? at
    cluster.events.emit({ type: 'protected', at, taskArn: task.arn, until })
  }
  cluster.protectionChanged(task)
}

/** Assumed: the text. */
const blockedDetail = 'The service has more protected tasks than its desired count.'

/**
 * Whether the service would have more protected tasks than desired.
 * Assumed: that renewing a protection is refused by the same rule. The documentation speaks of "trying to update the
 * protection status of a task" and makes no difference. `renewalsBlocked` of the fake is for the other reading.
 */
function isBlocked(cluster: FakeCluster, task: FakeTask): boolean {
  const service = cluster.service(task.service ?? '')
  if (service === undefined) return false
  if (!cluster.renewalsBlocked && cluster.protections.covers(task.arn)) return false
  const others = service.tasks.filter(
    ({ arn, stopOrdered }) => arn !== task.arn && !stopOrdered && cluster.protections.covers(arn),
  )
  return others.length + 1 > service.desiredCount
}

/** Returns the task if a service owns it and no stop was requested. */
function serviceTask(cluster: FakeCluster, name: string): FakeTask | undefined {
  const task = cluster.task(name)
  return task?.service !== undefined && !task.stopOrdered ? task : undefined
}

/**
 * Assumed: MISSING for an unknown task, by analogy with DescribeTasks, and TASK_NOT_VALID for one that stops already.
 * TASK_NOT_VALID for a task without a service is documented.
 */
function unfit(cluster: FakeCluster, name: string): Refusal {
  const task = cluster.task(name)
  return { arn: task?.arn ?? name, reason: task === undefined ? 'MISSING' : 'TASK_NOT_VALID' }
}

function collected(judged: readonly Judged[]): Wire<UpdateTaskProtectionResponse> {
  return {
    protectedTasks: judged.flatMap((each) => (each.kind === 'done' ? [each.task] : [])),
    failures: judged.flatMap((each) => (each.kind === 'refused' ? [each.failure] : [])),
  }
}
