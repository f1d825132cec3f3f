import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { Keys } from '../../../runtime/store/redis/keys.ts'
import { defineJob, type StoreOptions } from '../../../sdk/index.ts'
import { openFixture } from '../../support/fixture.ts'
import { sharedRedisServer } from '../../support/redis/redis-server.ts'
import { bothStores } from '../../support/stores/both-stores.ts'

/** Where a stored entry says its kind: see redis/journal-entry.ts. */
const kindByte = 13
const unknownCode = 126

/** Gives the run's second entry a kind that this version does not know, as stored by a newer version. */
async function storeNewerKind(store: StoreOptions, run: string): Promise<void> {
  if (store.url?.startsWith('sqlite:')) {
    const file = new DatabaseSync(store.url.slice('sqlite:'.length))
    file
      .prepare(
        "UPDATE journal SET kind = 'gate' WHERE position = 2 AND run = (SELECT seq FROM runs WHERE id = ?)",
      )
      .run(run)
    file.close()
    return
  }
  const server = await sharedRedisServer()
  const key = new Keys(store.namespace ?? '').journal(run)
  const script = `local e = redis.call('LINDEX', KEYS[1], 1)
    redis.call('LSET', KEYS[1], 1, string.sub(e, 1, ${kindByte}) .. string.char(${unknownCode}) .. string.sub(e, ${kindByte + 2}))`
  await server.command('EVAL', script, '1', key)
}

/** Stored entries are checked only when they are read: on Redis each is a separate text. */
test('a damaged entry blocks its own run, and the worker continues with the others, redis', async () => {
  const [, [, redis]] = bothStores as readonly [unknown, (typeof bothStores)[number]]
  const { jobs, store, work } = await openFixture(await redis())
  const nap = defineJob({ name: 'nap' }, ({ step }) => step.sleep('rest', 1_500))
  const other = defineJob({ name: 'other' }, ({ step }) => step.run('only', () => 'done'))
  const first = await work(nap)
  const handle = await jobs.enqueue(nap)
  await expect.poll(async () => (await handle.status()).state).toBe('waiting')
  await first.stop()
  const key = new Keys(store.namespace ?? '').journal(handle.id)
  await (await sharedRedisServer()).command('LSET', key, '0', 'cut')

  await work([nap, other])
  expect(await (await jobs.enqueue(other)).result({ timeout: '2m' })).toBe('done')
  await expect.poll(async () => (await handle.status()).state, { timeout: 20_000 }).toBe('blocked')
})

describe.each(bothStores)('a step of a kind that only a newer version knows, %s', (_name, storeOf) => {
  test('blocks its own run, and the worker continues with the others', async () => {
    const { jobs, store, work } = await openFixture(await storeOf())
    const nap = defineJob({ name: 'nap' }, async ({ step }) => {
      await step.run('first', () => 1)
      await step.sleep('rest', 1_500)
    })
    const other = defineJob({ name: 'other' }, ({ step }) => step.run('only', () => 'done'))
    const first = await work(nap)
    const handle = await jobs.enqueue(nap)
    await expect.poll(async () => (await handle.status()).state).toBe('waiting')
    await first.stop()
    await storeNewerKind(store, handle.id)

    await work([nap, other])
    await expect.poll(async () => (await handle.status()).state).toBe('blocked')
    expect(await (await jobs.enqueue(other)).result({ timeout: '2m' })).toBe('done')
    expect((await handle.explain()).sentences.join(' ')).toMatch(/rest/)
  })
})
