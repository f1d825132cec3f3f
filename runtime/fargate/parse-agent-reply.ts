import { isRecord, textOf } from './json-value.ts'
import { type ProtectionReply, refusalOf, replyOfError } from './protection-reply.ts'

/** Of the agent's own errors: ECS didn't reply within its 4 s. */
const agentGaveUp = 'RequestCanceled'
const tooManyRequests = 429

/**
 * Parses a reply of the agent's task-protection endpoint. The body decides, not the status: a refusal by ECS comes with
 * 200 and a `failure`.
 */
export function parseAgentReply(status: number, body: unknown): ProtectionReply {
  const { failure, error, protection } = isRecord(body) ? body : {}
  if (isRecord(failure)) return refusalOf(failure.Reason, failure.Detail)
  if (isRecord(error)) {
    const code = textOf(error.Code) ?? `HTTP ${status}`
    const detail = textOf(error.Message) ?? 'the agent gave no message'
    return replyOfError(code, detail, status >= 500 || code === agentGaveUp)
  }
  if (status === 200 && isRecord(protection)) return readProtection(protection)
  const code = status === tooManyRequests ? 'ThrottlingException' : `HTTP ${status}`
  return replyOfError(code, "the agent's reply has no readable body", status >= 500 || status < 400)
}

function readProtection(protection: Readonly<Record<string, unknown>>): ProtectionReply {
  const taskArn = textOf(protection.TaskArn)
  const enabled = protection.ProtectionEnabled
  if (taskArn === undefined || typeof enabled !== 'boolean') {
    return { kind: 'lost', detail: 'the agent replied without TaskArn or ProtectionEnabled' }
  }
  const expiresAt = Date.parse(textOf(protection.ExpirationDate) ?? '')
  return { kind: 'state', taskArn, enabled, ...(Number.isNaN(expiresAt) ? {} : { expiresAt }) }
}
