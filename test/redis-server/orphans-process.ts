import { sharedRedisServer } from '../support/redis/redis-server.ts'

// Run by orphans.test.ts: starts a server, reports its folder, and runs until it is killed.

process.on('message', () => undefined)
const { port, folder } = await sharedRedisServer()
process.send?.({ port, folder })
