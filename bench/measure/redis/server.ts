import { RedisServer } from '../../../test/support/redis/redis-server.ts'
import { RespConnection } from '../../../test/support/redis/resp-connection.ts'

/** The server under measurement, on a connection that no contestant shares. */
export class ServerUnderTest {
  readonly port: number
  readonly #connection: RespConnection

  constructor(port: number, connection: RespConnection) {
    this.port = port
    this.#connection = connection
  }

  command(...args: readonly string[]): Promise<unknown> {
    return this.#connection.call(...args)
  }

  async info(section: string, field: string): Promise<number> {
    const info = String(await this.command('INFO', section))
    return Number(new RegExp(`^${field}:(.*)$`, 'm').exec(info)?.[1])
  }

  /** CPU that the server has used, all its threads together. */
  async cpuMs(): Promise<number> {
    const info = String(await this.command('INFO', 'cpu'))
    const seconds = [...info.matchAll(/^used_cpu_(?:sys|user):(.*)$/gm)].map(([, value]) => Number(value))
    return seconds.reduce((sum, value) => sum + value, 0) * 1_000
  }
}

/** The server that run-redis.ts names, or for a measure run by hand one of its own. */
export async function report(
  measure: (server: ServerUnderTest) => Promise<Readonly<Record<string, number>>>,
): Promise<void> {
  const given = process.env.BENCH_REDIS_PORT
  const own = given === undefined ? await startServer() : undefined
  const port = own?.port ?? Number(given)
  const connection = await RespConnection.open(port)
  try {
    console.log(JSON.stringify(await measure(new ServerUnderTest(port, connection))))
  } finally {
    connection.close()
    await own?.remove()
  }
}

/** Without rewrites of its file by itself: one in the middle of a measure would count for whoever is at work. */
export function startServer(): Promise<RedisServer> {
  return RedisServer.start({ appendOnly: true, config: { 'auto-aof-rewrite-percentage': '0' } })
}
