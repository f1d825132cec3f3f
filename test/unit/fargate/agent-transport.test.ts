import { describe, expect, test } from 'vitest'
import { AgentTransport } from '../../../runtime/fargate/agent-transport.ts'
import type { ProtectionReply, ProtectionRequest } from '../../../runtime/fargate/protection-reply.ts'
import {
  cut,
  EcsEndpoints,
  errorBody,
  failureBody,
  hang,
  protectionBody,
  reply,
  truncated,
} from './ecs-endpoints.ts'
import { ownTask } from './holder-script.ts'

const protect = { enabled: true, minutes: 5 } as const

async function answerTo(
  agent: EcsEndpoints['agent'],
  request: ProtectionRequest = protect,
): Promise<{ answer: ProtectionReply; endpoints: EcsEndpoints }> {
  const endpoints = await EcsEndpoints.open()
  endpoints.agent = agent
  const answer = await new AgentTransport(endpoints.agentUri).update(request, new AbortController().signal)
  return { answer, endpoints }
}

describe('a request to the agent', () => {
  test.each([
    [protect, { ProtectionEnabled: true, ExpiresInMinutes: 5 }],
    [{ enabled: false }, { ProtectionEnabled: false }],
  ] as const)('%o has exactly these fields', async (request, body) => {
    const { endpoints } = await answerTo(reply(200, protectionBody(true)), request)
    const [seen] = endpoints.requests
    expect(seen).toMatchObject({ method: 'PUT', path: '/api/abc/task-protection/v1/state' })
    expect(JSON.parse(seen?.body ?? '')).toEqual(body)
  })

  test('accepts an address that ends with a slash', async () => {
    const endpoints = await EcsEndpoints.open()
    const transport = new AgentTransport(`${endpoints.agentUri}/`)
    await transport.update(protect, new AbortController().signal)
    expect(endpoints.requests[0]?.path).toBe('/api/abc/task-protection/v1/state')
  })
})

describe('a reply of the agent', () => {
  test('of a protected task names it and its expiry', async () => {
    const { answer } = await answerTo(reply(200, protectionBody(true, 1_800_000_000_000)))
    expect(answer).toEqual({ kind: 'state', taskArn: ownTask, enabled: true, expiresAt: 1_800_000_000_000 })
  })

  test('of an unprotected task has no expiry', async () => {
    const { answer } = await answerTo(reply(200, protectionBody(false)), { enabled: false })
    expect(answer).toEqual({ kind: 'state', taskArn: ownTask, enabled: false })
  })

  test.each([
    ['a failure with 200', reply(200, failureBody('DEPLOYMENT_BLOCKED')), 'refused'],
    ['no task role', reply(403, errorBody('AccessDeniedException')), 'refused'],
    ['an unknown container', reply(404, errorBody('ResourceNotFoundException')), 'refused'],
    ['a wrong request', reply(400, errorBody('InvalidParameterException')), 'refused'],
    ['throttling', reply(400, errorBody('ThrottlingException')), 'throttled'],
    ["the agent's own limit", reply(429, 'Too Many Requests'), 'throttled'],
    ['a fault of the agent', reply(500, errorBody('ServerException')), 'lost'],
    ['ECS silent for 4 s', reply(504, errorBody('RequestCanceled')), 'lost'],
    ['a status without a body', reply(502, ''), 'lost'],
    ['a proxy that forbids', reply(403, '<html>no</html>'), 'refused'],
    ['200 without JSON', reply(200, 'OK'), 'lost'],
    ['200 with another object', reply(200, { ok: true }), 'lost'],
    ['200 with a list', reply(200, [1]), 'lost'],
    ['protection without a task', reply(200, { protection: { ProtectionEnabled: true } }), 'lost'],
    ['a cut connection', cut, 'lost'],
    ['a reply that ends too early', truncated, 'lost'],
    ['a reply without end', reply(200, { ...protectionBody(true), pad: 'x'.repeat(1_100_000) }), 'lost'],
  ] as const)('%s means %s', async (_what, agent, kind) => {
    const { answer } = await answerTo(agent)
    expect(answer.kind).toBe(kind)
  })

  test('that refuses has a code and detail', async () => {
    const { answer } = await answerTo(reply(200, failureBody('TASK_NOT_VALID')))
    expect(answer).toEqual({ kind: 'refused', code: 'TASK_NOT_VALID', detail: 'TASK_NOT_VALID in detail' })
  })

  test('that never arrives ends with the signal', async () => {
    const endpoints = await EcsEndpoints.open()
    endpoints.agent = hang
    const over = new AbortController()
    const answer = new AgentTransport(endpoints.agentUri).update(protect, over.signal)
    await endpoints.seen(1)
    over.abort()
    expect(await answer).toMatchObject({ kind: 'lost' })
  })

  test('fails if no server listens on the port', async () => {
    const transport = new AgentTransport('http://127.0.0.1:1/api/abc')
    expect(await transport.update(protect, new AbortController().signal)).toMatchObject({ kind: 'lost' })
  })
})
