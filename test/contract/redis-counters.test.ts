import { randomUUID } from 'node:crypto'
import { expect, onTestFinished, test } from 'vitest'
import { openStore } from '../../runtime/store/open-store.ts'
import type { RecountReport } from '../../runtime/store/recount.ts'
import type { Store } from '../../runtime/store/store.ts'
import { parseStoreConfig } from '../../runtime/store/store-config.ts'
import { type RedisServer, sharedRedisServer } from '../redis-server/redis-server.ts'
import { expectRightCounters } from './expect-right-counters.ts'
import { byHand, newRun, plainError } from './given.ts'
import { completed, TestWorker } from './test-worker.ts'

interface Site {
  readonly server: RedisServer
  readonly store: Store
  readonly key: (name: string) => string
}

/** A store with runs in most states. */
async function openSite(): Promise<Site> {
  const server = await sharedRedisServer()
  const namespace = `counters-${randomUUID()}`
  const store = await openStore(parseStoreConfig({ url: `redis://127.0.0.1:${server.port}`, namespace }))
  onTestFinished(() => store.close())
  await store.enqueue(Array.from({ length: 8 }, (_, i) => newRun({ queue: i % 2 === 0 ? 'even' : 'odd' })))
  await store.enqueue([newRun({ start: { kind: 'in', ms: 90_000 } }), newRun({ job: 'other' })])
  const worker = await TestWorker.register(store)
  const [one, two, three] = await worker.claim(5)
  if (one !== undefined) await worker.settle(one, completed)
  if (two !== undefined) await worker.settle(two, { kind: 'failed', error: plainError })
  if (three !== undefined) await store.cancel(three.id, byHand())
  return { server, store, key: (name) => `{${namespace}}:${name}` }
}

async function recountAll(store: Store, limit?: number): Promise<RecountReport> {
  for (;;) {
    const report = await store.recount(limit)
    if (report.done) return report
  }
}

test('a store that an earlier version made is counted in parts while its runs move', async () => {
  const { server, store, key } = await openSite()
  const ready = async (): Promise<unknown> =>
    (await store.queues()).map(({ name, counts }) => [name, counts.ready])
  const before = await ready()
  await server.command('DEL', key('runCounts'))
  await server.command('HDEL', key('meta'), 'recountedAt')
  expect(await store.sweep(10)).toMatchObject({ recountDue: true })
  // Ready runs are known at once, the others as far as they are counted.
  expect(await ready()).toEqual(before)
  const worker = await TestWorker.register(store)
  for (let done = false; !done; ) {
    done = (await store.recount(1)).done
    await store.enqueue([newRun()])
    const [run] = await worker.claim(1)
    if (run !== undefined) await worker.settle(run, completed)
  }
  await expectRightCounters(store)
  expect(await store.sweep(10)).not.toHaveProperty('recountDue')
})

test('what an earlier version beside this one moved is found by the sweep and put right', async () => {
  const { server, store, key } = await openSite()
  await recountAll(store)
  await server.command('HSET', key('meta'), 'recountedAt', '0')
  expect(await store.sweep(10)).not.toHaveProperty('recountDue')

  const wrong = { queue: 'even', job: 'job', state: 'waiting' } as const
  await server.command('HSET', key('runCounts'), 'even\0job\x004', '2')
  expect(await store.sweep(10)).toMatchObject({ recountDue: true })
  const { miscounts } = await recountAll(store, 3)
  expect(miscounts).toEqual([{ ...wrong, stored: 2, counted: 0 }])
  await expectRightCounters(store)

  // Not again before ten minutes have passed: an earlier version may still be at work.
  await server.command('HSET', key('runCounts'), 'even\0job\x004', '-1')
  expect(await store.sweep(10)).not.toHaveProperty('recountDue')
  await server.command('HSET', key('meta'), 'recountedAt', '0')
  expect(await store.sweep(10)).toMatchObject({ recountDue: true })
})
