import { randomInt } from 'node:crypto'
import type { Deployment as DeploymentShape } from '@aws-sdk/client-ecs'
import type { FakeTask } from './fake-task.ts'
import type { TaskDefinition } from './task-definition.ts'
import { type Wire, wireTime } from './wire.ts'

/** One deployment of a service: the tasks of one definition, started together or one after the other. */
export class Deployment {
  readonly id = `ecs-svc/${deploymentNumber()}`
  readonly definition: TaskDefinition
  readonly createdAt: number
  /** The newest one is PRIMARY; older ones are ACTIVE until their last task has stopped. */
  primary = true
  /** Whether it was alone with all its tasks at some time. */
  completed = false

  constructor(definition: TaskDefinition, createdAt: number) {
    this.definition = definition
    this.createdAt = createdAt
  }

  owns(task: FakeTask): boolean {
    return task.startedBy === this.id
  }

  describe(tasks: readonly FakeTask[], desiredCount: number): Wire<DeploymentShape> {
    const own = tasks.filter((task) => this.owns(task))
    return {
      id: this.id,
      status: this.primary ? 'PRIMARY' : 'ACTIVE',
      taskDefinition: this.definition.arn,
      desiredCount,
      runningCount: own.filter(({ status }) => status === 'RUNNING').length,
      pendingCount: own.filter(({ status }) => status === 'PROVISIONING').length,
      failedTasks: 0,
      createdAt: wireTime(this.createdAt),
      updatedAt: wireTime(this.createdAt),
      launchType: 'FARGATE',
      platformVersion: '1.4.0',
      platformFamily: 'Linux',
      rolloutState: this.completed ? 'COMPLETED' : 'IN_PROGRESS',
      rolloutStateReason: `ECS deployment ${this.id} ${this.completed ? 'completed' : 'in progress'}.`,
    }
  }
}

/** Nineteen digits, as those of AWS. */
function deploymentNumber(): string {
  return `${randomInt(1_000_000_000, 9_999_999_999)}${String(randomInt(0, 1_000_000_000)).padStart(9, '0')}`
}
