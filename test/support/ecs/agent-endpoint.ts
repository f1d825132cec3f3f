import { randomUUID } from 'node:crypto'
import { callEcs, type EcsThroughAgent } from './agent-ecs-call.ts'
import {
  type AgentReply,
  agentError,
  ecsTimedOut,
  metadataUnavailable,
  noTaskRole,
  unknownContainer,
} from './agent-reply.ts'
import type { Attempt, CallLog } from './call-log.ts'
import type { FailurePlans } from './failure-plan.ts'
import type { FakeCluster } from './fake-cluster.ts'
import type { FakeTask } from './fake-task.ts'
import { type HttpReply, type HttpRequest, jsonReply } from './loopback-server.ts'
import { type ProtectionRequest, readProtectionRequest } from './protection-request.ts'
import { taskOfEndpoint } from './task-endpoints.ts'
import { ThrottleBucket } from './throttle-bucket.ts'

export interface AgentDeps {
  readonly cluster: FakeCluster
  readonly failures: FailurePlans
  readonly calls: CallLog
  readonly ecs: EcsThroughAgent
}

interface Answered {
  readonly status: number
  readonly answer: AgentReply
}

const path = /^\/api\/([^/]+)\/task-protection\/v1\/state$/
/** Requests of one client address. On Fargate every task has an address of its own. */
const requestLimit = { burst: 60, perSecond: 40 }

/**
 * The agent's endpoint for scale-in protection, in the order and with the bodies of the open agent's handler.
 * Assumed: that Fargate's own agent, whose source is closed, replies alike. Its documentation shows the same bodies.
 */
export class AgentEndpoint {
  readonly #deps: AgentDeps
  readonly #buckets = new Map<string, ThrottleBucket>()

  constructor(deps: AgentDeps) {
    this.#deps = deps
  }

  /** Returns undefined for a path that is not the agent's. */
  async handle(request: HttpRequest): Promise<HttpReply | undefined> {
    const endpointId = path.exec(request.path)?.[1]
    if (endpointId === undefined || (request.method !== 'GET' && request.method !== 'PUT')) return undefined
    const task = taskOfEndpoint(this.#deps.cluster, endpointId)
    const wanted = request.method === 'PUT' ? readProtectionRequest(request.body) : undefined
    const logged = this.#log(request.method, task)
    if (!this.#bucket(endpointId).take()) {
      logged.outcome = 'error 429'
      return { kind: 'answer', status: 429, body: 'You have reached maximum request limit.', headers: {} }
    }
    const failure = this.#deps.failures.ofEndpoint({
      at: 'agent',
      method: request.method,
      task: task?.arn,
      protectionEnabled: wanted?.enabled,
    })
    if (failure?.kind === 'answer') {
      logged.outcome = `error ${failure.status}`
      return { kind: 'answer', status: failure.status, body: failure.body }
    }
    if (failure?.kind === 'hang') {
      logged.outcome = 'hang'
      return { kind: 'hang' }
    }
    if (failure?.kind === 'cut') {
      logged.outcome = 'lost'
      return { kind: 'cut' }
    }
    const { status, answer } = await this.#answer(request.method, task, wanted)
    if (failure?.kind === 'lost-answer') {
      logged.outcome = 'lost'
      return { kind: 'cut' }
    }
    logged.outcome = outcomeOf(answer)
    await failure?.until
    return jsonReply(status, answer)
  }

  async #answer(
    method: 'GET' | 'PUT',
    task: FakeTask | undefined,
    wanted?: ProtectionRequest,
  ): Promise<Answered> {
    if (method === 'PUT' && wanted === undefined) {
      return agentError(invalid('UpdateTaskProtection: failed to decode request'))
    }
    if (task === undefined) return agentError(unknownContainer)
    if (wanted !== undefined && wanted.enabled === undefined) {
      return agentError({
        ...invalid("Invalid request: does not contain 'ProtectionEnabled' field"),
        arn: task.arn,
      })
    }
    if (!task.definition.taskRole) return agentError({ ...noTaskRole, arn: task.arn })
    const operation = method === 'PUT' ? 'UpdateTaskProtection' : 'GetTaskProtection'
    const called = await callEcs(this.#deps.ecs, operation, {
      cluster: this.#deps.cluster.arns.cluster,
      tasks: [task.arn],
      protectionEnabled: wanted?.enabled,
      expiresInMinutes: wanted?.minutes,
    })
    switch (called.kind) {
      case 'protection':
        return { status: 200, answer: { protection: called.protection } }
      case 'failure':
        return { status: 200, answer: { failure: called.failure } }
      case 'timeout':
        return agentError({ ...ecsTimedOut, arn: task.arn })
      case 'aws-error': {
        const { status, code, message } = called.error
        return agentError({ status, code, message, arn: task.arn, requestId: randomUUID() })
      }
      case 'no-connection':
        return agentError({ ...metadataUnavailable, message: called.message, arn: task.arn })
    }
  }

  #log(method: 'GET' | 'PUT', task: FakeTask | undefined): Attempt {
    const tasks = task === undefined ? [] : [task.arn]
    const at = this.#deps.cluster.clock.now()
    const invocation = randomUUID()
    return this.#deps.calls.add({
      at,
      door: 'agent',
      operation: method,
      tasks,
      invocation,
      attempt: 1,
      outcome: 'open',
    })
  }

  #bucket(endpointId: string): ThrottleBucket {
    const bucket = this.#buckets.get(endpointId) ?? new ThrottleBucket(this.#deps.cluster.clock, requestLimit)
    this.#buckets.set(endpointId, bucket)
    return bucket
  }
}

function invalid(message: string): {
  readonly status: number
  readonly code: string
  readonly message: string
} {
  return { status: 400, code: 'InvalidParameterException', message }
}

function outcomeOf(answer: AgentReply): Attempt['outcome'] {
  if (answer.failure !== undefined) return `failure ${answer.failure.Reason}`
  return answer.error === undefined ? 'ok' : `error ${answer.error.Code}`
}
