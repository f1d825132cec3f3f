import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { openStore } from '../../runtime/store/open-store.ts'
import { stateCode } from '../../runtime/store/redis/state-code.ts'
import { parseStoreConfig } from '../../runtime/store/store-config.ts'
import { sharedRedisServer } from '../support/redis/redis-server.ts'
import { byHand, mark, newRun, plainError } from '../support/stores/store-inputs.ts'
import { TestWorker } from '../support/stores/test-worker.ts'

test('runs that the previous version moved or removed don’t count as failed', async () => {
  const server = await sharedRedisServer()
  const namespace = `failures-${randomUUID()}`
  const store = await openStore(parseStoreConfig({ url: `redis://127.0.0.1:${server.port}`, namespace }))
  const [records, failedBy] = [`{${namespace}}:runs`, `{${namespace}}:failedBy`]
  const link = new Redis(server.port)
  const failedNow = async (): Promise<unknown> => (await store.failures({ limit: 1 }))[0]?.failedNow
  try {
    const worker = await TestWorker.register(store)
    await store.enqueue([newRun(), newRun()])
    const outcome = { kind: 'failed', error: plainError, mark: mark('parse') } as const
    const [retried, removed] = await worker.claim()
    if (retried === undefined || removed === undefined) throw new Error('two runs were to be claimed')
    for (const run of [retried, removed]) await worker.settle(run, outcome)
    const members = await link.zrangeBuffer(failedBy, '0', '-1')
    const record = await link.hgetBuffer(records, retried.id)
    expect(members).toHaveLength(2)
    expect(await failedNow()).toBe(2)

    // It retains the extras that it does not know, and knows no `failedBy`.
    await store.retry(retried.id, {}, byHand())
    await store.remove(removed.id, byHand())
    record?.writeUInt8(stateCode('ready'), 0)
    await link.hset(records, retried.id, record ?? '')
    for (const member of members) await link.zadd(failedBy, 0, member)
    expect(await failedNow()).toBe(2)
    expect(await worker.claimOne()).toMatchObject({ id: retried.id })
    expect(await store.run(retried.id)).not.toHaveProperty('fingerprint')
    expect(await store.sweep(100)).toEqual({ pruned: 0, repaired: [] })
    expect(await failedNow()).toBe(0)
  } finally {
    link.disconnect()
    await store.close()
  }
})
