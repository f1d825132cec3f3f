import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RedisServer } from './redis-server.ts'

const page = join(import.meta.dirname, '../../../docs/redis.md')

/**
 * The rules for ACL users that docs/redis.md gives, each as the arguments of ACL SETUSER behind the name: of users that act,
 * of users that only read, and of those on Redis 6.2.
 */
export function documentedRules(
  namespace: string,
  password: string,
): Record<'act' | 'read' | 'read62', string[]> {
  const commands = readFileSync(page, 'utf8').matchAll(/^redis-cli ACL SETUSER \w+ ((?:.*\\\n)*.*)$/gm)
  const [act, read, read62, ...more] = [...commands].map(([, rule = '']) =>
    rule
      .replaceAll('\\\n', ' ')
      .replaceAll("'", '')
      .replaceAll('{durable-jobs}', `{${namespace}}`)
      .replace('>PASSWORD', `>${password}`)
      .trim()
      .split(/\s+/),
  )
  if (act === undefined || read === undefined || read62 === undefined || more.length > 0)
    throw new Error(`${page} is expected to hold three rules`)
  return { act, read, read62 }
}

/** Makes a user on a server. Returns the address of the namespace for this user. */
export async function aclUser(
  server: RedisServer,
  { user, namespace, rule }: { user: string; namespace: string; rule: readonly string[] },
): Promise<string> {
  await server.command('ACL', 'SETUSER', user, ...rule)
  const password = rule.find((part) => part.startsWith('>'))?.slice(1) ?? ''
  return `redis://${user}:${password}@127.0.0.1:${server.port}?namespace=${namespace}`
}
