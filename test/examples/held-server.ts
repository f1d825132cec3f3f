import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'vitest'

/** A server on loopback that replies to its requests one after the other, and holds the ones it is told to hold. */
export class HeldServer {
  readonly url: string
  readonly requests: string[] = []
  readonly #held: ServerResponse[]
  readonly #close: () => Promise<void>

  private constructor(url: string, requests: string[], held: ServerResponse[], close: () => Promise<void>) {
    this.url = url
    this.requests = requests
    this.#held = held
    this.#close = close
  }

  /** @param replies the body for the first request, the second, and so on; `hold` keeps it waiting for `release` */
  static async start(replies: readonly string[]): Promise<HeldServer> {
    const requests: string[] = []
    const held: ServerResponse[] = []
    const server = createServer((request, response) => {
      const reply = replies[requests.length]
      requests.push(`${request.method} ${request.url}`)
      if (reply === 'hold') held.push(response)
      else response.end(reply)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    return new HeldServer(`http://127.0.0.1:${port}`, requests, held, async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    })
  }

  /** Resolves once this many requests have come. */
  async asked(count: number): Promise<void> {
    await expect.poll(() => this.requests.length).toBeGreaterThanOrEqual(count)
  }

  release(reply: string): void {
    for (const response of this.#held.splice(0)) response.end(reply)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#close()
  }
}
