import { randomUUID } from 'node:crypto'
import { expect, onTestFinished, test } from 'vitest'
import { openStore } from '../../runtime/store/open-store.ts'
import type { Settlement } from '../../runtime/store/store.ts'
import { parseStoreConfig } from '../../runtime/store/store-config.ts'
import { RedisServer } from '../support/redis/redis-server.ts'
import { newRun } from '../support/stores/store-inputs.ts'
import { completed, TestWorker } from '../support/stores/test-worker.ts'

/** The server cost of settlements that share one call. */

const few = 2
const many = 100

const calls = {
  claim: (worker: TestWorker, settle: readonly Settlement[]) => worker.claimReply(0, settle),
  commit: (worker: TestWorker, settle: readonly Settlement[]) => worker.send(...settle),
}

/** Returns how often the server reads one field of a hash while so many runs are settled in one call. */
async function readsOf(call: keyof typeof calls, settlements: number): Promise<number> {
  const server = await RedisServer.start()
  onTestFinished(() => server.remove())
  const store = await openStore(parseStoreConfig({ url: server.url, namespace: randomUUID() }))
  onTestFinished(() => store.close())
  const worker = await TestWorker.register(store, { concurrency: settlements })
  await store.enqueue(Array.from({ length: settlements }, () => newRun()))
  const runs = await worker.claim(settlements)
  expect(runs).toHaveLength(settlements)
  await server.command('CONFIG', 'RESETSTAT')
  await calls[call](
    worker,
    runs.map((run) => worker.settlement(run, completed)),
  )
  const stats = String(await server.command('INFO', 'commandstats'))
  expect(await store.counts()).toMatchObject([{ state: 'completed', count: settlements }])
  return Number(/cmdstat_hget:calls=(\d+)/.exec(stats)?.[1] ?? 0)
}

test.each(['claim', 'commit'] as const)('settlements of one %s share their reads', async (call) => {
  const more = (await readsOf(call, many)) - (await readsOf(call, few))
  // The first transition of a minute looks after a few others.
  expect(more).toBeLessThan((many - few) / 2)
})
