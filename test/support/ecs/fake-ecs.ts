import type { ECSClientConfig } from '@aws-sdk/client-ecs'
import { AgentEndpoint } from './agent-endpoint.ts'
import { CallLog } from './call-log.ts'
import { type Clock, systemClock } from './clock.ts'
import { CredentialsEndpoint } from './credentials-endpoint.ts'
import { EcsApi } from './ecs-api.ts'
import { EcsEndpoint } from './ecs-endpoint.ts'
import { type BucketSizes, EcsThrottles } from './ecs-throttles.ts'
import type { EventFeed } from './event-feed.ts'
import { FailurePlans } from './failure-plan.ts'
import { FakeCluster } from './fake-cluster.ts'
import type { FakeEcsEvent } from './fake-ecs-event.ts'
import type { FakeService, ServiceOptions } from './fake-service.ts'
import type { CapacityProvider, FakeTask } from './fake-task.ts'
import { type HttpHandler, type HttpRequest, LoopbackServer } from './loopback-server.ts'
import { MetadataEndpoint } from './metadata-endpoint.ts'
import { type Pick, pickAny } from './scale-in-order.ts'
import { maintenance, spotInterruption, unhealthy } from './stop-cause.ts'
import type { TaskDefinition, TaskDefinitionInput } from './task-definition.ts'
import { taskEnvironment } from './task-endpoints.ts'

export interface FakeEcsOptions {
  /** The system's if left out. */
  readonly clock?: Clock
  /** The length of a minute of protections and of the retention of stopped tasks. Default: 60,000, as on AWS. */
  readonly minuteMs?: number
  readonly region?: string
  readonly clusterName?: string
  /** Letters after the region: `a`, `b`, `c` if left out. */
  readonly zones?: readonly [string, ...string[]]
  /** Decides between tasks that AWS promises no order of. At random if left out. */
  readonly pick?: Pick
  readonly startDelayMs?: number
  readonly deprovisionMs?: number
  /** How long a task is RUNNING before a deployment counts on it. AWS without health checks: 40 s. Default: 0. */
  readonly healthyAfterMs?: number
  /** Whether DEPLOYMENT_BLOCKED is for renewals too. True if left out: see protection-operations.ts. */
  readonly renewalsBlocked?: boolean
  /** How long the agent waits for ECS. 4,000 if left out, as the open agent. */
  readonly agentTimeoutMs?: number
  readonly buckets?: Partial<BucketSizes>
  /** Whether metadata has `ServiceName`. False if left out, as on Fargate. */
  readonly metadataServiceName?: boolean
}

/**
 * A fake of ECS on Fargate: the API, the endpoints inside a task, and tasks that are real processes. It serves the real
 * SDK on loopback. Documented AWS behavior is as documented; assumptions are marked "Assumed" where they are made.
 */
export class FakeEcs implements AsyncDisposable {
  readonly failures: FailurePlans
  readonly calls: CallLog
  readonly cluster: FakeCluster
  readonly #region: string
  readonly #api: LoopbackServer
  readonly #local: LoopbackServer
  #closing: Promise<void> | undefined

  private constructor(options: FakeEcsOptions, api: LoopbackServer, local: LoopbackServer) {
    const clock = options.clock ?? systemClock
    const region = options.region ?? 'eu-central-1'
    this.#region = region
    this.#api = api
    this.#local = local
    this.failures = new FailurePlans()
    this.calls = new CallLog()
    this.cluster = new FakeCluster({
      clock,
      region,
      minuteMs: options.minuteMs ?? 60_000,
      account: '123456789012',
      name: options.clusterName ?? 'fake',
      zones: options.zones ?? ['a', 'b', 'c'],
      pick: options.pick ?? pickAny,
      startDelayMs: options.startDelayMs ?? 0,
      deprovisionMs: options.deprovisionMs ?? 0,
      healthyAfterMs: options.healthyAfterMs ?? 0,
      renewalsBlocked: options.renewalsBlocked ?? true,
      environment: (task, container) =>
        taskEnvironment(task, container, region, { ecs: this.#api.url, local: this.#local.url }),
    })
    this.#serve(options, clock)
  }

  static async start(options: FakeEcsOptions = {}): Promise<FakeEcs> {
    return new FakeEcs(options, await LoopbackServer.start(), await LoopbackServer.start())
  }

  /** The options of a client outside the tasks: `new ECSClient(fake.clientConfig)`. */
  get clientConfig(): ECSClientConfig & { readonly region: string; readonly endpoint: string } {
    const credentials = { accessKeyId: 'AKIAFAKEFAKEFAKEFAKE', secretAccessKey: 'fake' }
    return { region: this.#region, endpoint: this.#api.url, credentials }
  }

  /** The same as environment variables, for a process outside of the tasks. */
  get operatorEnvironment(): Readonly<Record<string, string>> {
    return {
      AWS_REGION: this.#region,
      AWS_ENDPOINT_URL_ECS: this.#api.url,
      AWS_ACCESS_KEY_ID: 'AKIAFAKEFAKEFAKEFAKE',
      AWS_SECRET_ACCESS_KEY: 'fake',
    }
  }

  get clusterName(): string {
    return this.cluster.arns.clusterName
  }

  get events(): EventFeed<FakeEcsEvent> {
    return this.cluster.events
  }

  /** Tasks that have not stopped. */
  get tasks(): readonly FakeTask[] {
    return this.cluster.tasks.filter(({ status }) => status !== 'STOPPED')
  }

  /** Registers the next revision of a family. */
  register(definition: TaskDefinitionInput): TaskDefinition {
    return this.cluster.definitions.register(definition)
  }

  createService(options: ServiceOptions & { readonly definition: TaskDefinition }): FakeService {
    return this.cluster.createService(options, options.definition)
  }

  /** Starts a task that no service owns. */
  runTask(definition: TaskDefinition, capacityProvider: CapacityProvider = 'FARGATE'): FakeTask {
    const group = `family:${definition.family}`
    return this.cluster.launch({ definition, group, startedBy: undefined, capacityProvider })
  }

  /** Finds a task by id or ARN. */
  task(idOrArn: string): FakeTask {
    const task = this.cluster.task(idOrArn)
    if (task === undefined) throw new Error(`there is no task ${idOrArn}`)
    return task
  }

  isProtected(task: FakeTask): boolean {
    return this.cluster.protections.covers(task.arn)
  }

  /** Spot: SIGTERM at once, despite protection; the service replaces the task. */
  interruptSpot(task: FakeTask, stopCode?: 'SpotInterruption' | 'TerminationNotice'): void {
    if (task.capacityProvider !== 'FARGATE_SPOT') throw new Error(`task ${task.id} does not run on Spot`)
    task.stop(spotInterruption(stopCode))
  }

  /**
   * The task's machine is retired.
   * Assumed: that protection does not cover this. The documentation limits protection to scaling and deployments.
   */
  retire(task: FakeTask): void {
    task.stop(maintenance())
  }

  /**
   * The container's health check fails, and the service replaces the task.
   * Assumed: that protection does not cover this, by the same reading.
   */
  failHealthCheck(task: FakeTask, container?: string): void {
    task.container(container).failHealthCheck()
    task.stop(unhealthy())
  }

  /** The task's machine vanishes without SIGTERM. ECS reports RUNNING until it has noticed. */
  vanish(task: FakeTask, options: { readonly noticedAfterMs?: number } = {}): void {
    task.vanish(options.noticedAfterMs ?? 0)
  }

  /** The kernel kills the container for its memory. */
  exhaustMemory(task: FakeTask, container?: string): void {
    task.exhaustMemory(container)
  }

  /** The process of the container dies and is started again inside the same task. */
  restartProcess(task: FakeTask, container?: string): void {
    task.container(container).restart()
  }

  /** Kills all tasks and closes the servers. May be called twice. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    await this.cluster.close()
    await Promise.all([this.#api.close(), this.#local.close()])
  }

  #serve(options: FakeEcsOptions, clock: Clock): void {
    const { cluster, failures, calls } = this
    const throttles = new EcsThrottles(clock, options.buckets ?? {})
    const api = new EcsApi({ cluster, failures, calls, throttles })
    const ecs = { api, clock, timeoutMs: options.agentTimeoutMs ?? 4_000 }
    const endpoint = new EcsEndpoint(api)
    this.#api.serve((request) => endpoint.handle(request))
    const agent = new AgentEndpoint({ cluster, failures, calls, ecs })
    const serviceName = options.metadataServiceName ?? false
    const metadata = new MetadataEndpoint({ cluster, failures, calls, serviceName })
    const credentials = new CredentialsEndpoint(cluster, calls)
    this.#local.serve(localHandler(agent, metadata, credentials))
  }
}

function localHandler(
  agent: AgentEndpoint,
  metadata: MetadataEndpoint,
  credentials: CredentialsEndpoint,
): HttpHandler {
  return async (request: HttpRequest) =>
    (await metadata.handle(request)) ??
    credentials.handle(request) ??
    (await agent.handle(request)) ?? { kind: 'answer', status: 404, body: '404 page not found' }
}
