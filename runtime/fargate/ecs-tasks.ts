import { messageOf, nameOf } from '../model/thrown.ts'
import {
  type DescribedTask,
  type PrimaryDeployment,
  parseDescribedTasks,
  parsePrimaryDeployment,
} from './described-task.ts'
import { type EcsClient, type EcsModule, loadEcs, openEcsClient } from './ecs-client.ts'

/**
 * - `denied`: the task's role lacks the permission, or there is no role
 * - `failed`: it may succeed later
 */
export type EcsReply<Value> =
  | { readonly kind: 'reply'; readonly value: Value }
  | { readonly kind: 'denied'; readonly detail: string }
  | { readonly kind: 'failed'; readonly detail: string }

/** The calls to ECS about tasks that may have ended. Never rejects. */
export interface EcsTasks {
  /** At most 100 ARNs. Tasks that ECS no longer knows are left out. */
  describe(
    cluster: string,
    taskArns: readonly string[],
    signal: AbortSignal,
  ): Promise<EcsReply<readonly DescribedTask[]>>
  /** A value of undefined: the service is gone. */
  primaryDeployment(
    cluster: string,
    service: string,
    signal: AbortSignal,
  ): Promise<EcsReply<PrimaryDeployment | undefined>>
  close(): void
}

/** @throws AwsSdkMissingError */
export async function openEcsTasks(region: string): Promise<EcsTasks> {
  const ecs = await loadEcs()
  return new SdkEcsTasks(ecs, openEcsClient(ecs, region))
}

class SdkEcsTasks implements EcsTasks {
  readonly #ecs: EcsModule
  readonly #client: EcsClient

  constructor(ecs: EcsModule, client: EcsClient) {
    this.#ecs = ecs
    this.#client = client
  }

  describe(cluster: string, tasks: readonly string[], signal: AbortSignal) {
    return this.#send(new this.#ecs.DescribeTasksCommand({ cluster, tasks }), signal, parseDescribedTasks)
  }

  primaryDeployment(cluster: string, service: string, signal: AbortSignal) {
    const command = new this.#ecs.DescribeServicesCommand({ cluster, services: [service] })
    return this.#send(command, signal, parsePrimaryDeployment)
  }

  close(): void {
    this.#client.destroy()
  }

  async #send<Value>(
    command: object,
    signal: AbortSignal,
    parse: (reply: unknown) => Value,
  ): Promise<EcsReply<Value>> {
    try {
      return { kind: 'reply', value: parse(await this.#client.send(command, { abortSignal: signal })) }
    } catch (error) {
      const name = nameOf(error)
      return { kind: isDenied(name) ? 'denied' : 'failed', detail: `${name}: ${messageOf(error)}` }
    }
  }
}

/**
 * Without credentials a task has no role if nothing names an endpoint of credentials; else that endpoint failed, and
 * may succeed the next time.
 */
function isDenied(name: string): boolean {
  const { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, AWS_CONTAINER_CREDENTIALS_FULL_URI } = process.env
  const hasRole = Boolean(AWS_CONTAINER_CREDENTIALS_RELATIVE_URI || AWS_CONTAINER_CREDENTIALS_FULL_URI)
  return name === 'AccessDeniedException' || (name === 'CredentialsProviderError' && !hasRole)
}
