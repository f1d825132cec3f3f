import type { TaskIdentity } from '../model/task-identity.ts'
import { type EcsModule, loadEcs, openEcsClient } from './ecs-client.ts'
import { isRecord, textOf } from './json-value.ts'

/**
 * Asks ECS for the group of a task, `service:NAME` for one of a service: on Fargate the metadata lacks it.
 * Rejects without `@aws-sdk/client-ecs` or the permission ecs:DescribeTasks.
 */
export async function readTaskGroup(
  identity: TaskIdentity,
  signal: AbortSignal,
  load: () => Promise<EcsModule> = loadEcs,
): Promise<string | undefined> {
  const ecs = await load()
  const client = openEcsClient(ecs, identity.region)
  try {
    const command = new ecs.DescribeTasksCommand({ cluster: identity.cluster, tasks: [identity.taskArn] })
    const reply: unknown = await client.send(command, { abortSignal: signal })
    const tasks: unknown = isRecord(reply) ? reply.tasks : undefined
    const task: unknown = Array.isArray(tasks) ? tasks[0] : undefined
    return isRecord(task) ? textOf(task.group) : undefined
  } finally {
    client.destroy()
  }
}
