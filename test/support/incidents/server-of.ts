import type { RedisServer } from '../../redis-server/redis-server.ts'
import type { Site } from './incident.ts'

/** The server that an incident harms. */
export function serverOf({ server }: Site): RedisServer {
  if (server === undefined) throw new Error('this incident happens to a server, and the site has none')
  return server
}
