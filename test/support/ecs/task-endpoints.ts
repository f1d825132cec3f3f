import type { FakeCluster } from './fake-cluster.ts'
import type { FakeContainer } from './fake-container.ts'
import type { FakeTask } from './fake-task.ts'

/** Where tasks reach the cloud. */
export interface TaskAddresses {
  /** The ECS API. */
  readonly ecs: string
  /** The link-local endpoints on Fargate: agent, metadata, credentials. */
  readonly local: string
}

/** Returns the task that the last part of an address names, until it has stopped. */
export function taskOfEndpoint(cluster: FakeCluster, endpointId: string): FakeTask | undefined {
  return cluster.tasks.find(
    ({ status, containers }) =>
      status !== 'STOPPED' && containers.some(({ dockerId }) => dockerId === endpointId),
  )
}

/**
 * Returns the environment of a container on Fargate, with loopback addresses for the link-local ones. Two variables
 * don't exist on Fargate, because the SDK's defaults suffice: `AWS_ENDPOINT_URL_ECS`, and
 * `AWS_CONTAINER_CREDENTIALS_FULL_URI` in place of the relative one.
 */
export function taskEnvironment(
  task: FakeTask,
  container: FakeContainer,
  region: string,
  addresses: TaskAddresses,
): Readonly<Record<string, string>> {
  const { dockerId, plan } = container
  return {
    PATH: process.env.PATH ?? '',
    HOSTNAME: `ip-10-0-0-1.${region}.compute.internal`,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_EXECUTION_ENV: 'AWS_ECS_FARGATE',
    AWS_ENDPOINT_URL_ECS: addresses.ecs,
    ECS_CONTAINER_METADATA_URI: `${addresses.local}/v3/${dockerId}`,
    ECS_CONTAINER_METADATA_URI_V4: `${addresses.local}/v4/${dockerId}`,
    ...(task.definition.agentUri ? { ECS_AGENT_URI: `${addresses.local}/api/${dockerId}` } : {}),
    ...(task.definition.taskRole
      ? { AWS_CONTAINER_CREDENTIALS_FULL_URI: `${addresses.local}/v2/credentials/${task.id}` }
      : {}),
    ...plan.environment,
  }
}
