import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { openStore } from '../../runtime/store/open-store.ts'
import { retainedHours } from '../../runtime/store/statistics.ts'
import { throughputMinutes } from '../../runtime/store/store.ts'
import { parseStoreConfig } from '../../runtime/store/store-config.ts'
import { sharedRedisServer } from '../support/redis/redis-server.ts'
import { byHand, newRun } from '../support/stores/store-inputs.ts'

const minuteMs = 60_000

async function openAt(begin: number) {
  const server = await sharedRedisServer()
  const namespace = `statistics-${randomUUID()}`
  let now = begin
  const clock = { storeNow: () => now, storeElapsed: () => now - begin }
  const store = await openStore(parseStoreConfig({ url: server.url, namespace }), clock)
  return {
    server,
    store,
    key: (name: string) => `{${namespace}}:${name}`,
    advance: (ms: number) => {
      now += ms
    },
  }
}

test('minutes of the previous version count, also in the hours', async () => {
  const noon = Date.UTC(2026, 0, 1, 12)
  const { server, store, key, advance } = await openAt(noon)
  for (let i = 0; i < 3; i++, advance(minuteMs)) {
    const run = newRun()
    await store.enqueue([run])
    await store.cancel(run.id, byHand())
  }
  // That version stores only minutes, without total times.
  const [hours, samples] = [
    "redis.call('ZREMRANGEBYSCORE', KEYS[1], 1000000000, '+inf')",
    "redis.call('DEL', KEYS[2])",
  ]
  await server.command('EVAL', `${hours}; ${samples}`, '2', key('minuteOrder'), key('minutes'))
  await server.command('HDEL', key('meta'), 'rolled', 'countedSince', 'sampledSince')
  const cell = 'cmsgpack.pack({ counts = { enqueue = 1, cancel = 1 }, wait = { 0 }, run = { 0 } })'
  for (let i = 0; i < 3; i++) {
    const field = `${noon / minuteMs + i}\0default\0job`
    expect(await server.command('ZSCORE', key('minuteOrder'), field)).toBe(String(noon / minuteMs + i))
    await server.command(
      'EVAL',
      `return redis.call('HSET', KEYS[1], ARGV[1], ${cell})`,
      '1',
      key('minutes'),
      field,
    )
  }
  advance(10 * minuteMs)
  const enqueued = async (): Promise<unknown> =>
    Promise.all(
      (['1h', '24h'] as const).map(async (range) =>
        (await store.statistics(range)).jobs.map(({ enqueued, total }) => [enqueued, total.buckets.length]),
      ),
    )
  expect(await enqueued()).toEqual([[[3, 0]], [[3, 0]]])
  for (let i = 1; i < 3; i++, advance(minuteMs)) {
    await store.enqueue([newRun()])
    expect(await enqueued()).toEqual([[[3 + i, 0]], [[3 + i, 0]]])
  }
  const { coveredMs, backlogs } = await store.statistics('24h')
  expect(coveredMs).toBe(15 * minuteMs)
  expect(backlogs).toEqual([{ queue: 'default', now: 2, before: 0, beforeAt: noon }])
  await store.close()
})

test('minutes, hours and samples are bounded, even without a sweep', async () => {
  const { server, store, key, advance } = await openAt(Date.UTC(2026, 0, 1))
  const cellsAndSamples = async (): Promise<unknown[]> => [
    await server.command('ZCOUNT', key('minuteOrder'), '-inf', '(1000000000'),
    await server.command('ZCOUNT', key('minuteOrder'), '1000000000', '+inf'),
    await server.command('HLEN', key('minutes')),
  ]
  const both = (): Promise<unknown> => store.enqueue(['a', 'b'].map((queue) => newRun({ queue })))
  for (let i = 0; i < throughputMinutes + 20; i++, advance(minuteMs)) await both()
  const minutes = 2 * throughputMinutes
  const samples = throughputMinutes + 5
  // The hour that runs is in its minutes.
  expect(await cellsAndSamples()).toEqual([minutes, 2 * 5, minutes + 2 * 5 + samples])
  for (let i = 0; i < retainedHours + 10; i++, advance(3_600_000)) await both()
  const hours = 2 * retainedHours
  const slots = throughputMinutes + retainedHours
  expect((await cellsAndSamples()).slice(1)).toEqual([hours, 2 * 4 + hours + slots])
  await store.close()
})
