import {
  type AskingMode,
  type ProtectionDeps,
  type ProtectionMode,
  startsUnprotected,
  type TaskIdentitySource,
} from '../model/protection.ts'
import { AwsSdkMissingError, ProtectionUnavailableError } from '../model/protection-errors.ts'
import type { TaskIdentity } from '../model/task-identity.ts'
import { AgentTransport } from './agent-transport.ts'
import { loadEcs } from './ecs-client.ts'
import { ecsEnvironment } from './ecs-environment.ts'
import { EcsTransport } from './ecs-transport.ts'
import type { ProtectionTransport } from './protection-reply.ts'

export interface ProtectionWay {
  readonly mode: AskingMode
  readonly transport: ProtectionTransport
  readonly identity: TaskIdentitySource
  /** Distinguishes this process's task from another one's, before its ARN is known. */
  readonly task: string
}

/**
 * Decides from mode and environment how protection is requested; undefined if it isn't. The agent is preferred: it's
 * next to the container and needs no SDK.
 * @throws ProtectionUnavailableError, AwsSdkMissingError in mode `required`
 */
export async function openTransport(
  mode: ProtectionMode | undefined,
  env: NodeJS.ProcessEnv,
  { identity, log }: ProtectionDeps,
  task: () => TaskIdentity | undefined,
): Promise<ProtectionWay | undefined> {
  const ecs = ecsEnvironment(env)
  if (mode === 'off') return undefined
  const isRequired = mode !== undefined && !startsUnprotected[mode]
  if (ecs === undefined && !isRequired) return undefined
  const { metadataUri, agentUri } = ecs ?? {}
  if (metadataUri === undefined || identity === undefined) {
    const problem = 'this process knows no ECS task: ECS_CONTAINER_METADATA_URI_V4 is not set'
    if (isRequired) throw new ProtectionUnavailableError(problem)
    log.warn({ protection: 'off' }, `${problem}; it works without scale-in protection`)
    return undefined
  }
  const way = { mode: mode ?? 'best-effort', identity, task: metadataUri }
  if (agentUri !== undefined) return { ...way, transport: new AgentTransport(agentUri) }
  try {
    return { ...way, transport: new EcsTransport(await loadEcs(), task) }
  } catch (error) {
    if (isRequired || !AwsSdkMissingError.is(error)) throw error
    log.warn({ protection: 'off' }, `${error.message}; this worker continues without scale-in protection`)
    return undefined
  }
}
