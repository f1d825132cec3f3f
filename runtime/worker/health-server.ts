import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface HealthAnswers {
  /** Whether the main loop is alive. */
  live(): boolean
  /** Whether the worker takes work: it holds its lease and does not drain. */
  ready(): boolean
}

export type HealthServer =
  | { readonly kind: 'listening'; readonly port: number; close(): Promise<void> }
  | { readonly kind: 'taken'; readonly reason: string }

/** Serves `/live` and `/ready`: 200 or 503 with one word. */
export function serveHealth(port: number, answers: HealthAnswers): Promise<HealthServer> {
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0]
    const good = path === '/live' ? answers.live() : path === '/ready' ? answers.ready() : undefined
    response.statusCode = good === undefined ? 404 : good ? 200 : 503
    response.setHeader('content-type', 'text/plain')
    response.end(good === undefined ? 'ask /live or /ready\n' : good ? 'ok\n' : `not ${path?.slice(1)}\n`)
  })
  return new Promise((resolve) => {
    server.once('error', (error) => resolve({ kind: 'taken', reason: error.message }))
    server.listen(port, () => {
      server.unref()
      resolve({
        kind: 'listening',
        port: (server.address() as AddressInfo).port,
        close: () =>
          new Promise((done) => {
            server.close(() => done())
            server.closeAllConnections()
          }),
      })
    })
  })
}
