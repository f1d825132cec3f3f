import type { Task } from '@aws-sdk/client-ecs'
import type { Arns } from './arns.ts'
import type { Clock } from './clock.ts'
import { FakeContainer } from './fake-container.ts'
import {
  essentialExited,
  failedToStart,
  machineLost,
  outOfMemoryReason,
  type StopCause,
} from './stop-cause.ts'
import type { ContainerPlan, TaskDefinition } from './task-definition.ts'
import { type Wire, wireTime } from './wire.ts'

export type TaskStatus = 'PROVISIONING' | 'RUNNING' | 'STOPPING' | 'DEPROVISIONING' | 'STOPPED'
export type CapacityProvider = 'FARGATE' | 'FARGATE_SPOT'

export interface TaskInput {
  readonly id: string
  readonly definition: TaskDefinition
  /** `service:NAME`, or `family:NAME` for a task that no service owns. */
  readonly group: string
  /** The deployment that owns it, or the `startedBy` of RunTask. */
  readonly startedBy: string | undefined
  readonly capacityProvider: CapacityProvider
  readonly zone: string
}

export interface TaskDeps {
  readonly clock: Clock
  readonly arns: Arns
  /** From the decision to start a task to its processes. */
  readonly startDelayMs: number
  /** From the end of its last process to STOPPED. */
  readonly deprovisionMs: number
  readonly environment: (task: FakeTask, container: FakeContainer) => Readonly<Record<string, string>>
  readonly onStatus: (task: FakeTask) => void
  readonly onStopOrdered: (task: FakeTask, cause: StopCause) => void
  /** SIGKILL had to follow SIGTERM. */
  readonly onKill: (task: FakeTask, container: FakeContainer) => void
}

/**
 * A Fargate task: its containers are real processes.
 * Statuses PENDING, ACTIVATING and DEACTIVATING are passed over: they are about images and load balancers.
 */
export class FakeTask {
  readonly id: string
  readonly arn: string
  readonly definition: TaskDefinition
  readonly group: string
  readonly startedBy: string | undefined
  readonly capacityProvider: CapacityProvider
  readonly zone: string
  readonly containers: readonly FakeContainer[]
  readonly createdAt: number
  /** Resolves when it is STOPPED. */
  readonly stopped: Promise<void>
  readonly #deps: TaskDeps
  #status: TaskStatus = 'PROVISIONING'
  #cause: StopCause | undefined
  #startedAt: number | undefined
  #stoppingAt: number | undefined
  /** When the last process had ended. */
  #executionStoppedAt: number | undefined
  #stoppedAt: number | undefined
  #version = 1
  #vanished = false
  #cancelStart: () => void = () => undefined
  #resolveStopped: () => void = () => undefined

  constructor(input: TaskInput, deps: TaskDeps) {
    this.#deps = deps
    this.id = input.id
    this.arn = deps.arns.task(input.id)
    this.definition = input.definition
    this.group = input.group
    this.startedBy = input.startedBy
    this.capacityProvider = input.capacityProvider
    this.zone = input.zone
    this.createdAt = deps.clock.now()
    this.containers = input.definition.containers.map((plan) => this.#container(plan))
    this.stopped = new Promise((resolve) => {
      this.#resolveStopped = resolve
    })
  }

  get status(): TaskStatus {
    return this.#status
  }

  /** Why its stop was requested, or why it has stopped. */
  get cause(): StopCause | undefined {
    return this.#cause
  }

  get startedAt(): number | undefined {
    return this.#startedAt
  }

  get stoppedAt(): number | undefined {
    return this.#stoppedAt
  }

  get stopOrdered(): boolean {
    return this.#cause !== undefined
  }

  /** The name of its service, if it has one. */
  get service(): string | undefined {
    return this.group.startsWith('service:') ? this.group.slice('service:'.length) : undefined
  }

  /** The container with this name; without a name the first one. */
  container(name?: string): FakeContainer {
    const found = this.containers.find(({ plan }) => name === undefined || plan.name === name)
    if (found === undefined) throw new Error(`task ${this.id} has no container ${name}`)
    return found
  }

  /** Returns the environment that a container of it is started with. */
  environmentOf(name?: string): Readonly<Record<string, string>> {
    return this.#deps.environment(this, this.container(name))
  }

  start(): void {
    const run = (): void => {
      for (const container of this.containers) container.start()
      this.#startedAt = this.#deps.clock.now()
      this.#become('RUNNING')
    }
    this.#deps.onStatus(this)
    if (this.#deps.startDelayMs === 0) run()
    else this.#cancelStart = this.#deps.clock.after(this.#deps.startDelayMs, run)
  }

  /** SIGTERM to each container, SIGKILL to those that are alive after their stop timeout. A second order changes nothing. */
  stop(cause: StopCause): void {
    if (this.stopOrdered) return
    this.#cancelStart()
    this.#order(cause)
    this.#become('STOPPING')
    for (const container of this.containers) container.terminate()
  }

  /** The machine vanishes: every process ends at once without a signal. ECS reports RUNNING until it has noticed. */
  vanish(noticedAfterMs: number): void {
    if (this.#vanished || this.#status === 'STOPPED') return
    this.#vanished = true
    this.#cancelStart()
    for (const container of this.containers) container.kill()
    this.#deps.clock.after(noticedAfterMs, () => {
      if (!this.stopOrdered) this.#order(machineLost())
      this.#finish()
    })
  }

  /** The kernel kills a container that uses too much memory. */
  exhaustMemory(name?: string): void {
    this.container(name).exhaustMemory(outOfMemoryReason)
  }

  /** Ends every process at once and forgets the rest: the cloud is closed. */
  discard(): void {
    this.#cancelStart()
    this.#vanished = true
    for (const container of this.containers) container.kill()
  }

  describe(): Wire<Task> {
    return {
      taskArn: this.arn,
      clusterArn: this.#deps.arns.cluster,
      taskDefinitionArn: this.definition.arn,
      group: this.group,
      startedBy: this.startedBy,
      launchType: 'FARGATE',
      capacityProviderName: this.capacityProvider,
      availabilityZone: this.zone,
      platformVersion: '1.4.0',
      platformFamily: 'Linux',
      cpu: String(this.definition.cpu),
      memory: String(this.definition.memory),
      lastStatus: this.#status,
      desiredStatus: this.stopOrdered ? 'STOPPED' : 'RUNNING',
      healthStatus: this.containers.some(({ health }) => health === 'UNHEALTHY') ? 'UNHEALTHY' : 'HEALTHY',
      connectivity: 'CONNECTED',
      createdAt: wireTime(this.createdAt),
      startedAt: wireTime(this.#startedAt),
      stoppingAt: wireTime(this.#stoppingAt),
      executionStoppedAt: wireTime(this.#executionStoppedAt),
      stoppedAt: wireTime(this.#stoppedAt),
      stopCode: this.#cause?.stopCode,
      stoppedReason: this.#cause?.stoppedReason,
      version: this.#version,
      containers: this.containers.map((container) => container.describe()),
      attachments: [],
      tags: [],
      enableExecuteCommand: false,
    }
  }

  #container(plan: ContainerPlan): FakeContainer {
    return new FakeContainer(plan, {
      clock: this.#deps.clock,
      arn: this.#deps.arns.container(this.id),
      taskArn: this.arn,
      taskId: this.id,
      environment: (container) => this.#deps.environment(this, container),
      onStopped: (container) => this.#containerStopped(container),
      onTimeout: (container) => this.#deps.onKill(this, container),
    })
  }

  #containerStopped(container: FakeContainer): void {
    if (this.#vanished) return
    if (container.startFailure !== undefined) this.stop(failedToStart(container.startFailure))
    else if (container.plan.essential) {
      this.stop(essentialExited(container.reason === outOfMemoryReason ? 'out-of-memory' : 'exited'))
    }
    if (this.stopOrdered && this.containers.every(({ status }) => status === 'STOPPED')) this.#deprovision()
  }

  #deprovision(): void {
    if (this.#status !== 'STOPPING') return
    this.#executionStoppedAt = this.#deps.clock.now()
    this.#become('DEPROVISIONING')
    if (this.#deps.deprovisionMs === 0) this.#finish()
    else this.#deps.clock.after(this.#deps.deprovisionMs, () => this.#finish())
  }

  #order(cause: StopCause): void {
    this.#cause = cause
    this.#stoppingAt = this.#deps.clock.now()
    this.#deps.onStopOrdered(this, cause)
  }

  #finish(): void {
    this.#stoppedAt = this.#deps.clock.now()
    this.#become('STOPPED')
    this.#resolveStopped()
  }

  #become(status: TaskStatus): void {
    if (this.#status === status) return
    this.#status = status
    this.#version += 1
    this.#deps.onStatus(this)
  }
}
