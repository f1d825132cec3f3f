import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { ownTask } from './holder-script.ts'

export interface SeenRequest {
  readonly method: string
  readonly path: string
  readonly body: string
}

type Reply = (response: ServerResponse, request: SeenRequest) => void

/** The agent and the metadata endpoint of one task, on loopback. Replies are set by the test. */
export class EcsEndpoints {
  readonly requests: SeenRequest[] = []
  agent: Reply = reply(200, protectionBody(true))
  metadata: Reply = (response, { path }) =>
    reply(200, path === '/v4/abc/task' ? taskBody : containerBody)(response, { method: '', path, body: '' })
  readonly #server: Server
  readonly #waiting: { readonly count: number; readonly resolve: () => void }[] = []

  private constructor() {
    this.#server = createServer((request, response) => void this.#serve(request, response))
  }

  /** Closed when the test ends. */
  static async open(): Promise<EcsEndpoints> {
    const endpoints = new EcsEndpoints()
    await new Promise<void>((resolve) => endpoints.#server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => {
      endpoints.#server.closeAllConnections()
      endpoints.#server.close()
    })
    return endpoints
  }

  get #base(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  get agentUri(): string {
    return `${this.#base}/api/abc`
  }

  get metadataUri(): string {
    return `${this.#base}/v4/abc`
  }

  get env(): NodeJS.ProcessEnv {
    return { ECS_AGENT_URI: this.agentUri, ECS_CONTAINER_METADATA_URI_V4: this.metadataUri }
  }

  /** Resolves once `count` requests have come in all. */
  seen(count: number): Promise<void> {
    if (this.requests.length >= count) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push({ count, resolve }))
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    const seen = { method: request.method ?? '', path: request.url ?? '', body }
    this.requests.push(seen)
    for (const { count, resolve } of this.#waiting) if (this.requests.length >= count) resolve()
    if (seen.path.startsWith('/v4/')) this.metadata(response, seen)
    else this.agent(response, seen)
  }
}

export function reply(status: number, body: object | string): Reply {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(typeof body === 'string' ? body : JSON.stringify(body))
  }
}

/** Replies nothing, ever. */
export const hang: Reply = () => undefined

/** Cuts the connection instead of a reply. */
export const cut: Reply = (response) => void response.destroy()

/** Announces more bytes than it sends. */
export const truncated: Reply = (response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': 1_000 })
  response.write('{"protection":')
  response.socket?.end()
}

export function protectionBody(enabled: boolean, expiresAt = Date.now() + 300_000): object {
  return {
    protection: {
      ExpirationDate: enabled ? new Date(expiresAt).toISOString() : null,
      ProtectionEnabled: enabled,
      TaskArn: ownTask,
    },
  }
}

export function failureBody(reason: string): object {
  return { failure: { Arn: ownTask, Detail: `${reason} in detail`, Reason: reason } }
}

export function errorBody(code: string): object {
  return { requestID: 'r-1', error: { Arn: ownTask, Code: code, Message: `${code} in words` } }
}

export const digest = `sha256:${'ab'.repeat(32)}`

export const taskBody = {
  Cluster: 'jobs',
  TaskARN: ownTask,
  Family: 'imports',
  Revision: '7',
  DesiredStatus: 'RUNNING',
  KnownStatus: 'RUNNING',
  Limits: { CPU: 0.5, Memory: 1024 },
  AvailabilityZone: 'eu-central-1b',
  LaunchType: 'FARGATE',
  Containers: [{ Name: 'worker', DockerId: 'abc', Image: 'repo/worker:7', ImageID: digest }],
}

export const containerBody = {
  Name: 'worker',
  DockerId: 'abc',
  ContainerARN: `${ownTask}/abc`.replace(':task/', ':container/'),
  Image: 'repo/worker:7',
  ImageID: digest,
  Limits: { CPU: 512 },
}
