import { ManualClock } from '../support/ecs/clock.ts'
import type { FakeEcs } from '../support/ecs/fake-ecs.ts'
import type { FakeEcsEvent } from '../support/ecs/fake-ecs-event.ts'
import type { FakeService } from '../support/ecs/fake-service.ts'
import type { FakeTask } from '../support/ecs/fake-task.ts'
import type { StopKind } from '../support/ecs/stop-cause.ts'
import { trap } from '../support/ecs/task-programs.ts'
import { allReady, registerWorker, startFake } from './start-fake.ts'

export interface ReadyService {
  readonly fake: FakeEcs
  readonly service: FakeService
  readonly clock: ManualClock
}

/** A service whose tasks are ready. Its clock does not advance: no task is killed for slowness unless a test does so. */
export async function readyService(
  desiredCount: number,
  container = trap('heed'),
  spot = false,
): Promise<ReadyService> {
  const clock = new ManualClock()
  const fake = await startFake({ clock, pick: () => 0 })
  const service = fake.createService({
    name: 'workers',
    definition: registerWorker(fake, container),
    desiredCount,
    ...(spot ? { capacity: [{ capacityProvider: 'FARGATE_SPOT' }] } : {}),
  })
  await allReady(service.tasks)
  await fake.events.until(() => service.steady)
  return { fake, service, clock }
}

export function stops(fake: FakeEcs): readonly Extract<FakeEcsEvent, { type: 'stop' }>[] {
  return fake.events.history.filter((event) => event.type === 'stop')
}

export function stopKinds(fake: FakeEcs): readonly StopKind[] {
  return stops(fake).map(({ cause }) => cause.kind)
}

export function only(tasks: readonly FakeTask[]): FakeTask {
  const [task] = tasks
  if (task === undefined || tasks.length > 1) throw new Error(`${tasks.length} tasks`)
  return task
}

/** Resolves with the task that has replaced `gone`. */
export async function replacementOf(
  { fake, service }: Pick<ReadyService, 'fake' | 'service'>,
  gone: FakeTask,
): Promise<FakeTask> {
  const found = (): FakeTask | undefined =>
    service.tasks.find((task) => task !== gone && task.status === 'RUNNING')
  await fake.events.until(() => found() !== undefined)
  return found() ?? gone
}
