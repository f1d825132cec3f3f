import { messageOf } from '../model/thrown.ts'
import { parseAgentReply } from './parse-agent-reply.ts'
import type { ProtectionReply, ProtectionRequest, ProtectionTransport } from './protection-reply.ts'
import { requestJson } from './request-json.ts'

const path = '/task-protection/v1/state'

/** Protection through the ECS agent, which knows the task and signs with the task role's credentials. */
export class AgentTransport implements ProtectionTransport {
  readonly #url: string

  constructor(agentUri: string) {
    this.#url = `${agentUri.replace(/\/+$/, '')}${path}`
  }

  async update(wanted: ProtectionRequest, signal: AbortSignal): Promise<ProtectionReply> {
    // The agent refuses fields that it doesn't know.
    const body = wanted.enabled
      ? { ProtectionEnabled: true, ExpiresInMinutes: wanted.minutes }
      : { ProtectionEnabled: false }
    try {
      const reply = await requestJson(this.#url, { method: 'PUT', body, signal })
      return parseAgentReply(reply.status, reply.body)
    } catch (error) {
      return { kind: 'lost', detail: messageOf(error) }
    }
  }

  close(): void {
    // Each request uses its own connection.
  }
}
