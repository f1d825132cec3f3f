import { randomUUID } from 'node:crypto'
import { Keys } from '../../../runtime/store/redis/keys.ts'
import { RedisServer } from '../redis/redis-server.ts'
import type { FleetStore } from './fleet-store.ts'

/** One for the fleets of this process; they do not see each other's namespaces. */
let server: Promise<RedisServer> | undefined

/** A user without permission to list connections: its workers can't look at peers, and only the leases decide. */
const users = { default: '', 'leases only': 'leases-only:secret@' } as const

export async function redisFleetStore(user: keyof typeof users): Promise<FleetStore> {
  server ??= startServer()
  const started = await server
  const namespace = `crash-${randomUUID()}`
  return {
    options: { url: `redis://${users[user]}127.0.0.1:${started.port}`, namespace },
    endPause: async (run) => {
      const due = new Keys(namespace).of('due')
      const changed = await started.command('ZADD', due, 'XX', 'CH', String(Date.now()), run)
      if (changed !== 1) throw new Error(`run ${run} does not wait`)
    },
  }
}

async function startServer(): Promise<RedisServer> {
  const started = await RedisServer.start({ appendOnly: true })
  const rights = ['~*', '&*', '+@all', '-client|list']
  await started.command('ACL', 'SETUSER', 'leases-only', 'on', '>secret', ...rights)
  return started
}
