import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { openStore } from '../../../runtime/store/open-store.ts'
import type { Store } from '../../../runtime/store/store.ts'
import { parseStoreConfig } from '../../../runtime/store/store-config.ts'
import { RedisServer } from '../../../test/redis-server/redis-server.ts'
import { RespConnection } from '../../../test/redis-server/resp-connection.ts'
import { ServerUnderTest } from '../redis/server.ts'

/** A store whose cost can be read. */
export interface StoreUnderMeasure {
  readonly name: string
  readonly store: Store
  /** CPU of the server so far; of this process where there is none. */
  cpuMs(): Promise<number>
  /** Bytes of each index, by name. */
  bytes(): Promise<ReadonlyMap<string, number>>
  /** The longest command since the last call, where a server tells. */
  longestMs(): Promise<number | undefined>
  close(): Promise<void>
}

const unlimited = { maxEnded: 100_000_000 }

export async function onRedis(): Promise<StoreUnderMeasure> {
  const server = await RedisServer.start({ config: { 'slowlog-max-len': '10000' } })
  const connection = await RespConnection.open(server.port)
  const meter = new ServerUnderTest(server.port, connection)
  await connection.call('CONFIG', 'SET', 'slowlog-log-slower-than', '500')
  const config = parseStoreConfig({ url: `redis://127.0.0.1:${server.port}`, retention: unlimited })
  const store = await openStore(config)
  return {
    name: 'Redis',
    store,
    cpuMs: () => meter.cpuMs(),
    bytes: async () => {
      const keys = (await connection.call('KEYS', '*')) as unknown[]
      const sizes = keys.map(async (key) => {
        const name = String(key)
        const bytes = await connection.call('MEMORY', 'USAGE', name, 'SAMPLES', '1000')
        return [name.slice(name.indexOf('}') + 2), Number(bytes)] as const
      })
      return new Map(await Promise.all(sizes))
    },
    longestMs: async () => {
      const log = (await connection.call('SLOWLOG', 'GET', '-1')) as [unknown, unknown, number][]
      await connection.call('SLOWLOG', 'RESET')
      return Math.max(0, ...log.map(([, , us]) => us)) / 1_000
    },
    close: async () => {
      await store.close()
      connection.close()
      await server.remove()
    },
  }
}

export async function onSqlite(): Promise<StoreUnderMeasure> {
  const folder = mkdtempSync(join(tmpdir(), 'durable-jobs-bench-'))
  const path = join(folder, 'jobs.db')
  const store = await openStore(parseStoreConfig({ url: `sqlite:${path}`, retention: unlimited }))
  return {
    name: 'SQLite',
    store,
    cpuMs: async () => {
      const { user, system } = process.cpuUsage()
      return (user + system) / 1_000
    },
    bytes: async () => {
      const database = new DatabaseSync(path, { readOnly: true })
      const rows = database.prepare('SELECT name, sum(pgsize) AS bytes FROM dbstat GROUP BY name').all()
      database.close()
      return new Map(rows.map(({ name, bytes }) => [String(name), Number(bytes)]))
    },
    longestMs: async () => undefined,
    close: async () => {
      await store.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
