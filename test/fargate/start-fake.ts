import { ECSClient } from '@aws-sdk/client-ecs'
import { onTestFinished } from 'vitest'
import { FakeEcs, type FakeEcsOptions } from '../support/ecs/fake-ecs.ts'
import type { FakeTask } from '../support/ecs/fake-task.ts'
import type { ContainerDefinition, TaskDefinition } from '../support/ecs/task-definition.ts'
import { trap } from '../support/ecs/task-programs.ts'

/** Starts a fake that ends with its test. Its minute is half a second. @param atEnd That of the test where tests are concurrent. */
export async function startFake(
  options: FakeEcsOptions = {},
  atEnd: (close: () => Promise<void>) => void = onTestFinished,
): Promise<FakeEcs> {
  const fake = await FakeEcs.start({ minuteMs: 500, ...options })
  atEnd(() => fake.close())
  return fake
}

/** Returns a client of the real SDK that ends with its test. */
export function clientOf(fake: FakeEcs): ECSClient {
  const client = new ECSClient(fake.clientConfig)
  onTestFinished(() => client.destroy())
  return client
}

/** Registers the next revision of `worker`, whose tasks end on SIGTERM. */
export function registerWorker(fake: FakeEcs, container: ContainerDefinition = trap('heed')): TaskDefinition {
  return fake.register({ family: 'worker', containers: [container] })
}

/** Resolves when the first process of each task has said that it is ready. */
export async function allReady(tasks: readonly FakeTask[]): Promise<void> {
  await Promise.all(tasks.map((task) => task.container().process.said('ready')))
}

/** Returns the address of the agent for scale-in protection, as the task knows it. */
export function agentUri(task: FakeTask): string {
  return `${task.environmentOf().ECS_AGENT_URI}/task-protection/v1/state`
}

/** Returns the address of the metadata of a container. */
export function metadataUri(task: FakeTask, container?: string): string {
  return task.environmentOf(container).ECS_CONTAINER_METADATA_URI_V4 ?? ''
}
