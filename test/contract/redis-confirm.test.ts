import { randomUUID } from 'node:crypto'
import { afterEach, describe, expect, test } from 'vitest'
import { openStore } from '../../runtime/store/open-store.ts'
import type { Store } from '../../runtime/store/store.ts'
import { parseStoreConfig, type StoreOptions } from '../../runtime/store/store-config.ts'
import { RedisCluster } from '../support/redis/redis-cluster.ts'
import { RedisServer, sharedRedisServer } from '../support/redis/redis-server.ts'
import { done, intent, newRun } from '../support/stores/store-inputs.ts'
import { TestWorker } from '../support/stores/test-worker.ts'

describe('the confirmation of an at-most-once intent on Redis', () => {
  const opened: Store[] = []
  async function closeAll(): Promise<void> {
    for (const store of opened.splice(0)) await store.close()
  }
  afterEach(closeAll)

  async function open(options: Pick<StoreOptions, 'url' | 'confirm'>): Promise<Store> {
    const store = await openStore(parseStoreConfig({ ...options, namespace: `confirm-${randomUUID()}` }))
    opened.push(store)
    return store
  }

  test('a replica: without one the intent is not confirmed, other steps continue', async () => {
    const { url } = await sharedRedisServer()
    const store = await open({ url, confirm: 'replica' })
    await store.enqueue([newRun()])
    const worker = await TestWorker.register(store)
    const run = await worker.claimOne()
    expect(await worker.append(run, done('one'))).toEqual([{ kind: 'stored' }])
    await expect(worker.append(run, intent('two'))).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('did not confirm'),
    })
  })

  test('a replica: with one the body may begin, and the replica has the intent', async () => {
    const primary = await RedisServer.start()
    const replica = await RedisServer.start({ replicaOf: primary.port })
    try {
      const store = await open({ url: primary.url, confirm: 'replica' })
      await store.enqueue([newRun()])
      const worker = await TestWorker.register(store)
      const run = await worker.claimOne()
      const entry = worker.checkpoint(run, intent('one'))
      for (;;) {
        const answers = await worker.send(entry).catch(() => undefined)
        if (answers === undefined) continue // The replica is still loading.
        expect(answers).toEqual([{ kind: 'stored' }])
        break
      }
      const keys = (await replica.command('KEYS', `*:journal:${run.id}`)) as string[]
      expect(keys).toHaveLength(1)
    } finally {
      await closeAll()
      await replica.remove()
      await primary.remove()
    }
  })

  test('the disk: refused if the server can’t confirm it', async () => {
    const { url } = await sharedRedisServer()
    await expect(open({ url, confirm: 'disk' })).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      message: expect.stringContaining("store.confirm: 'disk' needs"),
    })
  })

  test('a cluster is refused: the request could reach another node', async () => {
    const cluster = await RedisCluster.start()
    try {
      await expect(open({ url: cluster.url, confirm: 'replica' })).rejects.toMatchObject({
        code: 'INVALID_OPTIONS',
      })
    } finally {
      await cluster.remove()
    }
  })
})
