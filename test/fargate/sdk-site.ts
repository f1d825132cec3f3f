import {
  type ECSClient,
  UpdateTaskProtectionCommand,
  type UpdateTaskProtectionResponse,
} from '@aws-sdk/client-ecs'
import type { ManualClock } from '../support/ecs/clock.ts'
import type { FakeEcs } from '../support/ecs/fake-ecs.ts'
import type { FakeService } from '../support/ecs/fake-service.ts'
import { clientOf, registerWorker, startFake } from './start-fake.ts'

export const cluster = 'fake'

/** A fake with one service, and the real SDK on it. */
export interface SdkSite {
  readonly fake: FakeEcs
  readonly client: ECSClient
  readonly service: FakeService
}

/** Resolves when the service has its tasks. */
export async function sdkSite(desiredCount = 2, clock?: ManualClock): Promise<SdkSite> {
  const fake = await startFake(clock === undefined ? {} : { clock })
  const service = fake.createService({ name: 'workers', definition: registerWorker(fake), desiredCount })
  await fake.events.until(() => service.steady)
  return { fake, client: clientOf(fake), service }
}

export function arnsOf({ service }: SdkSite): string[] {
  return service.tasks.map(({ arn }) => arn)
}

export function protect(
  client: ECSClient,
  tasks: string[],
  minutes?: number,
): Promise<UpdateTaskProtectionResponse> {
  const request = { cluster, tasks, protectionEnabled: true, expiresInMinutes: minutes }
  return client.send(new UpdateTaskProtectionCommand(request))
}

export function unprotect(client: ECSClient, tasks: string[]): Promise<UpdateTaskProtectionResponse> {
  return client.send(new UpdateTaskProtectionCommand({ cluster, tasks, protectionEnabled: false }))
}
