import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { type EcsModule, loadEcs } from '../../../runtime/fargate/ecs-client.ts'
import { EcsTransport } from '../../../runtime/fargate/ecs-transport.ts'
import type { ProtectionReply } from '../../../runtime/fargate/protection-reply.ts'
import { cut, hang, reply } from './ecs-endpoints.ts'
import { ownTask } from './holder-script.ts'

/** The unmodified `@aws-sdk/client-ecs`, against a server on loopback that speaks ECS JSON 1.1. */
const ecs = await loadEcs().catch(() => undefined)
if (ecs === undefined) console.warn('skipped: @aws-sdk/client-ecs is not installed')

const identity = {
  taskArn: ownTask,
  cluster: 'jobs',
  region: 'eu-central-1',
  family: 'imports',
  revision: '7',
}

interface EcsRequest {
  readonly target: string
  readonly body: unknown
}

/** Points the SDK at a server that replies with `answer`; returns the request. */
async function ecsWith(answer: typeof hang): Promise<{
  requests: EcsRequest[]
  seen: Promise<void>
}> {
  const requests: EcsRequest[] = []
  let first: () => void = () => undefined
  const seen = new Promise<void>((resolve) => {
    first = resolve
  })
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    requests.push({ target: String(request.headers['x-amz-target']), body: JSON.parse(body) })
    first()
    answer(response, { method: 'POST', path: '/', body })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  vi.stubEnv('AWS_ENDPOINT_URL_ECS', `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'any')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'any')
  onTestFinished(() => {
    vi.unstubAllEnvs()
    server.closeAllConnections()
    server.close()
  })
  return { requests, seen }
}

function awsError(status: number, type: string): typeof hang {
  return reply(status, { __type: `com.amazonaws.ecs#${type}`, message: `${type} in words` })
}

describe.skipIf(ecs === undefined)('the SDK', () => {
  let sdk: Pick<EcsModule, 'ECSClient' | 'UpdateTaskProtectionCommand'>
  beforeAll(() => {
    const { ECSClient, UpdateTaskProtectionCommand } = ecs as EcsModule
    // Without its short timeouts: a busy machine loses no call.
    class PatientClient extends ECSClient {
      constructor(config: object) {
        super({ ...config, requestHandler: {} })
      }
    }
    sdk = { ECSClient: PatientClient, UpdateTaskProtectionCommand }
  })

  async function update(signal = new AbortController().signal): Promise<ProtectionReply> {
    const transport = new EcsTransport(sdk, () => identity)
    onTestFinished(() => transport.close())
    return await transport.update({ enabled: true, minutes: 5 }, signal)
  }

  test('sends one request, and its reply is read', async () => {
    const { requests } = await ecsWith(
      reply(200, {
        protectedTasks: [{ taskArn: ownTask, protectionEnabled: true, expirationDate: 1_800_000_000.5 }],
        failures: [],
      }),
    )
    expect(await update()).toEqual({
      kind: 'state',
      taskArn: ownTask,
      enabled: true,
      expiresAt: 1_800_000_000_500,
    })
    expect(requests).toEqual([
      {
        target: 'AmazonEC2ContainerServiceV20141113.UpdateTaskProtection',
        body: { cluster: 'jobs', tasks: [ownTask], protectionEnabled: true, expiresInMinutes: 5 },
      },
    ])
  })

  test.each([
    [
      'a failure',
      reply(200, { protectedTasks: [], failures: [{ arn: ownTask, reason: 'DEPLOYMENT_BLOCKED' }] }),
      'refused',
    ],
    ['throttling', awsError(400, 'ThrottlingException'), 'throttled'],
    ['no permission', awsError(400, 'AccessDeniedException'), 'refused'],
    ['an unknown cluster', awsError(400, 'ClusterNotFoundException'), 'refused'],
    ['a fault of ECS', awsError(500, 'ServerException'), 'lost'],
    ['a cut connection', cut, 'lost'],
  ] as const)('counts %s as one call', async (_what, answer, kind) => {
    const { requests } = await ecsWith(answer)
    expect((await update()).kind).toBe(kind)
    expect(requests).toHaveLength(1)
  })

  test('ends a hanging call with its signal', async () => {
    const { seen } = await ecsWith(hang)
    const over = new AbortController()
    const answer = update(over.signal)
    await seen
    over.abort()
    expect((await answer).kind).toBe('lost')
  })
})
