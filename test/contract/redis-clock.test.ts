import { randomUUID } from 'node:crypto'
import { expect, onTestFinished, test } from 'vitest'
import { openStore } from '../../runtime/store/open-store.ts'
import type { Store } from '../../runtime/store/store.ts'
import { parseStoreConfig } from '../../runtime/store/store-config.ts'
import { sharedRedisServer } from '../support/redis/redis-server.ts'
import { newRun } from '../support/stores/store-inputs.ts'
import { TestWorker } from '../support/stores/test-worker.ts'

const hour = 3_600_000

/** A server, and connections that each count the time for themselves. */
async function namespace() {
  const { url } = await sharedRedisServer()
  const name = `clock-${randomUUID()}`
  let now = Date.UTC(2026, 0, 1)
  return {
    pass: (ms: number) => {
      now += ms
    },
    connect: async (elapsed: () => number): Promise<Store> => {
      const config = parseStoreConfig({ url, namespace: name })
      const store = await openStore(config, { storeNow: () => now, storeElapsed: elapsed })
      onTestFinished(() => store.close())
      return store
    },
    now: () => now,
  }
}

const jumps = async (store: Store) => (await store.checks('quick')).find(({ name }) => name === 'clock jumps')

test('the store doesn’t trust a frozen client’s report that the clock went ahead', async () => {
  const { connect, pass, now } = await namespace()
  const [sound, frozen] = [await connect(now), await connect(() => 0)]
  const worker = await TestWorker.register(sound)
  await sound.enqueue([newRun({ start: { kind: 'in', ms: 2 * hour } })])
  for (let i = 0; i < 1_200; i++) {
    pass(3_000)
    await worker.renew()
  }
  // It did not count the hour; it adopts the store's time, and executes the call.
  await frozen.enqueue([newRun({ start: { kind: 'in', ms: hour } })])
  expect(await jumps(sound)).toMatchObject({ found: 'none' })
  pass(hour - 1)
  await worker.renew()
  expect(await worker.claim()).toEqual([])
  pass(1)
  expect(await worker.claim()).toHaveLength(2)
})

test('clocks that drift apart while a client is idle count as no move', async () => {
  const { connect, pass, now } = await namespace()
  const store = await connect(() => now() * (1 - 1e-4))
  pass(24 * hour)
  await store.enqueue([newRun()])
  expect(await jumps(store)).toMatchObject({ found: 'none' })
})

/** Two workers whose clocks count elapsed time, independent of the server's clock. */
async function twoWorkers() {
  const { connect, pass } = await namespace()
  let elapsed = 0
  const join = async () => TestWorker.register(await connect(() => elapsed))
  return {
    join,
    workers: [await join(), await join()] as const,
    jump: pass,
    pass: (ms: number) => {
      elapsed += ms
      pass(ms)
    },
  }
}

test('a jump ahead is recorded even if a client unaware of it calls first', async () => {
  const { workers, join, jump } = await twoWorkers()
  const [sound] = workers
  await sound.store.enqueue([newRun({ start: { kind: 'in', ms: hour / 2 } })])
  jump(hour)
  const newcomer = await join()
  await newcomer.renew()
  await sound.renew()
  expect(await jumps(sound.store)).toMatchObject({ found: expect.stringMatching(/^jumped ahead by 1 h/) })
  expect(await sound.claim()).toEqual([])
  expect(await newcomer.claim()).toEqual([])
})

test('two jumps ahead are both recorded, even by a client that missed the first', async () => {
  const { workers, jump, pass } = await twoWorkers()
  const [sound, silent] = workers
  await sound.store.enqueue([newRun({ start: { kind: 'in', ms: hour / 2 } })])
  jump(hour)
  await sound.renew()
  pass(300)
  await sound.renew()
  jump(hour)
  await silent.renew()
  expect(await jumps(sound.store)).toMatchObject({ found: expect.stringMatching(/the last of 2 jumps/) })
  expect(await sound.claim()).toEqual([])
  expect(await silent.claim()).toEqual([])
})
