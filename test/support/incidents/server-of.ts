import type { RedisServer } from '../redis/redis-server.ts'
import type { Site } from './incident.ts'

/** The server that an incident harms, with a store without runs. */
export async function serverOf(site: Site): Promise<RedisServer> {
  if (site.server === undefined) throw new Error('this incident happens to a server, and the site has none')
  // A write that changes nothing creates the store.
  await (await site.jobs()).resumeQueue('mail')
  return site.server
}
