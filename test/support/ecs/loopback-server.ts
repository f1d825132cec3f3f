import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface HttpRequest {
  readonly method: string
  /** Without the query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: string
}

export type HttpReply =
  | {
      readonly kind: 'answer'
      readonly status: number
      readonly body: string
      readonly headers?: Readonly<Record<string, string>>
    }
  /** The connection remains open, and nothing is written. */
  | { readonly kind: 'hang' }
  /** The connection ends without a byte. */
  | { readonly kind: 'cut' }

export type HttpHandler = (request: HttpRequest) => HttpReply | Promise<HttpReply>

/** A plain HTTP server on loopback, on a port that the system chooses. */
export class LoopbackServer {
  readonly #server: Server
  #handler: HttpHandler = () => ({ kind: 'answer', status: 503, body: '' })

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#respond(request, response).catch((error: unknown) => {
        // A fault of the fake itself must not look like one of AWS.
        response.writeHead(599).end(error instanceof Error ? error.stack : String(error))
      })
    })
  }

  static async start(): Promise<LoopbackServer> {
    const server = new LoopbackServer()
    await new Promise<void>((resolve, reject) => {
      server.#server.once('error', reject)
      server.#server.listen(0, '127.0.0.1', resolve)
    })
    return server
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo
    return `http://127.0.0.1:${port}`
  }

  serve(handler: HttpHandler): void {
    this.#handler = handler
  }

  /** Ends all connections, including hanging ones. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#server.closeAllConnections()
    await closed
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = ''
    for await (const chunk of request.setEncoding('utf8')) body += chunk
    const { method = '', headers, url = '/' } = request
    const reply = await this.#handler({ method, path: url.split('?')[0] ?? '/', headers, body })
    switch (reply.kind) {
      case 'answer':
        response
          .writeHead(reply.status, reply.headers ?? { 'content-type': 'application/json' })
          .end(reply.body)
        break
      case 'cut':
        request.socket.destroy()
        break
      case 'hang':
        break
    }
  }
}

export function jsonReply(status: number, body: object): HttpReply {
  return { kind: 'answer', status, body: JSON.stringify(body) }
}
