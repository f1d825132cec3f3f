import { textOf } from './json-value.ts'

/** A task's data in the environment of a container. */
export interface EcsEnvironment {
  /** Base address of the task metadata endpoint, version 4. */
  readonly metadataUri: string | undefined
  /** Base address of the agent, which takes requests for protection. */
  readonly agentUri: string | undefined
  /** Not set by ECS: the operator's name of the service if the metadata has none. */
  readonly service: string | undefined
}

/** Returns undefined outside ECS. The variables are read, nothing is probed. */
export function ecsEnvironment(env: NodeJS.ProcessEnv): EcsEnvironment | undefined {
  const metadataUri = textOf(env.ECS_CONTAINER_METADATA_URI_V4)
  const agentUri = textOf(env.ECS_AGENT_URI)
  const service = textOf(env.DURABLE_JOBS_ECS_SERVICE)
  return metadataUri === undefined && agentUri === undefined ? undefined : { metadataUri, agentUri, service }
}
