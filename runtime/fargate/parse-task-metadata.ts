import { defined } from '../model/defined.ts'
import type { TaskIdentity } from '../model/task-identity.ts'
import { isRecord, textOf } from './json-value.ts'

type Fields = Readonly<Record<string, unknown>>

const arnPattern = /^arn:[^:]+:ecs:([^:]+):\d+:task\/.+$/
const digestPattern = /sha256:[0-9a-f]{64}/

/**
 * Parses the metadata endpoint's data about the task and this container. Returns undefined when a field is missing that
 * every task has; fields that depend on the platform may be absent.
 */
export function parseTaskMetadata(task: unknown, container: unknown): TaskIdentity | undefined {
  if (!isRecord(task)) return undefined
  const taskArn = textOf(task.TaskARN)
  const cluster = textOf(task.Cluster)
  const family = textOf(task.Family)
  const revision = textOf(task.Revision)
  const region = taskArn === undefined ? undefined : arnPattern.exec(taskArn)?.[1]
  if (taskArn === undefined || region === undefined) return undefined
  if (cluster === undefined || family === undefined || revision === undefined) return undefined
  const limits = isRecord(task.Limits) ? task.Limits : {}
  return {
    ...{ taskArn, cluster, region, family, revision },
    ...defined({
      zone: textOf(task.AvailabilityZone),
      launchType: textOf(task.LaunchType),
      imageDigest: digestOf(container),
      service: textOf(task.ServiceName),
      vcpu: positive(limits.CPU),
      memoryMiB: positive(limits.Memory),
      pulledAt: positive(Date.parse(textOf(task.PullStartedAt) ?? '')),
    }),
  }
}

/** The digest that the container was started with; a tag can be moved. */
function digestOf(container: unknown): string | undefined {
  const { ImageID, Image }: Fields = isRecord(container) ? container : {}
  return digestPattern.exec(textOf(ImageID) ?? '')?.[0] ?? digestPattern.exec(textOf(Image) ?? '')?.[0]
}

function positive(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : undefined
}
