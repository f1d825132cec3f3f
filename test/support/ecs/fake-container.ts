import { randomInt } from 'node:crypto'
import type { Container } from '@aws-sdk/client-ecs'
import type { Clock } from './clock.ts'
import type { ContainerPlan } from './task-definition.ts'
import { exitCodeOf, type ProcessEnd, TaskProcess } from './task-process.ts'
import type { Wire } from './wire.ts'

export interface ContainerDeps {
  readonly clock: Clock
  readonly arn: string
  readonly taskArn: string
  readonly taskId: string
  readonly environment: (container: FakeContainer) => Readonly<Record<string, string>>
  /** Called once, when no process runs any more and none will. */
  readonly onStopped: (container: FakeContainer) => void
  /** Called when SIGKILL follows a SIGTERM that was not heeded in time. */
  readonly onTimeout: (container: FakeContainer) => void
}

export type ContainerStatus = 'PENDING' | 'RUNNING' | 'STOPPED'
export type ContainerHealth = 'HEALTHY' | 'UNHEALTHY'

/** One container of a task: a real process, and after a restart another one. */
export class FakeContainer {
  readonly plan: ContainerPlan
  readonly arn: string
  /** Ends the addresses that the container's environment names. */
  readonly dockerId: string
  readonly #deps: ContainerDeps
  #process: TaskProcess | undefined
  #status: ContainerStatus = 'PENDING'
  #startedAt: number | undefined
  #end: ProcessEnd | undefined
  #reason: string | undefined
  #restarts = 0
  #restartOrdered = false
  #stopping = false
  #cancelKill: () => void = () => undefined
  #unhealthy = false

  constructor(plan: ContainerPlan, deps: ContainerDeps) {
    this.plan = plan
    this.arn = deps.arn
    this.dockerId = `${deps.taskId}-${randomInt(1_000_000_000, 9_999_999_999)}`
    this.#deps = deps
  }

  get status(): ContainerStatus {
    return this.#status
  }

  get startedAt(): number | undefined {
    return this.#startedAt
  }

  get exitCode(): number | undefined {
    return this.#end === undefined ? undefined : exitCodeOf(this.#end)
  }

  /** Why it ended, if ECS says so. */
  get reason(): string | undefined {
    return this.#reason
  }

  get startFailure(): string | undefined {
    return this.#end?.kind === 'failed-to-start' ? this.#end.message : undefined
  }

  get restarts(): number {
    return this.#restarts
  }

  /** The current process, or the last one. */
  get process(): TaskProcess {
    if (this.#process === undefined) throw new Error(`container ${this.plan.name} has not been started`)
    return this.#process
  }

  get health(): ContainerHealth {
    return this.#unhealthy ? 'UNHEALTHY' : 'HEALTHY'
  }

  start(): void {
    this.#status = 'RUNNING'
    this.#startedAt = this.#deps.clock.now()
    const { command, cwd } = this.plan
    const process = new TaskProcess({ command, cwd, env: this.#deps.environment(this) })
    this.#process = process
    void process.ended.then((end) => this.#processEnded(end))
  }

  /** SIGTERM, and SIGKILL after the stop timeout. A restart policy is over with it. */
  terminate(): void {
    if (this.#stopping || this.#status === 'STOPPED') return
    this.#stopping = true
    if (this.#status === 'PENDING') {
      this.#stopped()
      return
    }
    this.process.terminate()
    this.#cancelKill = this.#deps.clock.after(this.plan.stopTimeoutMs, () => {
      this.#deps.onTimeout(this)
      this.process.kill()
    })
  }

  /** SIGKILL at once, and no restart. */
  kill(): void {
    this.#stopping = true
    if (this.#status === 'PENDING') this.#stopped()
    else this.#process?.kill()
  }

  /** Kills the process and starts another one in the same container, like a restart policy or a supervisor. */
  restart(): void {
    this.#restartOrdered = true
    this.process.kill()
  }

  /** SIGKILL by the kernel; a restart policy holds for it too. */
  exhaustMemory(reason: string): void {
    this.#reason = reason
    this.process.kill()
  }

  failHealthCheck(): void {
    this.#unhealthy = true
  }

  describe(): Wire<Container> {
    return {
      containerArn: this.arn,
      taskArn: this.#deps.taskArn,
      name: this.plan.name,
      image: this.plan.image,
      imageDigest: this.plan.imageDigest,
      runtimeId: this.dockerId,
      lastStatus: this.#status,
      exitCode: this.#status === 'STOPPED' ? this.exitCode : undefined,
      reason: this.#reason,
      healthStatus: this.health,
      networkBindings: [],
      networkInterfaces: [],
    }
  }

  #processEnded(end: ProcessEnd): void {
    this.#end = end
    if (!this.#stopping && this.#mayRestart(end)) {
      this.#restarts += 1
      this.#restartOrdered = false
      this.#reason = undefined
      this.start()
      return
    }
    this.#stopped()
  }

  #mayRestart(end: ProcessEnd): boolean {
    if (end.kind === 'failed-to-start') return false
    if (this.#restartOrdered) return true
    const ranMs = this.#deps.clock.now() - (this.#startedAt ?? 0)
    return this.plan.restart !== undefined && ranMs >= this.plan.restart.afterMs
  }

  #stopped(): void {
    this.#cancelKill()
    this.#status = 'STOPPED'
    this.#deps.onStopped(this)
  }
}
