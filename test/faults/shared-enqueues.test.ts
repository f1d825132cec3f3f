import { randomUUID } from 'node:crypto'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { openStore, type StoreDeps } from '../../runtime/store/open-store.ts'
import { scriptOf } from '../../runtime/store/redis/script.ts'
import type { Store } from '../../runtime/store/store.ts'
import { parseStoreConfig } from '../../runtime/store/store-config.ts'
import { connect, defineJob, type Jobs } from '../../sdk/index.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { FaultProxy, type Picks } from '../support/redis/fault-proxy.ts'
import { sharedRedisServer } from '../support/redis/redis-server.ts'
import { newRun } from '../support/stores/store-inputs.ts'

const { sha, source } = scriptOf('enqueue')
const isEnqueue: Picks = ([command, script]) => command?.toUpperCase() === 'EVALSHA' && script === sha

// A server that has to be sent the source would be sent two requests.
beforeAll(async () => {
  await (await sharedRedisServer()).command('SCRIPT', 'LOAD', source)
})

interface Stage {
  readonly proxy: FaultProxy
  /** Over the proxy. */
  readonly store: Store
  /** Over the proxy too. */
  readonly jobs: Jobs
  /** All runs, oldest first, read past the proxy. */
  stored(): Promise<readonly string[]>
}

async function stage(deps: StoreDeps = {}): Promise<Stage> {
  const server = await sharedRedisServer()
  const proxy = await FaultProxy.start(server.port)
  onTestFinished(() => proxy.close())
  const namespace = `shared-${randomUUID()}`
  const calm = await openStore(parseStoreConfig({ url: server.url, namespace }))
  const store = await openStore(parseStoreConfig({ url: proxy.url, namespace }), deps)
  const jobs = await connect({ url: proxy.url, namespace })
  onTestFinished(async () => {
    await Promise.all([calm.close(), store.close(), jobs.close()])
  })
  // Its first write creates the namespace; that is no call of a test.
  await jobs.pauseQueue('unused')
  const stored = async () => (await calm.runs({ order: 'oldest', limit: 100 })).runs.map(({ id }) => id)
  return { proxy, store, jobs, stored }
}

/** Lets the current macrotask end: its calls are sent, or wait for sent ones. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

const plain = defineJob<{ n: number }, void>({ name: 'plain' }, () => undefined)
const joining = defineJob<{ n: number }, void>({ name: 'keyed', unique: { key: () => 'k' } }, () => undefined)
const refusing = defineJob<{ n: number }, void>(
  { name: 'keyed', unique: { key: () => 'k', onDuplicate: 'reject' } },
  () => undefined,
)

test('the lost reply of a shared round trip: each caller gets its own result, and nothing is stored twice', async () => {
  const { proxy, jobs, stored } = await stage()
  proxy.cutReplies(1, isEnqueue)
  const own = Array.from({ length: 20 }, (_, n) => jobs.enqueue(plain, { n }))
  const named = Promise.allSettled([
    jobs.enqueue(plain, { n: 1 }, { id: 'named' }),
    jobs.enqueue(plain, { n: 1 }, { id: 'named' }),
    jobs.enqueue(plain, { n: 2 }, { id: 'named' }),
  ])
  const first = jobs.enqueue(joining, { n: 1 })
  const duplicates = Promise.allSettled([jobs.enqueue(joining, { n: 2 }), jobs.enqueue(refusing, { n: 3 })])
  const handles = await Promise.all(own)
  expect(proxy.hits.cutReplies).toBe(1)
  // An id that was made here can only be this call's own run.
  expect(handles.map(({ outcome }) => outcome)).toEqual(Array<string>(20).fill('created'))
  expect(await named).toMatchObject([
    { value: { id: 'named' } },
    { value: { id: 'named' } },
    { reason: { code: 'RUN_ID_CONFLICT', runId: 'named' } },
  ])
  const holder = await first
  expect(holder.outcome).toBe('created')
  expect(await duplicates).toMatchObject([
    { value: { outcome: 'joined', id: holder.id } },
    { reason: { code: 'DUPLICATE_RUN', runId: holder.id } },
  ])
  expect((await stored()).toSorted()).toEqual([...handles.map(({ id }) => id), 'named', holder.id].toSorted())
})

test('a connection cut during a round trip: its callers and those that wait are all stored once', async () => {
  const { proxy, store, stored } = await stage()
  const [first, second, third] = [newRun(), newRun(), newRun()]
  proxy.stall()
  const inFlight = store.enqueue([first])
  await turn()
  const waiting = [store.enqueue([second]), store.enqueue([third, first])]
  await turn()
  proxy.dropAll()
  proxy.flow()
  expect(await inFlight).toMatchObject([{ id: first.id }])
  expect(await Promise.all(waiting)).toMatchObject([
    [{ outcome: 'created', id: second.id }],
    [{ outcome: 'created', id: third.id }, { id: first.id }],
  ])
  expect((await stored()).toSorted()).toEqual([first.id, second.id, third.id].toSorted())
})

test('in an outage each caller has its own deadline, whichever calls share its round trip', async () => {
  const clock = new FakeClock()
  const at = Date.UTC(2026, 0, 1)
  const { proxy, store, stored } = await stage({ clock, storeNow: () => at })
  const ended: string[] = []
  const call = (name: string): Promise<unknown> =>
    store.enqueue([newRun()]).catch((error: unknown) => {
      ended.push(name)
      return error
    })
  await store.enqueue([newRun({ id: 'before' })])
  proxy.stall()
  const first = call('first')
  await turn()
  clock.stopFor(500)
  const second = call('second')
  await turn()
  clock.stopFor(500)
  const third = call('third')
  await turn()
  proxy.refuse()
  proxy.dropAll()
  // All of them wait for a connection now, and the next trip would be one for all.
  await expect.poll(() => clock.timers).toBe(3)
  await clock.advance(999)
  expect(ended).toEqual([])
  await clock.advance(1)
  expect(ended).toEqual(['first'])
  await clock.advance(499)
  expect(ended).toEqual(['first'])
  await clock.advance(1)
  expect(ended).toEqual(['first', 'second'])
  await clock.advance(499)
  expect(ended).toEqual(['first', 'second'])
  await clock.advance(1)
  expect(ended).toEqual(['first', 'second', 'third'])
  // Only sent calls may have been carried out.
  expect(await first).toMatchObject({
    code: 'STORE_UNAVAILABLE',
    message: expect.stringContaining('repeat it with the same id'),
  })
  for (const late of [await second, await third]) {
    expect(late).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.not.stringContaining('repeat it with the same id'),
    })
  }
  expect(await stored()).toEqual(['before'])
})

test('close waits for callers whose round trip is in progress and for those behind it', async () => {
  const { proxy, store, stored } = await stage()
  const [first, second] = [newRun(), newRun()]
  proxy.stall()
  const calls = [store.enqueue([first])]
  await turn()
  calls.push(store.enqueue([second]))
  const closed = store.close()
  await turn()
  proxy.flow()
  expect((await Promise.all(calls)).flat()).toMatchObject([{ id: first.id }, { id: second.id }])
  await closed
  expect(await stored()).toEqual([first.id, second.id])
})
