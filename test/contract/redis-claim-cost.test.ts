import { randomUUID } from 'node:crypto'
import { expect, onTestFinished, test } from 'vitest'
import { openStore } from '../../runtime/store/open-store.ts'
import type { Store } from '../../runtime/store/store.ts'
import { parseStoreConfig } from '../../runtime/store/store-config.ts'
import { RedisServer } from '../support/redis/redis-server.ts'
import { newRun } from '../support/stores/store-inputs.ts'
import { completed, TestWorker } from '../support/stores/test-worker.ts'

/** How many ranges of ready runs a claim reads where there are many queues. */

const queues = Array.from({ length: 100 }, (_, i) => `queue-${i}`)

interface Given {
  readonly server: RedisServer
  readonly store: Store
  readonly worker: TestWorker
}

async function given(): Promise<Given> {
  const server = await RedisServer.start()
  onTestFinished(() => server.remove())
  const store = await openStore(parseStoreConfig({ url: server.url, namespace: randomUUID() }))
  onTestFinished(() => store.close())
  return { server, store, worker: await TestWorker.register(store, { concurrency: 200 }) }
}

async function rangesOf({ server, worker }: Given, max: number, runs: number): Promise<number> {
  await server.command('CONFIG', 'RESETSTAT')
  expect(await worker.claim(max)).toHaveLength(runs)
  const stats = String(await server.command('INFO', 'commandstats'))
  return Number(/cmdstat_zrangebylex:calls=(\d+)/.exec(stats)?.[1] ?? 0)
}

test('a claim of few runs reads few of many queues', async () => {
  const all = await given()
  await all.store.enqueue(queues.flatMap((queue) => [newRun({ queue }), newRun({ queue })]))
  // One extra row shows that there are more.
  expect(await rangesOf(all, 10, 10)).toBeLessThanOrEqual(11)
  expect(await rangesOf(all, 1, 1)).toBeLessThanOrEqual(2)
})

test('queues found empty are not read again', async () => {
  const { store, worker, ...rest } = await given()
  await store.enqueue(queues.map((queue) => newRun({ queue })))
  const held = await worker.claim(200)
  expect(held).toHaveLength(queues.length)
  await worker.send(...held.map((run) => worker.settlement(run, completed)))
  await worker.claim(10)
  await store.enqueue([newRun({ queue: 'queue-50' })])
  expect(await rangesOf({ store, worker, ...rest }, 10, 1)).toBeLessThanOrEqual(2)
})
