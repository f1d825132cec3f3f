import { expect, onTestFinished, test } from 'vitest'
import { openStore } from '../../runtime/store/open-store.ts'
import { Keys } from '../../runtime/store/redis/keys.ts'
import { parseStoreConfig } from '../../runtime/store/store-config.ts'
import { FaultProxy } from '../support/redis/fault-proxy.ts'
import { sharedRedisServer } from '../support/redis/redis-server.ts'
import { Crew } from './crew.ts'

async function site(): Promise<{ crew: Crew; proxy: FaultProxy; url: string }> {
  const server = await sharedRedisServer()
  const proxy = await FaultProxy.start(server.port)
  onTestFinished(() => proxy.close())
  return { crew: await Crew.open(server.url), proxy, url: server.url }
}

/** How many workers are notified when the queue of the jobs has work for them. */
async function listeners(crew: Crew): Promise<number> {
  const server = await sharedRedisServer()
  const { prefix } = new Keys(crew.namespace)
  return ((await server.command('PUBSUB', 'CHANNELS', `${prefix}wake:*`)) as string[]).length
}

test('a worker that can’t subscribe to its wake-ups at first receives them later', async () => {
  const { crew, proxy } = await site()
  await crew.hire(proxy.url, {
    open: async ({ store, clock }) => {
      const opened = await openStore(store, { clock })
      // Every other connection has to be retried.
      proxy.refuse()
      return opened
    },
  })
  expect(proxy.hits.refused).toBeGreaterThan(0)
  expect(await listeners(crew)).toBe(0)
  proxy.accept()
  await expect.poll(() => listeners(crew)).toBe(1)
})

test('a worker receives its wake-ups again after every cut, including one during a reconnect', async () => {
  const { crew, proxy } = await site()
  await crew.hire(proxy.url)
  expect(await listeners(crew)).toBe(1)
  for (let i = 1; i <= 10; i++) {
    void proxy.holdBack(0, ([command]) => command?.toUpperCase() === 'SUBSCRIBE')
    proxy.dropAll()
    await expect.poll(() => proxy.hits.heldBack).toBe(i)
  }
  await expect.poll(() => listeners(crew)).toBe(1)
  await crew.stopWorkers()
  await expect.poll(() => proxy.connections).toBe(0)
})

test('a store that failed to open leaves no connection behind', async () => {
  const server = await sharedRedisServer()
  await server.command('ACL', 'SETUSER', 'no-info', 'on', '>secret', '~*', '&*', '+@all', '-info')
  onTestFinished(async () => void (await server.command('ACL', 'DELUSER', 'no-info')))
  const config = parseStoreConfig(server.url.replace('//', '//no-info:secret@'))
  await expect(openStore(config)).rejects.toThrow(/NOPERM|permission/i)
  const connections = async (): Promise<number> =>
    String(await server.command('CLIENT', 'LIST')).split('user=no-info').length - 1
  await expect.poll(connections).toBe(0)
})

test('a lease thread that can’t connect at first connects later', async () => {
  const { crew, proxy } = await site()
  await crew.hire(proxy.url, {
    open: async ({ store, clock }) => {
      const opened = await openStore(store, { clock })
      proxy.refuse()
      return opened
    },
  })
  await expect.poll(() => crew.lines.some((line) => line.includes('store outage began'))).toBe(true)
  proxy.accept()
  // For calls, for wake-ups, and the thread's.
  await expect.poll(() => proxy.connections).toBe(3)
})
