import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { retainedOperations, retainedTransitions } from '../../runtime/store/events.ts'
import { openStore } from '../../runtime/store/open-store.ts'
import { Keys } from '../../runtime/store/redis/keys.ts'
import type { Store } from '../../runtime/store/store.ts'
import { parseStoreConfig } from '../../runtime/store/store-config.ts'
import { sharedRedisServer } from '../support/redis/redis-server.ts'
import { byHand, newRun } from '../support/stores/store-inputs.ts'
import { expectExactGaps } from './log-bounds.ts'
import { numberIn, readAllEvents } from './read-events.ts'

interface Site {
  readonly store: Store
  readonly keys: Keys
  readonly command: (...args: readonly string[]) => Promise<unknown>
}

function redisTest(title: string, body: (site: Site) => Promise<void>): void {
  test(title, async () => {
    const server = await sharedRedisServer()
    const namespace = `events-${randomUUID()}`
    const store = await openStore(parseStoreConfig({ url: `redis://127.0.0.1:${server.port}`, namespace }))
    try {
      await body({ store, keys: new Keys(namespace), command: (...args) => server.command(...args) })
    } finally {
      await store.close()
    }
  })
}

redisTest('logs report exactly the gaps of the events they dropped', ({ store, keys, command }) =>
  expectExactGaps(store, {
    dropTransitions: async (to) => void (await command('XTRIM', keys.of('events'), 'MINID', String(to + 1))),
    dropOperations: async (to) =>
      void (await command('XTRIM', keys.of('operations'), 'MINID', String(to + 1))),
  }),
)

/** Fills a log with entries of one event each; the last one has the number `n`. */
const fill = `
  local place = cmsgpack.pack({ 'x', 'job', 'q', 'wake', 2 })
  for i = 2, tonumber(ARGV[1]) do
    if ARGV[3] == 'events' then redis.call('XADD', KEYS[2], i .. '-1', 'at', ARGV[2], 'of', place)
    else redis.call('XADD', KEYS[2], i .. '-1', 'at', ARGV[2], 'of', cmsgpack.pack({ operation = 'pause queue' }),
      'before', (i - 1) .. ' 0') end
  end
  redis.call('HSET', KEYS[1], 'events', ARGV[1])`

redisTest('the configured number of transitions is retained', async ({ store, keys, command }) => {
  const kept = retainedTransitions.count
  await store.enqueue([newRun()])
  const filled = String(kept + 2_000)
  await command('EVAL', fill, '2', keys.of('meta'), keys.of('events'), filled, String(Date.now()), 'events')
  for (let i = 0; i < 5; i++) await store.enqueue([newRun()])
  const length = Number(await command('XLEN', keys.of('events')))
  // Parts of the stream go as wholes.
  expect(length).toBeGreaterThanOrEqual(kept)
  expect(length).toBeLessThan(kept + 200)
})

redisTest('the configured number of operations is retained', async ({ store, keys, command }) => {
  const kept = retainedOperations.count
  await store.pauseQueue('first', byHand())
  const filled = String(kept + 10)
  await command('EVAL', fill, '2', keys.of('meta'), keys.of('operations'), filled, String(Date.now()), '')
  await store.pauseQueue('last', byHand())
  await store.pauseQueue('last', byHand())
  expect(Number(await command('XLEN', keys.of('operations')))).toBe(kept)
  expect(numberIn((await store.events({ limit: 1 })).cursor)).toBe(kept + 12)
})

redisTest('a namespace emptied under its clients has a new epoch', async ({ store, keys, command }) => {
  await store.enqueue([newRun(), newRun(), newRun()])
  const { cursor: before } = await store.events({ limit: 1 })
  for (const key of ['meta', 'events', 'runs', 'ready'] as const) await command('DEL', keys.of(key))
  // There is no event yet, and a reader that starts now misses none.
  const empty = await store.events({ after: before, limit: 10 })
  expect(empty).toMatchObject({ events: [], gap: true })
  await store.enqueue([newRun({ id: 'new' })])
  const read = await store.events({ after: empty.cursor, limit: 10 })
  expect(read).toMatchObject({ events: [{ run: 'new' }] })
  expect(read.gap).toBeUndefined()
  await store.enqueue([newRun(), newRun(), newRun()])
  expect(await store.events({ after: before, limit: 10 })).toMatchObject({ gap: true })
  expect(numberIn(before)).toBeLessThan(numberIn((await store.events({ limit: 1 })).cursor))
})

redisTest(
  'a reader starts over after the server lost its latest writes',
  async ({ store, keys, command }) => {
    await store.enqueue([newRun({ id: 'kept' })])
    await store.enqueue([newRun()])
    const { cursor: lost } = await store.events({ limit: 1 })
    await command('XDEL', keys.of('events'), '2-1')
    await command('XSETID', keys.of('events'), '1-1')
    await command('HSET', keys.of('meta'), 'events', '1')
    const page = await store.events({ after: lost, limit: 10 })
    expect(page).toMatchObject({ events: [{ run: 'kept' }], gap: true })
    await store.enqueue([newRun({ id: 'next' })])
    expect((await readAllEvents(store, { after: page.cursor })).events).toMatchObject([{ run: 'next' }])
  },
)

redisTest(
  'a namespace of the previous version gets an epoch only through writes',
  async ({ store, keys, command }) => {
    await store.enqueue([newRun()])
    await command('HDEL', keys.of('meta'), 'epoch')
    const { cursor } = await store.events({ limit: 1 })
    expect(cursor).toBe('0-1')
    expect(await command('HGET', keys.of('meta'), 'epoch')).toBeNull()
    await store.pauseQueue('q', byHand())
    const page = await store.events({ after: cursor, limit: 10 })
    expect(page).toMatchObject({
      events: [{ operation: 'pause queue' }],
      cursor: expect.stringMatching(/^[\da-f]{12}-2$/),
    })
    expect(page.gap).toBeUndefined()

    // Without an operation it is sent with the transitions, occasionally.
    await command('HDEL', keys.of('meta'), 'epoch')
    for (let i = 0; i < 500; i += 100) await store.enqueue(Array.from({ length: 100 }, () => newRun()))
    expect(await command('HGET', keys.of('meta'), 'epoch')).not.toBeNull()
  },
)
