import { Keys } from '../../../runtime/store/redis/keys.ts'
import type { RedisServer } from './redis-server.ts'

/**
 * Connection numbers, the time of the last look at peers, the name of this very store: they differ however often a call
 * was executed.
 */
const passing = new Set(['beats', 'meta lookedAt', 'meta epoch'])

/** Every key of a namespace, without its prefix, and its value. */
export async function dumpNamespace(
  server: RedisServer,
  namespace: string,
): Promise<Record<string, unknown>> {
  const { prefix } = new Keys(namespace)
  const keys = (await server.command('KEYS', `${prefix}*`)) as string[]
  const found: Record<string, unknown> = {}
  for (const key of keys.toSorted()) {
    const name = key.slice(prefix.length)
    if (!passing.has(name)) found[name] = await read(server, name, key)
  }
  return found
}

async function read(server: RedisServer, name: string, key: string): Promise<unknown> {
  const type = String(await server.command('TYPE', key))
  switch (type) {
    case 'hash':
      return pairs(await server.command('HGETALL', key)).filter(([field]) => !passing.has(`${name} ${field}`))
    case 'zset':
      return pairs(await server.command('ZRANGE', key, '0', '-1', 'WITHSCORES'))
    case 'list':
      return server.command('LRANGE', key, '0', '-1')
    case 'stream':
      return server.command('XRANGE', key, '-', '+')
    default:
      throw new Error(`nobody knows how to read ${key}, a ${type}`)
  }
}

function pairs(reply: unknown): (readonly [string, string])[] {
  const flat = reply as string[]
  const found = flat.flatMap((name, i) => (i % 2 === 0 ? [[name, flat[i + 1] ?? ''] as const] : []))
  return found.toSorted(([a], [b]) => (a < b ? -1 : 1))
}
