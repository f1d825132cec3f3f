import { openTaskIdentity } from '../../runtime/fargate/open-task-identity.ts'
import {
  hookedScaleInProtection,
  type ScaleInProtectionOptions,
} from '../../runtime/fargate/scale-in-protection.ts'
import type { Middleware } from '../../runtime/model/middleware.ts'
import {
  type Protection,
  type ProtectionDeps,
  type ProtectionSource,
  protectionBrand,
} from '../../runtime/model/protection.ts'
import type { FakeEcs } from '../support/ecs/fake-ecs.ts'
import type { FakeTask } from '../support/ecs/fake-task.ts'
import type { CloudClock } from './cloud-clock.ts'

/**
 * Scale-in protection of a task of the fake, for a worker in the test's own process. It's the product's, over the agent's
 * endpoint; only its time is the test's.
 */
export class SteeredProtection implements ProtectionSource {
  readonly [protectionBrand]: typeof protectionBrand = protectionBrand
  readonly clock: CloudClock
  readonly #fake: FakeEcs
  readonly #task: FakeTask
  readonly #source: ProtectionSource
  #opened: Protection | undefined

  constructor(clock: CloudClock, fake: FakeEcs, task: FakeTask, options: ScaleInProtectionOptions) {
    this.clock = clock
    this.#fake = fake
    this.#task = task
    this.#source = hookedScaleInProtection(options, { env: task.environmentOf() })
  }

  get middleware(): Middleware & ProtectionSource {
    return this
  }

  /** Of the worker that has been started with it, in another mode than `off`. */
  get opened(): Protection {
    if (this.#opened === undefined) throw new Error('its worker has not started, or asks for no protection')
    return this.#opened
  }

  /** 0 also if it requests none. */
  get protectedForMs(): number {
    return this.#opened?.status.protectedForMs ?? 0
  }

  async open({ log, jobs }: Pick<ProtectionDeps, 'log' | 'jobs'>): Promise<Protection | undefined> {
    const { clock } = this
    const identity = openTaskIdentity({ clock, log, env: this.#task.environmentOf() })
    this.#opened = await this.#source.open({ clock, log, jobs, identity })
    if (this.#opened !== undefined) clock.watch(this.#fake, this.#task.arn, this.#opened)
    return this.#opened
  }
}
