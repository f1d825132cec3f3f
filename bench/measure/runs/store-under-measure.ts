import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { openStore } from '../../../runtime/store/open-store.ts'
import type { Store } from '../../../runtime/store/store.ts'
import { parseStoreConfig } from '../../../runtime/store/store-config.ts'
import { RedisServer } from '../../../test/support/redis/redis-server.ts'
import { RespConnection } from '../../../test/support/redis/resp-connection.ts'
import { ServerUnderTest } from '../redis/server.ts'

/** A store whose cost can be read. */
export interface StoreUnderMeasure {
  readonly name: string
  readonly store: Store
  /** CPU of the server so far; of this process where there is none. */
  cpuMs(): Promise<number>
  /** Bytes of each index, by name. */
  bytes(): Promise<ReadonlyMap<string, number>>
  /** Entries of each index, by name. */
  sizes(): Promise<ReadonlyMap<string, number>>
  /** How long scripts took since the last call, p99 and longest, where a server tells. */
  scriptMs(): Promise<readonly number[] | undefined>
  close(): Promise<void>
}

/** What is in each index of the SQLite file: see schema.ts. */
const conditions = {
  runs_live: 'runs WHERE ended_at IS NULL',
  runs_ended: 'runs WHERE ended_at IS NOT NULL',
  runs_ended_groups: "runs WHERE ended_at IS NOT NULL AND state <> 'completed'",
  runs_ended_times: "runs WHERE ended_at IS NOT NULL AND state <> 'completed'",
  runs_waiting_times: "runs WHERE changed_at <> enqueued_at AND state = 'ready' OR state = 'waiting'",
  run_counts: 'run_counts',
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
    sizes: async () => {
      const of = async (name: string, command: string): Promise<[string, number]> => {
        return [name, Number(await connection.call(command, `{durable-jobs}:${name}`))]
      }
      const sets = ['index', 'groups', 'changed', 'tags'].map((name) => of(name, 'ZCARD'))
      return new Map(await Promise.all([...sets, of('runCounts', 'HLEN')]))
    },
    scriptMs: async () => {
      const p99 = /percentiles_usec_evalsha:.*p99=([\d.]+)/.exec(
        String(await connection.call('INFO', 'latencystats')),
      )
      const log = (await connection.call('SLOWLOG', 'GET', '-1')) as [unknown, unknown, number][]
      await connection.call('SLOWLOG', 'RESET')
      await connection.call('CONFIG', 'RESETSTAT')
      return [Number(p99?.[1] ?? 0) / 1_000, Math.max(0, ...log.map(([, , us]) => us)) / 1_000]
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
    sizes: async () => {
      const database = new DatabaseSync(path, { readOnly: true })
      const counts = Object.entries(conditions).map(([name, where]): [string, number] => {
        const row = database.prepare(`SELECT count(*) AS n FROM ${where}`).get()
        return [name, Number(row?.n)]
      })
      database.close()
      return new Map(counts)
    },
    scriptMs: async () => undefined,
    close: async () => {
      await store.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
