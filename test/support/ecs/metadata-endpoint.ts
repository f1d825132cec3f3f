import { randomUUID } from 'node:crypto'
import type { Attempt, CallLog } from './call-log.ts'
import type { EndpointFailure, FailurePlans } from './failure-plan.ts'
import type { FakeCluster } from './fake-cluster.ts'
import type { FakeContainer } from './fake-container.ts'
import type { FakeTask } from './fake-task.ts'
import { type HttpReply, type HttpRequest, jsonReply } from './loopback-server.ts'
import { taskOfEndpoint } from './task-endpoints.ts'

export interface MetadataDeps {
  readonly cluster: FakeCluster
  readonly failures: FailurePlans
  readonly calls: CallLog
  /** Whether the task's metadata has `ServiceName`. It is documented for EC2 and Anywhere, not for Fargate. */
  readonly serviceName: boolean
}

const path = /^\/v4\/([^/]+)(\/task)?$/

/** The task metadata endpoint, version 4: the container and the task. Stats and tags are left out. */
export class MetadataEndpoint {
  readonly #deps: MetadataDeps

  constructor(deps: MetadataDeps) {
    this.#deps = deps
  }

  /** Returns undefined for a path that is not one of metadata. */
  async handle(request: HttpRequest): Promise<HttpReply | undefined> {
    const [found, endpointId = '', part = ''] = path.exec(request.path) ?? []
    if (found === undefined || request.method !== 'GET') return undefined
    const { cluster, failures, serviceName } = this.#deps
    const task = taskOfEndpoint(cluster, endpointId)
    const logged = this.#log(part === '' ? 'container' : 'task', task)
    const failure = failures.ofEndpoint({ at: 'metadata', method: 'GET', task: task?.arn })
    const failed = failure === undefined ? undefined : await failedReply(failure)
    if (failed !== undefined) {
      logged.outcome =
        failed.kind === 'answer' ? `error ${failed.status}` : failed.kind === 'hang' ? 'hang' : 'lost'
      return failed
    }
    const container = task?.containers.find(({ dockerId }) => dockerId === endpointId)
    if (task === undefined || container === undefined) {
      logged.outcome = 'error 404'
      // Assumed: the text. The status is that of the open agent.
      return {
        kind: 'answer',
        status: 404,
        body: `V4 metadata handler: unable to find container ${endpointId}`,
      }
    }
    logged.outcome = 'ok'
    return jsonReply(200, part === '' ? containerMetadata(task, container) : taskMetadata(task, serviceName))
  }

  #log(operation: string, task: FakeTask | undefined): Attempt {
    const tasks = task === undefined ? [] : [task.arn]
    const at = this.#deps.cluster.clock.now()
    const invocation = randomUUID()
    return this.#deps.calls.add({
      at,
      door: 'metadata',
      operation,
      tasks,
      invocation,
      attempt: 1,
      outcome: 'open',
    })
  }
}

/** Returns the reply of a planned failure, or undefined if it was only a delay. */
async function failedReply(failure: EndpointFailure): Promise<HttpReply | undefined> {
  switch (failure.kind) {
    case 'answer':
      return { kind: 'answer', status: failure.status, body: failure.body }
    case 'hang':
      return { kind: 'hang' }
    case 'cut':
    case 'lost-answer':
      return { kind: 'cut' }
    case 'hold':
      await failure.until
      return undefined
  }
}

function taskMetadata(task: FakeTask, serviceName: boolean): object {
  const shape = task.describe()
  return {
    Cluster: shape.clusterArn,
    TaskARN: task.arn,
    Family: task.definition.family,
    Revision: String(task.definition.revision),
    DesiredStatus: shape.desiredStatus,
    KnownStatus: task.status,
    Limits: { CPU: task.definition.cpu / 1_024, Memory: task.definition.memory },
    PullStartedAt: time(task.createdAt),
    PullStoppedAt: time(task.createdAt),
    AvailabilityZone: task.zone,
    LaunchType: 'FARGATE',
    ...(serviceName && task.service !== undefined ? { ServiceName: task.service } : {}),
    Containers: task.containers.map((container) => containerMetadata(task, container)),
    ClockDrift: { ReferenceTimestamp: time(task.createdAt), ClockSynchronizationStatus: 'SYNCHRONIZED' },
    FaultInjectionEnabled: false,
  }
}

function containerMetadata(task: FakeTask, container: FakeContainer): object {
  const { plan, dockerId, arn, status } = container
  const { family, revision } = task.definition
  return {
    DockerId: dockerId,
    Name: plan.name,
    DockerName: plan.name,
    Image: plan.image,
    ImageID: plan.imageDigest,
    Labels: {
      'com.amazonaws.ecs.cluster': task.describe().clusterArn,
      'com.amazonaws.ecs.container-name': plan.name,
      'com.amazonaws.ecs.task-arn': task.arn,
      'com.amazonaws.ecs.task-definition-family': family,
      'com.amazonaws.ecs.task-definition-version': String(revision),
    },
    DesiredStatus: task.stopOrdered ? 'STOPPED' : 'RUNNING',
    KnownStatus: status,
    Limits: { CPU: 2 },
    CreatedAt: time(container.startedAt ?? task.createdAt),
    StartedAt: time(container.startedAt ?? task.createdAt),
    Type: 'NORMAL',
    ContainerARN: arn,
    Networks: [{ NetworkMode: 'awsvpc', IPv4Addresses: ['10.0.0.1'] }],
    // Present once a restart policy or a supervisor has started it again.
    ...(container.restarts === 0 ? {} : { RestartCount: container.restarts }),
  }
}

function time(ms: number): string {
  return new Date(ms).toISOString()
}
