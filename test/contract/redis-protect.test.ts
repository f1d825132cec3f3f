import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { openStore } from '../../runtime/store/open-store.ts'
import { plain } from '../../runtime/store/redis/run-record.ts'
import { parseStoreConfig } from '../../runtime/store/store-config.ts'
import { protectedFrom } from '../../runtime/store/stored-version.ts'
import { sharedRedisServer } from '../support/redis/redis-server.ts'
import { limitedRun, one } from '../support/stores/limit-inputs.ts'
import { newRun } from '../support/stores/store-inputs.ts'
import { TestWorker } from '../support/stores/test-worker.ts'

/** Where a record has the version: the version before reads it there. */
const versionAt = 3

test('the previous version sees newer code for a run that needs protection, and claims none', async () => {
  const server = await sharedRedisServer()
  const namespace = `protect-${randomUUID()}`
  const store = await openStore(parseStoreConfig({ url: `redis://127.0.0.1:${server.port}`, namespace }))
  const key = (name: string): string => `{${namespace}}:${name}`
  const link = new Redis(server.port)
  try {
    const worker = await TestWorker.register(store, { limiters: [{ name: one.name, rule: one.rule }] })
    const [run, other] = [limitedRun(one, { protect: true }), limitedRun(one)]
    await store.enqueue([newRun({ protect: true, version: 7 }), newRun()])
    const [code, queue, stored, ...plainClass] = plain.unpack(
      (await link.hgetBuffer(key('classes'), 'job')) ?? Buffer.alloc(0),
    ) as unknown[]
    expect([code, queue, stored]).toEqual([1, 'default', protectedFrom + 7])
    expect(plainClass).toEqual([2, 'default', 1])
    for (const record of await link.hvalsBuffer(key('runs'))) {
      expect([protectedFrom + 7, 1]).toContain(record.readUInt32BE(versionAt))
    }
    expect((await worker.claimAs('none')).runs).toHaveLength(1)

    // It retains only the number and the reply of a claim.
    await link.hset(key('claims'), worker.lease, plain.pack([worker.n, []]))
    await store.enqueue([run, other])
    // The key is not retained for the first one.
    expect(await store.run(other.id)).toMatchObject({ state: 'ready' })
  } finally {
    link.disconnect()
    await store.close()
  }
})
