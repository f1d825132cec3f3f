import { randomUUID } from 'node:crypto'
import type { StoreOptions } from '../../../sdk/index.ts'
import { sharedRedisServer } from '../redis/redis-server.ts'

/** For `describe.each`: the name of each store, and the options of a new one as a fixture's store. */
export const bothStores: readonly (readonly [string, () => Promise<Partial<StoreOptions>>])[] = [
  ['embedded', async () => ({})],
  [
    'redis',
    async () => ({
      url: `redis://127.0.0.1:${(await sharedRedisServer()).port}`,
      namespace: `unit-${randomUUID()}`,
    }),
  ],
]
