import type { AddressInfo } from 'node:net'
import { createConnection, createServer, type Server, type Socket } from 'node:net'
import { FrameReader } from '../support/redis/resp.ts'

/** Forwards everything, but replies to some scripts itself with errors that a real server returns only in rare states. */
export class ReplyingProxy {
  readonly url: string
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #answers: string[] = []
  /** Errors sent as replies. */
  given = 0
  /** Connections that were made so far. */
  accepted = 0

  private constructor(server: Server) {
    this.#server = server
    this.url = `redis://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  static async start(targetPort: number): Promise<ReplyingProxy> {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const proxy = new ReplyingProxy(server)
    server.on('connection', (client) => proxy.#pass(client, targetPort))
    return proxy
  }

  /** The next calls of scripts get these errors as replies, one each, and do not reach the server. */
  answer(...errors: readonly string[]): void {
    this.#answers.push(...errors)
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  #pass(client: Socket, targetPort: number): void {
    this.accepted++
    const upstream = createConnection({ host: '127.0.0.1', port: targetPort })
    const requests = new FrameReader()
    for (const socket of [client, upstream]) {
      this.#sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        this.#sockets.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
    client.on('data', (chunk) => {
      for (const { value, bytes } of requests.push(chunk)) {
        const [name] = value as readonly string[]
        const isScript = /^evalsha$/i.test(String(name))
        const error = isScript ? this.#answers.shift() : undefined
        if (error === undefined) upstream.write(bytes)
        else {
          this.given++
          client.write(`-${error}\r\n`)
        }
      }
    })
    upstream.on('data', (chunk) => client.write(chunk))
  }
}
