import type { Incident } from './incident.ts'
import { serverOf } from './server-of.ts'

/** A failover left the address with a replica. */
export const redisReadOnly: Incident = {
  name: 'redis-read-only',
  title: 'Redis is read-only',
  needs: 'server',
  says: /is a read-only replica; give the address of its primary/,
  code: 2,
  begin: async (site) => {
    const server = await serverOf(site)
    await server.command('REPLICAOF', '127.0.0.1', '1')
    return { words: { PORT: String(server.port) } }
  },
}
