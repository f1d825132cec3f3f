import type { AddressInfo } from 'node:net'

export interface HealthReplies {
  /** Whether the main loop is alive. */
  live(): boolean
  /**
   * Whether the worker does its work: it holds its lease, does not drain, and none of its duties is dead. A text: why
   * not.
   */
  ready(): boolean | string
}

export type HealthServer =
  | { readonly kind: 'listening'; readonly port: number; close(): Promise<void> }
  | { readonly kind: 'taken'; readonly port: number; readonly reason: string }

/** Serves `/live` and `/ready`: 200, or 503 with the reason if there is one. */
export async function serveHealth(port: number, answers: HealthReplies): Promise<HealthServer> {
  // On use: loading it is a quarter of a worker's start, and few workers have a health port.
  const { createServer } = await import('node:http')
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0]
    const good = path === '/live' ? answers.live() : path === '/ready' ? answers.ready() : undefined
    const why = typeof good === 'string' ? `: ${good}` : ''
    response.statusCode = good === undefined ? 404 : good === true ? 200 : 503
    response.setHeader('content-type', 'text/plain')
    response.end(
      good === undefined ? 'ask /live or /ready\n' : good === true ? 'ok\n' : `not ${path?.slice(1)}${why}\n`,
    )
  })
  return new Promise((resolve) => {
    server.once('error', (error) => resolve({ kind: 'taken', port, reason: error.message }))
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
