import type { EndpointFailure } from './failure-plan.ts'

/** The body of the agent's reply: exactly one of the three members. Member names are those of the agent, capitals included. */
export interface AgentReply {
  /** Set if AWS itself has replied with an error. */
  readonly requestID?: string
  readonly protection?: {
    readonly ExpirationDate: string | null
    readonly ProtectionEnabled: boolean
    readonly TaskArn: string
  }
  /** A refusal of ECS. Its HTTP status is 200. */
  readonly failure?: { readonly Arn: string; readonly Detail: string | null; readonly Reason: string }
  readonly error?: { readonly Arn?: string; readonly Code: string; readonly Message: string }
}

interface AgentError {
  readonly status: number
  readonly code: string
  readonly message: string
  /** The task, where the agent knows it. */
  readonly arn?: string | undefined
  readonly requestId?: string | undefined
}

/** Builds an error reply; `Arn` and `requestID` are omitted where the agent omits them. */
export function agentError({ status, code, message, arn, requestId }: AgentError): {
  readonly status: number
  readonly answer: AgentReply
} {
  const error = { ...(arn === undefined ? {} : { Arn: arn }), Code: code, Message: message }
  return { status, answer: { ...(requestId === undefined ? {} : { requestID: requestId }), error } }
}

/** The task has no role. */
export const noTaskRole = {
  status: 403,
  code: 'AccessDeniedException',
  message: 'Invalid Request: no task IAM role credentials available for task',
} as const

/** The agent knows no such container. */
export const unknownContainer = {
  status: 404,
  code: 'ResourceNotFoundException',
  message: 'Failed to find a task for the request',
} as const

/** ECS has not replied to the agent in time. */
export const ecsTimedOut = {
  status: 504,
  code: 'RequestCanceled',
  message: 'Timed out calling ECS Task Protection API',
} as const

/** The agent could not read the metadata of the task. */
export const metadataUnavailable = {
  status: 500,
  code: 'ServerException',
  message: 'Failed to find a task for the request',
} as const

/** Makes one of the errors above a planned failure of the agent's endpoint. */
export function agentFailure(error: AgentError): EndpointFailure {
  const { status, answer } = agentError(error)
  return { kind: 'answer', status, body: JSON.stringify(answer) }
}
