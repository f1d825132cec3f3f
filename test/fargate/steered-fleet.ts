import type { ScaleInProtectionOptions } from '../../runtime/fargate/scale-in-protection.ts'
import type { Worker } from '../../runtime/index.ts'
import type { Job } from '../../sdk/index.ts'
import type { FakeEcs } from '../support/ecs/fake-ecs.ts'
import type { FakeTask } from '../support/ecs/fake-task.ts'
import type { Fixture } from '../support/fixture.ts'
import { CloudClock } from './cloud-clock.ts'
import { startFake } from './start-fake.ts'
import { SteeredProtection } from './steered-protection.ts'

/** A worker of a task, in the test's own process. */
export interface TaskWorker {
  readonly worker: Worker
  readonly protection: SteeredProtection
}

/**
 * A fake cloud whose time the test moves, with a worker of one slot in this process for each of its tasks: it starts with the task,
 * and drains when ECS stops the task. The task's own process does nothing.
 */
export class SteeredFleet {
  readonly clock: CloudClock
  readonly fake: FakeEcs
  readonly workers = new Map<FakeTask, TaskWorker>()

  private constructor(clock: CloudClock, fake: FakeEcs) {
    this.clock = clock
    this.fake = fake
  }

  /** Its minute is a minute of the test's time. */
  static async open(
    shop: Fixture,
    jobs: readonly Job[],
    protection: ScaleInProtectionOptions,
    atEnd: (close: () => Promise<void>) => void,
  ): Promise<SteeredFleet> {
    const clock = new CloudClock()
    const fleet = new SteeredFleet(clock, await startFake({ clock, minuteMs: 60_000 }, atEnd))
    fleet.fake.events.subscribe((event) => {
      if (event.type === 'task' && event.status === 'RUNNING') {
        void fleet.#start(shop, jobs, event.task, protection)
      }
      if (event.type === 'stop') void fleet.workers.get(event.task)?.worker.stop({ timeout: 0 })
    })
    return fleet
  }

  /** Resolves when `count` workers have started in all. */
  async started(count: number): Promise<void> {
    await this.clock.passUntil(() => this.workers.size === count, 0)
  }

  async #start(
    shop: Fixture,
    jobs: readonly Job[],
    task: FakeTask,
    options: ScaleInProtectionOptions,
  ): Promise<void> {
    const protection = new SteeredProtection(this.clock, this.fake, task, options)
    const worker = await shop.work(jobs, {
      name: task.id,
      concurrency: 1,
      middleware: [protection.middleware],
    })
    this.workers.set(task, { worker, protection })
  }
}
