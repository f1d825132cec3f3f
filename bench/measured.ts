import { execFile } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { RedisServer } from '../test/support/redis/redis-server.ts'

const run = promisify(execFile)

/** Runs one measure in a process of its own, on the emptied server. */
export async function measured(
  server: RedisServer,
  file: string,
  args: readonly string[],
): Promise<Record<string, number>> {
  await emptied(server)
  const path = fileURLToPath(new URL(`measure/redis/${file}`, import.meta.url))
  const { stdout } = await run(process.execPath, ['--disable-warning=ExperimentalWarning', path, ...args], {
    env: { ...process.env, BENCH_REDIS_PORT: String(server.port) },
  })
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}') as Record<string, number>
}

/** Nothing of one measure is left to the next: neither data nor a long file. */
async function emptied(server: RedisServer): Promise<void> {
  await server.command('FLUSHALL', 'SYNC')
  await server.command('BGREWRITEAOF')
  const rewriting = /aof_rewrite_(?:in_progress|scheduled):1/
  while (rewriting.test(String(await server.command('INFO', 'persistence')))) await sleep(20)
}
