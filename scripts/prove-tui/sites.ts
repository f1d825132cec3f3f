import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RedisServer } from '../../test/support/redis/redis-server.ts'

/** A store that jobs-tui looks at. */
export interface Site {
  readonly name: string
  readonly url: string
  /** CPU time of its server so far; left out where there is none. */
  readonly cpuMs?: () => Promise<number>
  readonly close: () => Promise<void>
}

export async function embeddedSite(): Promise<Site> {
  const folder = mkdtempSync(join(tmpdir(), 'prove-tui-'))
  return {
    name: 'embedded',
    url: `sqlite:${join(folder, 'jobs.db')}`,
    close: async () => rmSync(folder, { recursive: true, force: true }),
  }
}

export async function redisSite(): Promise<Site> {
  const server = await RedisServer.start()
  return {
    name: 'Redis',
    url: server.url,
    cpuMs: async () => {
      const info = String(await server.command('INFO', 'cpu'))
      const seconds = [...info.matchAll(/^used_cpu_(?:sys|user):(.*)$/gm)].map(([, value]) => Number(value))
      return seconds.reduce((sum, one) => sum + one, 0) * 1_000
    },
    close: () => server.remove(),
  }
}
