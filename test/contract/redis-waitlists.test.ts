import { randomUUID } from 'node:crypto'
import { expect, onTestFinished, test } from 'vitest'
import { openStore } from '../../runtime/store/open-store.ts'
import type { ClaimedRun } from '../../runtime/store/store.ts'
import { parseStoreConfig } from '../../runtime/store/store-config.ts'
import { sharedRedisServer } from '../support/redis/redis-server.ts'
import { acquire, one, use } from '../support/stores/limit-inputs.ts'
import { newRun } from '../support/stores/store-inputs.ts'
import { TestWorker } from '../support/stores/test-worker.ts'

test('a sweep marks waiters that hold slots, as the previous version leaves them', async () => {
  const server = await sharedRedisServer()
  const namespace = `waitlists-${randomUUID()}`
  const store = await openStore(parseStoreConfig({ url: `redis://127.0.0.1:${server.port}`, namespace }))
  onTestFinished(() => store.close())
  const worker = await TestWorker.register(store, { limiters: [{ name: one.name, rule: one.rule }] })
  const runs = ['a', 'b'].map((key) => newRun({ limits: [use(one, { key, wholeRun: true })] }))
  await store.enqueue(runs)
  const [run] = (await worker.claim()) as [ClaimedRun]
  await acquire(worker, run, 'call', [use(one, { key: 'b' })])
  await worker.settle(run, { kind: 'waiting', waits: [{ kind: 'limit', path: 'call' }] })
  const marks = `{${namespace}}:limitKeepers`
  expect(await store.waitGraph({})).toMatchObject({ runs: [{ id: run.id }] })

  // It joins without a mark, and leaves without taking its mark along.
  await server.command('DEL', marks)
  await server.command('ZADD', marks, '0', 'one\0b\0in orderanother run\0call')
  expect(await store.waitGraph({})).toEqual({ runs: [] })
  expect(await store.sweep(100)).toEqual({ pruned: 0, repaired: [] })
  expect(await store.waitGraph({})).toMatchObject({ runs: [{ id: run.id }] })
  expect(await server.command('ZCARD', marks)).toBe(1)
})
