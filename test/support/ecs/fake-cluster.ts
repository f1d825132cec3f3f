import { randomBytes } from 'node:crypto'
import { Arns, resourceName } from './arns.ts'
import { AwsError } from './aws-error.ts'
import type { Clock } from './clock.ts'
import { EventFeed } from './event-feed.ts'
import type { FakeContainer } from './fake-container.ts'
import type { FakeEcsEvent } from './fake-ecs-event.ts'
import { FakeService, type ServiceOptions } from './fake-service.ts'
import { FakeTask, type TaskInput } from './fake-task.ts'
import { emptiestZone, type Pick } from './scale-in-order.ts'
import { ScaleInProtections } from './scale-in-protection.ts'
import type { StopCause } from './stop-cause.ts'
import { type TaskDefinition, TaskDefinitions } from './task-definition.ts'

export interface ClusterOptions {
  readonly clock: Clock
  readonly minuteMs: number
  readonly region: string
  readonly account: string
  readonly name: string
  /** Letters after the region. */
  readonly zones: readonly [string, ...string[]]
  readonly pick: Pick
  readonly startDelayMs: number
  readonly deprovisionMs: number
  readonly healthyAfterMs: number
  readonly renewalsBlocked: boolean
  readonly environment: (task: FakeTask, container: FakeContainer) => Readonly<Record<string, string>>
}

/** How long a stopped task can still be described. */
const describableMinutes = 60

/** The state of one cluster: its definitions, services, tasks and protections. */
export class FakeCluster {
  readonly arns: Arns
  readonly clock: Clock
  readonly definitions: TaskDefinitions
  readonly protections: ScaleInProtections
  readonly events = new EventFeed<FakeEcsEvent>()
  readonly zones: readonly [string, ...string[]]
  /** Whether a protected task may be refused a renewal because others are protected too. */
  readonly renewalsBlocked: boolean
  readonly #options: ClusterOptions
  readonly #services = new Map<string, FakeService>()
  readonly #tasks = new Map<string, FakeTask>()
  readonly #dirty = new Set<FakeService>()
  #closed = false

  constructor(options: ClusterOptions) {
    const { region, clock, minuteMs, zones } = options
    this.#options = options
    this.clock = clock
    this.renewalsBlocked = options.renewalsBlocked
    this.arns = new Arns(region, options.account, options.name)
    this.definitions = new TaskDefinitions(this.arns)
    const [first, ...others] = zones
    this.zones = [`${region}${first}`, ...others.map((zone) => `${region}${zone}`)]
    this.protections = new ScaleInProtections({
      clock,
      minuteMs,
      onExpired: (taskArn) => {
        this.events.emit({ type: 'expired', at: clock.now(), taskArn })
        this.#changed(this.#tasks.get(taskArn)?.service)
      },
    })
  }

  get services(): readonly FakeService[] {
    return [...this.#services.values()]
  }

  /** All tasks that can be described, stopped ones included. */
  get tasks(): readonly FakeTask[] {
    return [...this.#tasks.values()]
  }

  createService(options: ServiceOptions, definition: TaskDefinition): FakeService {
    if (this.#services.has(options.name)) {
      throw new AwsError('InvalidParameterException', 'Creation of service was not idempotent.')
    }
    const { pick, healthyAfterMs } = this.#options
    const service = new FakeService(options, definition, {
      clock: this.clock,
      arn: this.arns.service(options.name),
      clusterArn: this.arns.cluster,
      zones: this.zones,
      pick,
      healthyAfterMs,
      launch: (task) => this.launch({ ...task, group: `service:${options.name}` }),
      tasks: () => this.#tasksOf(options.name),
      isProtected: (task) => this.protections.covers(task.arn),
      onEvent: (event) => {
        this.events.emit({ type: 'service', at: this.clock.now(), service: options.name, ...event })
      },
    })
    this.#services.set(options.name, service)
    service.reconcile()
    return service
  }

  /** Finds a service by name or ARN. */
  service(nameOrArn: string): FakeService | undefined {
    return this.#services.get(resourceName(nameOrArn))
  }

  /** Finds a task by id or ARN. */
  task(idOrArn: string): FakeTask | undefined {
    return this.#tasks.get(this.arns.task(resourceName(idOrArn)))
  }

  /** Starts a task where the fewest of its group are, unless a zone is given. */
  launch(input: Omit<TaskInput, 'id' | 'zone'> & { readonly zone?: string }): FakeTask {
    const { clock, arns } = this
    const { startDelayMs, deprovisionMs, environment } = this.#options
    const siblings = this.tasks.filter(({ group, stopOrdered }) => group === input.group && !stopOrdered)
    const zone = input.zone ?? emptiestZone(this.zones, siblings)
    const task = new FakeTask(
      { ...input, zone, id: randomBytes(16).toString('hex') },
      {
        clock,
        arns,
        startDelayMs,
        deprovisionMs,
        environment,
        onStatus: (changed) => this.#statusChanged(changed),
        onStopOrdered: (stopping, cause) => this.#stopOrdered(stopping, cause),
        onKill: (killed, { plan }) => {
          this.events.emit({ type: 'kill', at: clock.now(), task: killed, container: plan.name })
        },
      },
    )
    this.#tasks.set(task.arn, task)
    task.start()
    return task
  }

  /** Has the service look at its tasks again, because a protection changed. */
  protectionChanged(task: FakeTask): void {
    this.#changed(task.service)
  }

  /** Kills every process, and resolves when the last one has ended. */
  async close(): Promise<void> {
    this.#closed = true
    for (const service of this.services) service.close()
    this.protections.clear()
    for (const task of this.tasks) task.discard()
    const processes = this.tasks.flatMap((task) =>
      task.containers.filter(({ startedAt }) => startedAt !== undefined),
    )
    await Promise.all(processes.map((container) => container.process.ended))
  }

  #tasksOf(service: string): readonly FakeTask[] {
    return this.tasks.filter((task) => task.service === service && task.status !== 'STOPPED')
  }

  #stopOrdered(task: FakeTask, cause: StopCause): void {
    const protectedThen = this.protections.covers(task.arn)
    this.events.emit({ type: 'stop', at: this.clock.now(), task, cause, protectedThen })
  }

  #statusChanged(task: FakeTask): void {
    this.events.emit({ type: 'task', at: this.clock.now(), task, status: task.status })
    if (task.status === 'RUNNING' && this.#options.healthyAfterMs > 0) {
      this.clock.after(this.#options.healthyAfterMs, () => this.#changed(task.service))
    }
    if (task.status === 'STOPPED') {
      this.protections.end(task.arn)
      const describable = describableMinutes * this.#options.minuteMs
      this.clock.after(describable, () => this.#tasks.delete(task.arn))
    }
    this.#changed(task.service)
  }

  /** Reconciles the service once, after all that changes at the same time. */
  #changed(name: string | undefined): void {
    const service = name === undefined ? undefined : this.#services.get(name)
    if (service === undefined || this.#closed || this.#dirty.has(service)) return
    this.#dirty.add(service)
    queueMicrotask(() => {
      this.#dirty.delete(service)
      service.reconcile()
    })
  }
}
