import { randomUUID } from 'node:crypto'
import { expect, onTestFinished, test } from 'vitest'
import { openStore } from '../../runtime/store/open-store.ts'
import { Keys } from '../../runtime/store/redis/keys.ts'
import { parseStoreConfig } from '../../runtime/store/store-config.ts'
import { sharedRedisServer } from '../support/redis/redis-server.ts'
import { TestWorker } from '../support/stores/test-worker.ts'

test('a sweep removes reports of a lease that the previous version ended, and nothing else', async () => {
  const server = await sharedRedisServer()
  const namespace = `open-steps-${randomUUID()}`
  const store = await openStore(parseStoreConfig({ url: server.url, namespace }))
  onTestFinished(() => store.close())
  const worker = await TestWorker.register(store)
  const keys = [new Keys(namespace).of('openSteps'), new Keys(namespace).of('reports')]
  const leasesIn = () => Promise.all(keys.map((key) => server.command('HKEYS', key)))
  await worker.renew()
  expect(await leasesIn()).toEqual([[], []])
  await worker.renew({ openSteps: { n: 1, agoMs: 0, steps: [] }, report: { n: 1, agoMs: 0 } })
  for (const key of keys) await server.command('HSET', key, 'ended', 'what it told')
  await store.sweep(10)
  expect(await leasesIn()).toEqual([[worker.lease], [worker.lease]])
  await store.resign(worker.lease, [])
  expect(await leasesIn()).toEqual([[], []])
})
