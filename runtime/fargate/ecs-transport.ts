import { defined } from '../model/defined.ts'
import type { TaskIdentity } from '../model/task-identity.ts'
import { messageOf, nameOf, readProperty } from '../model/thrown.ts'
import { type EcsClient, type EcsModule, openEcsClient } from './ecs-client.ts'
import { recordsIn, textOf, timeOf } from './json-value.ts'
import {
  type ProtectionReply,
  type ProtectionRequest,
  type ProtectionTransport,
  refusalOf,
  replyOfError,
} from './protection-reply.ts'

type ProtectingEcs = Pick<EcsModule, 'ECSClient' | 'UpdateTaskProtectionCommand'>

/** Protection through the ECS API, without an agent endpoint. */
export class EcsTransport implements ProtectionTransport {
  readonly #ecs: ProtectingEcs
  readonly #identity: () => TaskIdentity | undefined
  #client: EcsClient | undefined

  /** @param identity Of the own task, once it's known. */
  constructor(ecs: ProtectingEcs, identity: () => TaskIdentity | undefined) {
    this.#ecs = ecs
    this.#identity = identity
  }

  async update(wanted: ProtectionRequest, signal: AbortSignal): Promise<ProtectionReply> {
    const identity = this.#identity()
    if (identity === undefined)
      return { kind: 'refused', code: 'unknown task', detail: 'the metadata is not read yet' }
    const input = {
      cluster: identity.cluster,
      tasks: [identity.taskArn],
      protectionEnabled: wanted.enabled,
      ...(wanted.enabled ? { expiresInMinutes: wanted.minutes } : {}),
    }
    try {
      this.#client ??= openEcsClient(this.#ecs, identity.region)
      const reply = await this.#client.send(new this.#ecs.UpdateTaskProtectionCommand(input), {
        abortSignal: signal,
      })
      return parseUpdateReply(reply)
    } catch (error) {
      return parseEcsError(error)
    }
  }

  close(): void {
    this.#client?.destroy()
  }
}

/** Parses a reply of UpdateTaskProtection for one task: a refusal is one of its `failures`. */
export function parseUpdateReply(reply: unknown): ProtectionReply {
  const [failure] = recordsIn(reply, 'failures')
  if (failure !== undefined) return refusalOf(failure.reason, failure.detail)
  const [task] = recordsIn(reply, 'protectedTasks')
  const taskArn = textOf(task?.taskArn)
  const enabled = task?.protectionEnabled
  if (taskArn === undefined || typeof enabled !== 'boolean') {
    return { kind: 'lost', detail: 'ECS replied without the task' }
  }
  return { kind: 'state', taskArn, enabled, ...defined({ expiresAt: timeOf(task?.expirationDate) }) }
}

/** Classifies an error of the client: an error that ECS replied with, or a call without a reply. */
export function parseEcsError(error: unknown): ProtectionReply {
  const fault = readProperty(error, '$fault')
  const isReply = readProperty(readProperty(error, '$metadata'), 'httpStatusCode') !== undefined
  const name = nameOf(error)
  // No credentials found: nothing was sent.
  const wasSent = isReply || name !== 'CredentialsProviderError'
  return replyOfError(name, messageOf(error), wasSent && fault !== 'client')
}
