import { randomUUID } from 'node:crypto'
import type { Failure, ProtectedTask } from '@aws-sdk/client-ecs'
import type { AgentReply } from './agent-reply.ts'
import type { AwsError } from './aws-error.ts'
import type { Clock } from './clock.ts'
import type { EcsApi, EcsReply } from './ecs-api.ts'
import type { Wire } from './wire.ts'

export interface EcsThroughAgent {
  readonly api: EcsApi
  readonly clock: Clock
  /** How long the agent waits for ECS in all. The open agent: 4,000. */
  readonly timeoutMs: number
}

export type AgentCall =
  | { readonly kind: 'protection'; readonly protection: NonNullable<AgentReply['protection']> }
  | { readonly kind: 'failure'; readonly failure: NonNullable<AgentReply['failure']> }
  | { readonly kind: 'aws-error'; readonly error: AwsError }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'no-connection'; readonly message: string }

interface ProtectionInput {
  readonly cluster: string
  readonly tasks: readonly [string]
  readonly protectionEnabled: boolean | undefined
  readonly expiresInMinutes: number | undefined
}

const attempts = 3

/**
 * Calls ECS as the agent does with the task's role: up to three attempts on throttling, server errors and broken
 * connections, all within one deadline.
 * Assumed: the pauses between attempts. The agent's SDK draws them at random, up to seconds.
 */
export async function callEcs(
  { api, clock, timeoutMs }: EcsThroughAgent,
  operation: 'UpdateTaskProtection' | 'GetTaskProtection',
  input: ProtectionInput,
): Promise<AgentCall> {
  const invocation = randomUUID()
  const deadline = clock.now() + timeoutMs
  for (let attempt = 1; ; attempt++) {
    const reply = api.call({ operation, body: JSON.stringify(input), door: 'agent-sdk', invocation, attempt })
    if (!isWorthRetrying(reply) || attempt === attempts) return settle(reply, clock, deadline)
    const delay = (timeoutMs / 40) * attempt
    if (clock.now() + delay >= deadline) return { kind: 'timeout' }
    await pause(clock, delay)
  }
}

function isWorthRetrying(reply: EcsReply): boolean {
  return reply.kind === 'lost' || (reply.kind === 'error' && reply.error.retryable)
}

/** Returns the result of the last attempt, at the deadline at the latest. */
async function settle(reply: EcsReply, clock: Clock, deadline: number): Promise<AgentCall> {
  switch (reply.kind) {
    case 'hang':
      await pause(clock, deadline - clock.now())
      return { kind: 'timeout' }
    case 'held': {
      const late = pause(clock, deadline - clock.now()).then(() => 'late')
      return (await Promise.race([reply.until, late])) === 'late'
        ? { kind: 'timeout' }
        : resultOf(reply.result)
    }
    case 'error':
      return { kind: 'aws-error', error: reply.error }
    case 'lost':
      return { kind: 'no-connection', message: 'request send failed, EOF' }
    case 'result':
      return resultOf(reply.result)
  }
}

function resultOf(result: object): AgentCall {
  const { protectedTasks, failures } = result as {
    readonly protectedTasks: readonly Wire<ProtectedTask>[]
    readonly failures: readonly Wire<Failure>[]
  }
  return failures[0] === undefined ? protectionOf(protectedTasks[0]) : failureOf(failures[0])
}

function protectionOf(task: Wire<ProtectedTask> | undefined): AgentCall {
  const expiry = task?.expirationDate
  return {
    kind: 'protection',
    protection: {
      ExpirationDate: expiry === undefined ? null : new Date(expiry * 1_000).toISOString(),
      ProtectionEnabled: task?.protectionEnabled ?? false,
      TaskArn: task?.taskArn ?? '',
    },
  }
}

function failureOf({ arn, reason, detail }: Wire<Failure>): AgentCall {
  return { kind: 'failure', failure: { Arn: arn ?? '', Detail: detail ?? null, Reason: reason ?? '' } }
}

function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(ms, resolve)
  })
}
