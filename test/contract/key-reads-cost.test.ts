import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { inspectHeldKeys } from '../../runtime/store/embedded/operations/inspect-unique-keys.ts'
import {
  inspectLimitHolders,
  inspectWaitlist,
} from '../../runtime/store/embedded/operations/inspect-waitlist.ts'
import { inspectRuns } from '../../runtime/store/embedded/operations/search-runs.ts'
import type { Transaction } from '../../runtime/store/embedded/transaction.ts'
import { openStore } from '../../runtime/store/open-store.ts'
import type { Store } from '../../runtime/store/store.ts'
import { parseStoreConfig } from '../../runtime/store/store-config.ts'
import { RedisServer } from '../support/redis/redis-server.ts'
import { limitedRun, one } from '../support/stores/limit-inputs.ts'
import { newRun } from '../support/stores/store-inputs.ts'
import { TestWorker } from '../support/stores/test-worker.ts'

/** The cost of reading keys while many runs wait for a limiter, hold a unique key, or neither. */

const sizes = [200, 2_000]
const limit = 20
const ofKey = { limiter: 'one', key: 'a', limit } as const

type Reads = Pick<Store, 'runs' | 'waitlist' | 'limitHolders' | 'heldKeys'>

/** A page of each, and the one behind it. */
const reads: Readonly<Record<string, (store: Reads) => Promise<unknown>>> = {
  waitlist: async (store) => {
    const { cursor = '' } = await store.waitlist(ofKey)
    return (await store.waitlist({ ...ofKey, cursor })).waiters
  },
  holders: async (store) => (await store.limitHolders(ofKey)).holders,
  'runs that wait for a limiter': async (store) => {
    const { cursor = '' } = await store.runs({ limiter: 'one', limit })
    return (await store.runs({ limiter: 'one', limit, cursor })).runs
  },
  'runs that wait for a key': async (store) => {
    const query = { limiter: 'one', limitKey: 'a', limit, order: 'oldest' } as const
    const { cursor = '' } = await store.runs(query)
    return (await store.runs({ ...query, cursor })).runs
  },
  'unique keys': async (store) => (await store.heldKeys({ limit })).keys,
}

async function fill(store: Store, size: number): Promise<void> {
  await TestWorker.register(store, { limiters: [{ name: one.name, rule: one.rule }] })
  const worker = await TestWorker.register(store)
  await store.enqueue([limitedRun(one, { use: { key: 'a' } })])
  await worker.claimOne()
  for (let at = 0; at < size; at += 100) {
    const kinds = (n: number) => [
      limitedRun(one, { priority: n % 2, use: { key: n % 4 === 0 ? 'b' : 'a' } }),
      newRun({ unique: { key: `key ${at + n}`, until: 'finished', onDuplicate: 'join' } }),
      newRun(),
    ]
    await store.enqueue(Array.from({ length: 100 }, (_, n) => kinds(n)).flat())
  }
}

test('Redis: each read costs the same number of commands, however many runs there are', async () => {
  const server = await RedisServer.start()
  onTestFinished(() => server.remove())
  const commands = async (): Promise<number> => {
    const stats = String(await server.command('INFO', 'commandstats'))
    return [...stats.matchAll(/:calls=(\d+)/g)].reduce((sum, [, calls]) => sum + Number(calls), 0)
  }
  const counts = new Map<string, number[]>()
  for (const size of sizes) {
    const store = await openStore(parseStoreConfig({ url: server.url, namespace: randomUUID() }))
    try {
      await fill(store, size)
      for (const [name, read] of Object.entries(reads)) {
        const before = await commands()
        expect(await read(store), name).not.toEqual([])
        counts.set(name, [...(counts.get(name) ?? []), (await commands()) - before])
      }
    } finally {
      await store.close()
    }
  }
  for (const [name, [few = 0, many]] of counts) {
    expect(few, name).toBeGreaterThan(2)
    // Less the pings of its connections, and a script that is sent once.
    expect(many, name).toBeLessThan(few + 20)
  }
}, 60_000)

test('embedded: each read takes the same number of statements, all of which search an index', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'durable-jobs-keys-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const counts = new Map<string, number[]>()
  for (const size of sizes) {
    const path = join(folder, `${size}.db`)
    const store = await openStore(parseStoreConfig(`sqlite:${path}`))
    await fill(store, size)
    await store.close()
    for (const [name, read] of Object.entries(reads)) {
      counts.set(name, [...(counts.get(name) ?? []), await statements(path, read)])
    }
  }
  for (const [name, [few = 0, many]] of counts) {
    expect(few, name).toBeGreaterThan(1)
    expect(many, name).toBe(few)
  }
}, 60_000)

/** Counters of runs are as many as there are queues and jobs. */
const mayBeScanned = /^SCAN run_counts/

/** Runs a read on statements whose plans are checked; returns their number. */
async function statements(path: string, read: (store: Reads) => Promise<unknown>): Promise<number> {
  const database = new DatabaseSync(path, { readOnly: true })
  let count = 0
  const prepared = (text: string, values: readonly SQLInputValue[]) => {
    const plan = database.prepare(`EXPLAIN QUERY PLAN ${text}`).all(...values) as { detail: string }[]
    const costly = plan.filter(({ detail }) => /^SCAN|TEMP B-TREE FOR ORDER BY/.test(detail))
    expect(
      costly.filter(({ detail }) => !mayBeScanned.test(detail)),
      text,
    ).toEqual([])
    count++
    return database.prepare(text)
  }
  const sql = {
    get: (text: string, ...values: SQLInputValue[]) => prepared(text, values).get(...values),
    all: (text: string, ...values: SQLInputValue[]) => prepared(text, values).all(...values),
    snapshot: <T>(work: () => T): T => work(),
  } as unknown as Parameters<typeof inspectRuns>[0]
  const moment = { now: Date.now(), wall: Date.now() }
  const tx = { sql, ...moment } as unknown as Transaction
  const found = await read({
    waitlist: async (query) => inspectWaitlist(tx, query),
    limitHolders: async (query) => inspectLimitHolders(tx, query),
    heldKeys: async (query) => inspectHeldKeys(sql, moment, query),
    runs: (query) => inspectRuns(sql, moment, query),
  })
  expect(found).not.toEqual([])
  database.close()
  return count
}
