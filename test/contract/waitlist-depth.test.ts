import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { firstKeeper, firstOlder } from '../../runtime/store/embedded/limits/waitlist.ts'
import type { Transaction } from '../../runtime/store/embedded/transaction.ts'
import { agedAfter } from '../../runtime/store/limiters.ts'
import { openStore } from '../../runtime/store/open-store.ts'
import type { ClaimedRun, Store } from '../../runtime/store/store.ts'
import { parseStoreConfig } from '../../runtime/store/store-config.ts'
import { RedisServer } from '../support/redis/redis-server.ts'
import { ids, limitedRun, one, two, use } from '../support/stores/limit-inputs.ts'
import { newRun } from '../support/stores/store-inputs.ts'
import { completed, TestWorker } from '../support/stores/test-worker.ts'

const depths = [130, 1_300]
const at = { limiter: 'one', key: '' }

/** Opens `one` to an aged waiter that also needs `two`, inside `during`: an older run, the last of so many, has to pass. */
async function letPass(
  store: Store,
  depth: number,
  {
    advance,
    during,
  }: {
    readonly advance: (ms: number) => void
    readonly during: (work: () => Promise<unknown>) => Promise<void>
  },
): Promise<void> {
  const limiters = [one, two].map(({ name, rule }) => ({ name, rule }))
  const worker = await TestWorker.register(store, { leaseMs: 86_400_000, limiters })
  const all = use(two, { cost: 2 })
  await store.enqueue([limitedRun(one), newRun({ limits: [all] })])
  const [holder] = (await worker.claim()) as [ClaimedRun, ClaimedRun]
  const older = limitedRun(one, { priority: -5 })
  await store.enqueue([older, newRun({ limits: [use(one), all] })])
  for (let left = depth; left > 0; left -= 130) {
    await store.enqueue(Array.from({ length: 130 }, () => limitedRun(one)))
  }
  advance(agedAfter.waitedMs)
  await during(() => worker.settle(holder, completed))
  expect(ids(await worker.claim())).toEqual([older.id])
}

test('Redis: passing an aged waiter costs the same number of commands at any depth', async () => {
  const server = await RedisServer.start()
  onTestFinished(() => server.remove())
  const commands = async (): Promise<number> => {
    const stats = String(await server.command('INFO', 'commandstats'))
    return [...stats.matchAll(/:calls=(\d+)/g)].reduce((sum, [, calls]) => sum + Number(calls), 0)
  }
  const counts: number[] = []
  for (const depth of depths) {
    let now = Date.UTC(2026, 0, 1)
    const config = parseStoreConfig({ url: `redis://127.0.0.1:${server.port}`, namespace: randomUUID() })
    const store = await openStore(config, { storeNow: () => now })
    try {
      await letPass(store, depth, {
        advance: (ms) => {
          now += ms
        },
        during: async (work) => {
          const before = await commands()
          await work()
          counts.push((await commands()) - before)
        },
      })
    } finally {
      await store.close()
    }
  }
  const [few = 0, many] = counts
  expect(few).toBeGreaterThan(10)
  // Less the pings of its connections, and a script that is sent once.
  expect(many).toBeLessThan(few + 20)
})

test('embedded: passing an aged waiter uses indexes, with the same number of statements at any depth', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'durable-jobs-depth-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const counts: number[] = []
  for (const depth of depths) {
    const path = join(folder, `${depth}.db`)
    let now = Date.UTC(2026, 0, 1)
    const store = await openStore(parseStoreConfig(`sqlite:${path}`), { storeNow: () => now })
    try {
      await letPass(store, depth, {
        advance: (ms) => {
          now += ms
        },
        during: async (work) => {
          counts.push(statements(path))
          await work()
        },
      })
    } finally {
      await store.close()
    }
  }
  expect(counts[0]).toBeGreaterThan(1)
  expect(counts[1]).toBe(counts[0])
})

/** Sends the request of a wake-up, as for an aged run of number 4; the one that waits before it has number 3. */
function statements(path: string): number {
  const database = new DatabaseSync(path, { readOnly: true })
  let count = 0
  const get = (text: string, ...values: SQLInputValue[]): object | undefined => {
    const plan = database.prepare(`EXPLAIN QUERY PLAN ${text}`).all(...values)
    for (const { detail } of plan as { detail: string }[])
      expect(detail).toMatch(/^SEARCH limit_(lines|keepers) USING/)
    count++
    return database.prepare(text).get(...values)
  }
  const tx = { sql: { get } } as unknown as Transaction
  expect(firstOlder(tx, at, 3, undefined)).toMatchObject({ seq: 3, priority: -5 })
  expect(firstOlder(tx, at, 2, { seq: 3, priority: -5, path: '' })).toBeUndefined()
  expect(firstKeeper(tx, at, 4)).toBeUndefined()
  database.close()
  return count
}
