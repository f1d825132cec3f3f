import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { openStore } from '../../runtime/store/open-store.ts'
import { parseStoreConfig } from '../../runtime/store/store-config.ts'
import { sharedRedisServer } from '../support/redis/redis-server.ts'
import { byHand, newRun } from '../support/stores/store-inputs.ts'

test('a sweep frees and reports keys of ended or removed runs; windows stay', async () => {
  const server = await sharedRedisServer()
  const namespace = `unique-${randomUUID()}`
  const config = { url: `redis://127.0.0.1:${server.port}`, namespace }
  const store = await openStore(parseStoreConfig(config))
  try {
    const run = (key: string) => newRun({ unique: { key, until: 'finished', onDuplicate: 'join' } })
    const [live, over, next] = [run('live'), run('over'), run('gone')]
    const window = newRun({ unique: { key: 'window', until: { ms: 60_000 }, onDuplicate: 'join' } })
    await store.enqueue([live, over, window])
    for (const { id } of [over, window]) await store.cancel(id, byHand())
    const keys = `{${namespace}}:unique`
    await server.command('HSET', keys, 'job\0over', `r${over.id}`, 'job\0gone', 'rnobody')
    expect(await store.holder('job', 'over')).toBeUndefined()
    const { freedKeys = [] } = await store.sweep(100)
    expect([...freedKeys].sort((a, b) => (a.key < b.key ? -1 : 1))).toEqual([
      { job: 'job', key: 'gone', run: 'nobody' },
      { job: 'job', key: 'over', run: over.id },
    ])
    expect(await store.sweep(100)).toEqual({ pruned: 0, repaired: [] })
    expect(await store.holder('job', 'live')).toBe(live.id)
    expect(await store.holder('job', 'window')).toBe(window.id)

    // Left by an earlier release of a run with two keys that ended under it.
    const both = newRun({ unique: { key: 'w', canonicalKey: 'c', until: 'finished', onDuplicate: 'join' } })
    await store.enqueue([both])
    await store.cancel(both.id, byHand())
    await server.command('HSET', keys, 'job\0c', `r${both.id}`)
    expect(await store.holder('job', 'c')).toBeUndefined()
    expect(await store.sweep(100)).toEqual({ pruned: 0, repaired: [] })
    expect(await server.command('HGET', keys, 'job\0c')).toBeNull()

    // No caller has to wait for the sweep.
    await server.command('HSET', keys, 'job\0gone', 'rnobody')
    expect(await store.enqueue([next])).toMatchObject([{ outcome: 'created' }])
    expect(await store.holder('job', 'gone')).toBe(next.id)
  } finally {
    await store.close()
  }
})
