import { defined } from '../model/defined.ts'
import { recordsIn, textOf, timeOf } from './json-value.ts'

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
  return recordsIn(reply, 'tasks').flatMap((task) => {
    const taskArn = textOf(task.taskArn)
    if (taskArn === undefined) return []
    return [
      {
        taskArn,
        lastStatus: textOf(task.lastStatus) ?? '',
        desiredStatus: textOf(task.desiredStatus) ?? '',
        ...defined({
          launchType: textOf(task.launchType),
          group: textOf(task.group),
          startedBy: textOf(task.startedBy),
          stopCode: textOf(task.stopCode),
          stoppedReason: textOf(task.stoppedReason),
          stoppingAt: timeOf(task.stoppingAt),
          executionStoppedAt: timeOf(task.executionStoppedAt),
        }),
        containers: recordsIn(task, 'containers').map(({ name, exitCode, reason }) => ({
          name: textOf(name) ?? 'container',
          ...(typeof exitCode === 'number' ? { exitCode } : {}),
          ...defined({ reason: textOf(reason) }),
        })),
      },
    ]
  })
}

/** Parses a reply of DescribeServices for one service; undefined if it is missing or has no deployment. */
export function parsePrimaryDeployment(reply: unknown): PrimaryDeployment | undefined {
  const [service] = recordsIn(reply, 'services')
  const primary = recordsIn(service, 'deployments').find(({ status }) => status === 'PRIMARY')
  const id = textOf(primary?.id)
  return id === undefined ? undefined : { id, ...defined({ createdAt: timeOf(primary?.createdAt) }) }
}
