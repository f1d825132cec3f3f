import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { loadEcs } from '../../../runtime/fargate/ecs-client.ts'
import { type EcsReply, openEcsTasks } from '../../../runtime/fargate/ecs-tasks.ts'
import { ownTask } from './holder-script.ts'

const ecs = await loadEcs().catch(() => undefined)
if (ecs === undefined) console.warn('skipped: @aws-sdk/client-ecs is not installed')

/** The address of a server on loopback, until the test ends. */
async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Nothing of this machine gives the SDK credentials. */
function withoutCredentials(): void {
  for (const name of [
    ...['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_PROFILE', 'AWS_WEB_IDENTITY_TOKEN_FILE'],
    ...['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI', 'AWS_CONTAINER_CREDENTIALS_FULL_URI'],
  ]) {
    vi.stubEnv(name, undefined)
  }
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true')
  for (const name of ['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE']) vi.stubEnv(name, '/no/such/file')
  onTestFinished(() => void vi.unstubAllEnvs())
}

async function describeOne(): Promise<EcsReply<unknown>> {
  const tasks = await openEcsTasks('eu-central-1')
  onTestFinished(() => tasks.close())
  return tasks.describe('jobs', [ownTask], new AbortController().signal)
}

describe.skipIf(ecs === undefined)('a request to ECS about tasks', () => {
  test('is repeated if the credentials of the role could not be read', async () => {
    withoutCredentials()
    let isBroken = true
    const credentials = await serve((_, response) => {
      response.writeHead(isBroken ? 400 : 200, { 'content-type': 'application/json' })
      const expiry = { Expiration: new Date(Date.now() + 3_600_000).toISOString() }
      response.end(
        JSON.stringify(isBroken ? {} : { AccessKeyId: 'A', SecretAccessKey: 'b', Token: 't', ...expiry }),
      )
    })
    vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', `${credentials}/role`)
    vi.stubEnv('AWS_ENDPOINT_URL_ECS', await serve((_, response) => response.end('{"tasks":[]}')))
    expect(await describeOne()).toMatchObject({
      kind: 'failed',
      detail: expect.stringMatching(/^CredentialsProviderError: /),
    })
    isBroken = false
    expect(await describeOne()).toEqual({ kind: 'reply', value: [] })
  })

  test('is not repeated if the task has no role', async () => {
    withoutCredentials()
    expect(await describeOne()).toMatchObject({
      kind: 'denied',
      detail: expect.stringMatching(/^CredentialsProviderError: /),
    })
  })
})
