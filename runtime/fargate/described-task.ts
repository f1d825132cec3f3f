import { isRecord, textOf } from './json-value.ts'

/** The part of a DescribeTasks reply that explains why a task ended. */
export interface DescribedTask {
  readonly taskArn: string
  readonly lastStatus: string
  /** `STOPPED` once the task was told to stop. */
  readonly desiredStatus: string
  readonly launchType?: string
  /** `service:NAME`, or `family:NAME` for a task that no service owns. */
  readonly group?: string
  /** Of a service: the id of the deployment that started it. */
  readonly startedBy?: string
  readonly stopCode?: string
  readonly stoppedReason?: string
  /** By ECS's clock: when it was told to stop, and when its last process had ended. */
  readonly stoppingAt?: number
  readonly executionStoppedAt?: number
  readonly containers: readonly DescribedContainer[]
}

interface DescribedContainer {
  readonly name: string
  readonly exitCode?: number
  readonly reason?: string
}

/** The newest deployment of a service. */
export interface PrimaryDeployment {
  readonly id: string
  /** By ECS's clock. */
  readonly createdAt?: number
}

/** Parses a reply of DescribeTasks; tasks that ECS no longer knows are missing. */
export function parseDescribedTasks(reply: unknown): DescribedTask[] {
  return recordsOf(isRecord(reply) ? reply.tasks : undefined).flatMap((task) => {
    const taskArn = textOf(task.taskArn)
    if (taskArn === undefined) return []
    return [
      {
        taskArn,
        lastStatus: textOf(task.lastStatus) ?? '',
        desiredStatus: textOf(task.desiredStatus) ?? '',
        ...texts(task, ['launchType', 'group', 'startedBy', 'stopCode', 'stoppedReason']),
        ...times(task, ['stoppingAt', 'executionStoppedAt']),
        containers: recordsOf(task.containers).map(parseContainer),
      },
    ]
  })
}

function parseContainer(container: Fields): DescribedContainer {
  const { exitCode } = container
  return {
    name: textOf(container.name) ?? 'container',
    ...(typeof exitCode === 'number' ? { exitCode } : {}),
    ...texts(container, ['reason']),
  }
}

/** Parses a reply of DescribeServices for one service; undefined if it is missing or has no deployment. */
export function parsePrimaryDeployment(reply: unknown): PrimaryDeployment | undefined {
  const [service] = recordsOf(isRecord(reply) ? reply.services : undefined)
  const primary = recordsOf(service?.deployments).find(({ status }) => status === 'PRIMARY')
  const id = textOf(primary?.id)
  if (primary === undefined || id === undefined) return undefined
  return { id, ...times(primary, ['createdAt']) }
}

type Fields = Readonly<Record<string, unknown>>

function recordsOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.filter(isRecord) : []
}

function texts<Key extends string>(from: Fields, keys: readonly Key[]): { readonly [K in Key]?: string } {
  const found = keys.flatMap((key) => {
    const text = textOf(from[key])
    return text === undefined ? [] : [[key, text] as const]
  })
  return Object.fromEntries(found) as { readonly [K in Key]?: string }
}

function times<Key extends string>(from: Fields, keys: readonly Key[]): { readonly [K in Key]?: number } {
  const found = keys.flatMap((key) => {
    const time = from[key]
    return time instanceof Date ? [[key, time.getTime()] as const] : []
  })
  return Object.fromEntries(found) as { readonly [K in Key]?: number }
}
