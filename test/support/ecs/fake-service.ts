import { randomUUID } from 'node:crypto'
import type { Service } from '@aws-sdk/client-ecs'
import { AwsError } from './aws-error.ts'
import { type CapacityShare, capacityFor } from './capacity.ts'
import type { Clock } from './clock.ts'
import { Deployment } from './deployment.ts'
import type { CapacityProvider, FakeTask } from './fake-task.ts'
import { emptiestZone, type Pick } from './scale-in-order.ts'
import { planService, type ScheduledTask } from './service-scheduler.ts'
import { replaced, scaleIn } from './stop-cause.ts'
import type { TaskDefinition } from './task-definition.ts'
import { type Wire, wireTime } from './wire.ts'

export interface ServiceOptions {
  readonly name: string
  readonly desiredCount: number
  /** 100 if left out. */
  readonly minimumHealthyPercent?: number
  /** 200 if left out. */
  readonly maximumPercent?: number
  /** Where tasks run. All on FARGATE if left out. */
  readonly capacity?: readonly [CapacityShare, ...CapacityShare[]]
}

export interface ServiceChange {
  readonly desiredCount?: number | undefined
  /** Another one starts a deployment. */
  readonly definition?: TaskDefinition | undefined
  readonly forceNewDeployment?: boolean | undefined
  readonly minimumHealthyPercent?: number | undefined
  readonly maximumPercent?: number | undefined
}

/** The events of a service. `held`: the number of protected tasks it has to wait for, if the event has one. */
export interface ServiceEvent {
  readonly message: string
  readonly held?: number
}

/** The parts of its cluster that a service needs. */
export interface ServiceDeps {
  readonly clock: Clock
  readonly arn: string
  readonly clusterArn: string
  readonly zones: readonly [string, ...string[]]
  readonly pick: Pick
  /** How long a task has to be RUNNING before it counts as healthy. */
  readonly healthyAfterMs: number
  readonly launch: (task: {
    readonly definition: TaskDefinition
    readonly startedBy: string
    readonly zone: string
    readonly capacityProvider: CapacityProvider
  }) => void
  /** The tasks of this service that are not STOPPED. */
  readonly tasks: () => readonly FakeTask[]
  readonly isProtected: (task: FakeTask) => boolean
  readonly onEvent: (event: ServiceEvent) => void
}

interface Scheduled extends ScheduledTask {
  readonly task: FakeTask
}

const retainedEvents = 100
const maxDeployments = 5

/**
 * A service: keeps its desired count of tasks running and rolls new definitions out.
 * Simpler than AWS: a task of an old deployment that dies in the middle of a rollout is replaced by a new one, not by one
 * of its own revision; there is no circuit breaker and no slowing down of tasks that fail to start.
 */
export class FakeService {
  readonly name: string
  readonly arn: string
  readonly #deps: ServiceDeps
  readonly #createdAt: number
  readonly #capacity: readonly [CapacityShare, ...CapacityShare[]]
  readonly #events: { readonly id: string; readonly at: number; readonly message: string }[] = []
  #desiredCount: number
  #minimumHealthyPercent: number
  #maximumPercent: number
  /** Newest first. */
  #deployments: readonly Deployment[]
  #held = 0
  #steady = false
  #closed = false

  constructor(options: ServiceOptions, definition: TaskDefinition, deps: ServiceDeps) {
    this.name = options.name
    this.arn = deps.arn
    this.#deps = deps
    this.#createdAt = deps.clock.now()
    this.#desiredCount = options.desiredCount
    this.#minimumHealthyPercent = options.minimumHealthyPercent ?? 100
    this.#maximumPercent = options.maximumPercent ?? 200
    this.#capacity = options.capacity ?? [{ capacityProvider: 'FARGATE' }]
    this.#deployments = [new Deployment(definition, this.#createdAt)]
  }

  get desiredCount(): number {
    return this.#desiredCount
  }

  /** Newest first. */
  get deployments(): readonly Deployment[] {
    return this.#deployments
  }

  /** Whether it has as many tasks as desired, all of its newest deployment. */
  get steady(): boolean {
    return this.#steady
  }

  /** Service events, newest first. */
  get events(): readonly string[] {
    return this.#events.map(({ message }) => message)
  }

  get tasks(): readonly FakeTask[] {
    return this.#deps.tasks()
  }

  update(change: ServiceChange): void {
    const current = this.#primary.definition
    const definition = change.definition ?? current
    const redeploys = definition !== current || change.forceNewDeployment === true
    if (redeploys) this.#refuseSixthDeployment()
    this.#desiredCount = change.desiredCount ?? this.#desiredCount
    this.#minimumHealthyPercent = change.minimumHealthyPercent ?? this.#minimumHealthyPercent
    this.#maximumPercent = change.maximumPercent ?? this.#maximumPercent
    if (redeploys) {
      for (const deployment of this.#deployments) deployment.primary = false
      this.#deployments = [new Deployment(definition, this.#deps.clock.now()), ...this.#deployments]
    }
    this.reconcile()
  }

  /** Starts and stops tasks by the plan. Call it after every change of a task, a protection or the service. */
  reconcile(): void {
    if (this.#closed) return
    const scheduled = this.tasks.filter((task) => !task.stopOrdered).map((task) => this.#schedule(task))
    const plan = planService(
      {
        desiredCount: this.#desiredCount,
        minimumHealthyPercent: this.#minimumHealthyPercent,
        maximumPercent: this.#maximumPercent,
      },
      scheduled,
      this.#deps.pick,
    )
    this.#stop(plan.stop)
    this.#start(plan.start)
    this.#tellHeld(plan.held)
    this.#settle()
  }

  /** Stops starting tasks. */
  close(): void {
    this.#closed = true
  }

  describe(): Wire<Service> {
    const tasks = this.tasks
    return {
      serviceArn: this.arn,
      serviceName: this.name,
      clusterArn: this.#deps.clusterArn,
      status: 'ACTIVE',
      desiredCount: this.#desiredCount,
      runningCount: tasks.filter(({ status }) => status === 'RUNNING').length,
      pendingCount: tasks.filter(({ status }) => status === 'PROVISIONING').length,
      launchType: 'FARGATE',
      platformVersion: '1.4.0',
      taskDefinition: this.#primary.definition.arn,
      deploymentConfiguration: {
        minimumHealthyPercent: this.#minimumHealthyPercent,
        maximumPercent: this.#maximumPercent,
      },
      deployments: this.#deployments.map((deployment) =>
        deployment.describe(tasks, this.#desiredOf(deployment)),
      ),
      events: this.#events.map(({ id, at, message }) => ({ id, createdAt: wireTime(at), message })),
      createdAt: wireTime(this.#createdAt),
      schedulingStrategy: 'REPLICA',
      deploymentController: { type: 'ECS' },
      availabilityZoneRebalancing: 'DISABLED',
      loadBalancers: [],
    }
  }

  get #primary(): Deployment {
    const [newest] = this.#deployments
    if (newest === undefined) throw new Error(`service ${this.name} has no deployment`)
    return newest
  }

  /** Assumed: an old deployment wants the tasks that it still has. AWS documents the member, not its value during a rollout. */
  #desiredOf(deployment: Deployment): number {
    if (deployment.primary) return this.#desiredCount
    return this.tasks.filter((task) => deployment.owns(task) && !task.stopOrdered).length
  }

  #schedule(task: FakeTask): Scheduled {
    const runningFor = task.startedAt === undefined ? -1 : this.#deps.clock.now() - task.startedAt
    return {
      id: task.id,
      task,
      zone: task.zone,
      primary: this.#primary.owns(task),
      healthy: task.status === 'RUNNING' && runningFor >= this.#deps.healthyAfterMs,
      protected: this.#deps.isProtected(task),
    }
  }

  #stop(tasks: readonly Scheduled[]): void {
    for (const { task, primary } of tasks) {
      const deployment = task.startedBy ?? ''
      task.stop(primary ? scaleIn(deployment) : replaced(deployment))
    }
    if (tasks.length > 0)
      this.#tell(`has stopped ${tasks.length} running tasks: ${named(tasks.map(({ task }) => task))}.`)
  }

  #start(count: number): void {
    const before = new Set(this.tasks)
    for (let started = 0; started < count; started++) {
      const live = this.tasks.filter((task) => !task.stopOrdered)
      this.#deps.launch({
        definition: this.#primary.definition,
        startedBy: this.#primary.id,
        zone: emptiestZone(this.#deps.zones, live),
        capacityProvider: capacityFor(this.#capacity, live),
      })
    }
    const started = this.tasks.filter((task) => !before.has(task))
    if (started.length > 0) this.#tell(`has started ${started.length} tasks: ${named(started)}.`)
  }

  #tellHeld(held: number): void {
    if (held === this.#held) return
    this.#held = held
    if (held === 0) return
    const oldest = this.#deployments.at(-1) ?? this.#primary
    this.#tell(
      `was unable to reach steady state because (taskSet ${oldest.id}) was unable to scale in due to ` +
        `(reason ${held} tasks under protection)`,
      { held },
    )
  }

  /** Drops old deployments whose last task has stopped, and reports the steady state once. */
  #settle(): void {
    const tasks = this.tasks
    this.#deployments = this.#deployments.filter(
      (deployment) => deployment.primary || tasks.some((task) => deployment.owns(task)),
    )
    const running = tasks.filter((task) => task.status === 'RUNNING' && !task.stopOrdered)
    const steady =
      this.#deployments.length === 1 &&
      running.length === this.#desiredCount &&
      tasks.length === running.length
    if (steady && !this.#primary.completed) {
      this.#primary.completed = true
      this.#tell(`(deployment ${this.#primary.id}) deployment completed.`)
    }
    const became = steady && !this.#steady
    this.#steady = steady
    if (became) this.#tell('has reached a steady state.')
  }

  /** Assumed: the class of the error. The message is the one that a user of the service reports. */
  #refuseSixthDeployment(): void {
    const unfinished = this.#deployments.filter((deployment) => !(deployment.primary && deployment.completed))
    if (unfinished.length < maxDeployments) return
    const message = `${unfinished.length} active deployments exist, unable to create new deployment.`
    throw new AwsError('InvalidParameterException', message)
  }

  #tell(what: string, more: Omit<ServiceEvent, 'message'> = {}): void {
    const message = `(service ${this.name}) ${what}`
    this.#events.unshift({ id: randomUUID(), at: this.#deps.clock.now(), message })
    this.#events.length = Math.min(this.#events.length, retainedEvents)
    this.#deps.onEvent({ message, ...more })
  }
}

function named(tasks: readonly FakeTask[]): string {
  return tasks.map(({ id }) => `(task ${id})`).join(' ')
}
