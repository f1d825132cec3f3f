import { AwsError } from './aws-error.ts'
import type { Attempt, CallLog, Door } from './call-log.ts'
import { type EcsOperation, isEcsOperation, runOperation } from './ecs-operations.ts'
import type { EcsThrottles } from './ecs-throttles.ts'
import type { EcsFailure, FailurePlans } from './failure-plan.ts'
import type { FakeCluster } from './fake-cluster.ts'
import { RequestReader } from './request-reader.ts'
import { wireTime } from './wire.ts'

export interface EcsCall {
  readonly operation: string
  /** The JSON of the request. */
  readonly body: string
  readonly door: Extract<Door, 'sdk' | 'agent-sdk'>
  readonly invocation: string
  readonly attempt: number
}

export type EcsReply =
  | { readonly kind: 'result'; readonly result: object }
  | { readonly kind: 'error'; readonly error: AwsError }
  /** No reply ever. */
  | { readonly kind: 'hang' }
  /** The change is made, but the connection ends without a reply. */
  | { readonly kind: 'lost' }
  /** The change is made; the reply waits. */
  | { readonly kind: 'held'; readonly result: object; readonly until: Promise<unknown> }

interface Deps {
  readonly cluster: FakeCluster
  readonly failures: FailurePlans
  readonly throttles: EcsThrottles
  readonly calls: CallLog
}

/** The ECS API without its transport: throttled, counted, and failing as a test has planned. */
export class EcsApi {
  readonly #deps: Deps

  constructor(deps: Deps) {
    this.#deps = deps
  }

  call(call: EcsCall): EcsReply {
    const request = reading(call.body)
    const tasks = request instanceof AwsError ? [] : this.#arns(tasksOf(request))
    const { operation, door, invocation, attempt } = call
    const at = this.#deps.cluster.clock.now()
    const logged = this.#deps.calls.add({ at, door, operation, tasks, invocation, attempt, outcome: 'open' })
    const reply = request instanceof AwsError ? asError(request) : this.#answer(operation, request, tasks)
    logged.outcome = outcomeOf(reply)
    return reply
  }

  #answer(operation: string, request: RequestReader, tasks: readonly string[]): EcsReply {
    if (!isEcsOperation(operation)) return asError(new AwsError('UnknownOperationException', operation))
    if (!this.#deps.throttles.admit(operation))
      return asError(new AwsError('ThrottlingException', 'Rate exceeded'))
    const facts = { operation, tasks, protectionEnabled: directionOf(request) }
    const failure = this.#deps.failures.ofEcs(facts)
    try {
      if (failure !== undefined) return this.#fail(failure, operation, request, tasks)
      return { kind: 'result', result: runOperation(operation, this.#deps.cluster, request) }
    } catch (error) {
      if (error instanceof AwsError) return asError(error)
      throw error
    }
  }

  #fail(
    failure: EcsFailure,
    operation: EcsOperation,
    request: RequestReader,
    tasks: readonly string[],
  ): EcsReply {
    switch (failure.kind) {
      case 'error':
        return asError(new AwsError(failure.code, failure.message ?? 'Planned by the test.'))
      case 'failure': {
        const { reason, detail } = failure
        return protectionResult(
          [],
          tasks.map((arn) => ({ arn, reason, detail })),
        )
      }
      case 'hang':
        return { kind: 'hang' }
      case 'lost-answer':
        runOperation(operation, this.#deps.cluster, request)
        return { kind: 'lost' }
      case 'hold': {
        const result = runOperation(operation, this.#deps.cluster, request)
        return { kind: 'held', result, until: failure.until }
      }
      case 'wrong-task':
        return protectionResult([this.#protected(failure.taskArn, 3_600_000)], [])
      case 'past-expiry':
        return protectionResult(
          tasks.map((arn) => this.#protected(arn, -1_000)),
          [],
        )
    }
  }

  #protected(taskArn: string, forMs: number): object {
    const expirationDate = wireTime(this.#deps.cluster.clock.now() + forMs)
    return { taskArn, protectionEnabled: true, expirationDate }
  }

  /** Plans and counts go by ARN, requests may name ids. */
  #arns(tasks: readonly string[]): readonly string[] {
    return tasks.map((task) => this.#deps.cluster.task(task)?.arn ?? task)
  }
}

function reading(body: string): RequestReader | AwsError {
  try {
    return RequestReader.parse(body)
  } catch (error) {
    if (error instanceof AwsError) return error
    throw error
  }
}

function tasksOf(request: RequestReader): readonly string[] {
  try {
    const task = request.optionalText('task')
    return request.optionalTexts('tasks', 1_000) ?? (task === undefined ? [] : [task])
  } catch {
    // The operation itself refuses it.
    return []
  }
}

function directionOf(request: RequestReader): boolean | undefined {
  try {
    return request.optionalBoolean('protectionEnabled')
  } catch {
    return undefined
  }
}

function protectionResult(protectedTasks: readonly object[], failures: readonly object[]): EcsReply {
  return { kind: 'result', result: { protectedTasks, failures } }
}

function asError(error: AwsError): EcsReply {
  return { kind: 'error', error }
}

function outcomeOf(reply: EcsReply): Attempt['outcome'] {
  switch (reply.kind) {
    case 'result':
    case 'held':
      return failureIn(reply.result) ?? 'ok'
    case 'error':
      return `error ${reply.error.code}`
    case 'hang':
    case 'lost':
      return reply.kind
  }
}

function failureIn(result: object): Attempt['outcome'] | undefined {
  const failures = 'failures' in result && Array.isArray(result.failures) ? result.failures : []
  const [first] = failures as readonly { readonly reason?: string }[]
  return first === undefined ? undefined : `failure ${first.reason ?? ''}`
}
