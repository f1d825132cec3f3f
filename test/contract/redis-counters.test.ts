import { randomUUID } from 'node:crypto'
import { expect, onTestFinished, test } from 'vitest'
import { countOf, planAction } from '../../runtime/client/actions/plan-action.ts'
import { openStore } from '../../runtime/store/open-store.ts'
import type { RecountReport } from '../../runtime/store/recount.ts'
import type { Store, StoreCheck } from '../../runtime/store/store.ts'
import { parseStoreConfig } from '../../runtime/store/store-config.ts'
import { type RedisServer, sharedRedisServer } from '../support/redis/redis-server.ts'
import { byHand, newRun, plainError } from '../support/stores/store-inputs.ts'
import { completed, TestWorker } from '../support/stores/test-worker.ts'
import { expectRightCounters } from './expect-right-counters.ts'

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

async function countersCheckOf(store: Store): Promise<StoreCheck | undefined> {
  return (await store.checks()).find(({ name }) => name === 'counters')
}

async function recountAll(store: Store, limit?: number): Promise<RecountReport> {
  for (;;) {
    const report = await store.recount(limit)
    if (report.done) return report
  }
}

test('a store of an earlier version is counted in parts while its runs move', async () => {
  const { server, store, key } = await openSite()
  const ready = async (): Promise<unknown> =>
    (await store.queues()).map(({ name, counts }) => [name, counts.ready])
  const before = await ready()
  await server.command('DEL', key('runCounts'))
  await server.command('HDEL', key('meta'), 'recountedAt')
  expect(await store.sweep(10)).toMatchObject({ recountDue: true })
  // Ready runs are known at once, the others as far as they are counted.
  expect(await ready()).toEqual(before)
  expect(await countersCheckOf(store)).toMatchObject({
    verdict: 'warning',
    found: 'runs of an earlier version are not all counted yet; 4 runs so far',
  })
  const worker = await TestWorker.register(store)
  for (let done = false; !done; ) {
    done = (await store.recount(1)).done
    await store.enqueue([newRun()])
    const [run] = await worker.claim(1)
    if (run !== undefined) await worker.settle(run, completed)
  }
  await expectRightCounters(store)
  expect(await store.sweep(10)).not.toHaveProperty('recountDue')
  expect(await countersCheckOf(store)).toMatchObject({ verdict: 'fine' })
})

test('a plan trusts counters only if they are whole and cover all runs found', async () => {
  const { server, store, key } = await openSite()
  const later = { start: { kind: 'in', ms: 90_000 } } as const
  await store.enqueue(Array.from({ length: 249 }, () => newRun(later)))
  const target = { kind: 'filter', filter: { states: ['scheduled'] } } as const
  const matching = async (): Promise<unknown> => (await planAction(store, 'cancel', target, [])).matching
  expect(await matching()).toEqual({ runs: 250, exact: true })
  // A worker of an earlier version beside this one counts nothing.
  for (const n of [0, 3]) {
    await server.command('HSET', key('runCounts'), 'default\0job\x001', String(n))
    expect(await matching()).toEqual({ runs: 200, exact: false })
  }
  // As after an upgrade: the first count has not come far.
  await server.command('HDEL', key('meta'), 'recountedAt')
  await server.command('HSET', key('runCounts'), '\0default\0job\x001', '3')
  expect(await store.isCounted()).toBe(false)
  expect(await countOf(store, target)).toBeUndefined()
  expect(await matching()).toEqual({ runs: 250, exact: true })
  while (!(await store.recount()).done);
  expect(await countOf(store, target)).toBe(250)
})

test('a sweep finds and repairs counters of runs that a running earlier version moved', async () => {
  const { server, store, key } = await openSite()
  await recountAll(store)
  await server.command('HSET', key('meta'), 'recountedAt', '0')
  expect(await store.sweep(10)).not.toHaveProperty('recountDue')

  const wrong = { queue: 'even', job: 'job', state: 'waiting' } as const
  await server.command('HSET', key('runCounts'), 'even\0job\x004', '2')
  expect(await store.sweep(10)).toMatchObject({ recountDue: true })
  expect(await countersCheckOf(store)).toMatchObject({
    verdict: 'warning',
    found: '0 waiting runs are counted as 2, and 1 more counter wrong',
    remedy: expect.stringContaining('doctor --recount'),
  })
  const { miscounts } = await recountAll(store, 3)
  expect(miscounts).toEqual([{ ...wrong, stored: 2, counted: 0 }])
  await expectRightCounters(store)

  // Not again before ten minutes have passed: an earlier version may still be at work.
  await server.command('HSET', key('runCounts'), 'even\0job\x004', '-1')
  expect(await store.sweep(10)).not.toHaveProperty('recountDue')
  await server.command('HSET', key('meta'), 'recountedAt', '0')
  expect(await store.sweep(10)).toMatchObject({ recountDue: true })
})

test('sets by group and time left by an earlier version hide no run and are repaired', async () => {
  const { server, store, key } = await openSite()
  const worker = await TestWorker.register(store)
  for (const run of await worker.claim(2)) {
    await worker.settle(run, { kind: 'retrying', error: plainError, delayMs: 90_000 })
  }
  const ids = async (query: object): Promise<string[]> =>
    (await store.runs({ limit: 50, ...query })).runs.map(({ id }) => id)
  const queries = [
    { job: 'job', states: ['scheduled', 'failed', 'waiting'] },
    { queue: 'even' },
    { states: ['waiting', 'ready'], order: 'longest' },
    { states: ['failed', 'waiting'], since: 0 },
  ]
  const search = (): Promise<string[][]> => Promise.all(queries.map(ids))
  const before = await search()
  const stale = `${String.fromCharCode(8)}job\0even\0\0\0\0\0\0\x01gone`
  const missing = String(await server.command('ZRANGE', key('groups'), '0', '0'))
  await server.command('ZADD', key('groups'), '0', stale)
  await server.command('ZREM', key('groups'), missing)
  await server.command('DEL', key('changed'))
  // By time they are found in another order until then.
  const sorted = (lists: string[][]): string[][] => lists.map((list) => list.toSorted())
  expect(sorted(await search())).toEqual(sorted(before))

  await server.command('HSET', key('meta'), 'recountedAt', '0')
  expect(await store.sweep(10)).toMatchObject({ recountDue: true })
  await recountAll(store, 2)
  expect(await store.sweep(10)).not.toHaveProperty('recountDue')
  expect(await search()).toEqual(before)
  expect(await server.command('ZSCORE', key('groups'), stale)).toBeNull()
  expect(await server.command('ZSCORE', key('groups'), missing)).not.toBeNull()
})

test('failed runs are found by their fingerprint', async () => {
  const { server, store, key } = await openSite()
  const [failed] = (await store.runs({ states: ['failed'], limit: 1 })).runs
  const member = (fingerprint: string, id: string): string => `${fingerprint}\0\0\0\0\0\0\x02${id}`
  await server.command('ZADD', key('failedBy'), '0', member('f1:a', failed?.id ?? ''))
  // One that was retried since.
  const [ready] = (await store.runs({ states: ['ready'], limit: 1 })).runs
  await server.command('ZADD', key('failedBy'), '0', member('f1:a', ready?.id ?? ''))
  expect((await store.runs({ fingerprint: 'f1:a', limit: 5 })).runs).toEqual([failed])
  expect((await store.runs({ fingerprint: 'f1:a', states: ['ready'], limit: 5 })).runs).toEqual([])
  expect((await store.runs({ fingerprint: 'f1', limit: 5 })).runs).toEqual([])
})
