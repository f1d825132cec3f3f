import { randomUUID } from 'node:crypto'
import { AwsError } from './aws-error.ts'
import type { EcsApi } from './ecs-api.ts'
import type { HttpReply, HttpRequest } from './loopback-server.ts'

const contentType = 'application/x-amz-json-1.1'
const service = 'AmazonEC2ContainerServiceV20141113.'

/** The ECS API as AWS JSON 1.1. It requires a signature for ECS; its digest is not checked. */
export class EcsEndpoint {
  readonly #api: EcsApi

  constructor(api: EcsApi) {
    this.#api = api
  }

  async handle(request: HttpRequest): Promise<HttpReply> {
    const target = header(request, 'x-amz-target')
    if (
      request.method !== 'POST' ||
      !target.startsWith(service) ||
      header(request, 'content-type') !== contentType
    ) {
      return errorReply(new AwsError('UnknownOperationException', `${request.method} ${target}`))
    }
    if (!/Credential=[^/]+\/\d{8}\/[^/]+\/ecs\/aws4_request/.test(header(request, 'authorization'))) {
      return errorReply(new AwsError('MissingAuthenticationTokenException', 'Missing Authentication Token'))
    }
    const reply = this.#api.call({
      operation: target.slice(service.length),
      body: request.body,
      door: 'sdk',
      invocation: header(request, 'amz-sdk-invocation-id') || randomUUID(),
      attempt: Number(/attempt=(\d+)/.exec(header(request, 'amz-sdk-request'))?.[1] ?? 1),
    })
    switch (reply.kind) {
      case 'held':
        await reply.until
        return awsReply(200, reply.result)
      case 'result':
        return awsReply(200, reply.result)
      case 'error':
        return errorReply(reply.error)
      case 'hang':
        return { kind: 'hang' }
      case 'lost':
        return { kind: 'cut' }
    }
  }
}

function header(request: HttpRequest, name: string): string {
  const value = request.headers[name]
  return typeof value === 'string' ? value : ''
}

function errorReply({ status, code, message }: AwsError): HttpReply {
  return awsReply(status, { __type: code, message })
}

function awsReply(status: number, body: object): HttpReply {
  const headers = { 'content-type': contentType, 'x-amzn-requestid': randomUUID() }
  return { kind: 'answer', status, body: JSON.stringify(body), headers }
}
