import { afterAll, beforeAll, expect, test } from 'vitest'
import { RedisCluster } from '../support/redis/redis-cluster.ts'
import type { RedisServer } from '../support/redis/redis-server.ts'

let cluster: RedisCluster

beforeAll(async () => {
  cluster = await RedisCluster.start()
}, 30_000)

afterAll(async () => {
  await cluster?.remove()
})

function anotherThan(owner: RedisServer): RedisServer {
  const other = cluster.nodes.find((node) => node !== owner)
  if (other === undefined) throw new Error('there is one node only')
  return other
}

test('computes the slot of a key as the server does', async () => {
  const node = cluster.ownerOf(0)
  for (const key of ['', 'a', 'foo', '{tag}:x', 'x{tag}y', '{}x', '{{a}}', '}{a}', 'ümlaut', 'a{b']) {
    expect(cluster.slotOf(key), key).toBe(await node.command('CLUSTER', 'KEYSLOT', key))
  }
})

test('every node serves its slots, and redirects calls for others', async () => {
  for (const [index, node] of cluster.nodes.entries()) {
    const key = `key-${index}`
    const owner = cluster.ownerOf(cluster.slotOf(key))
    expect(await owner.command('SET', key, 'x')).toBe('OK')
    if (owner !== node) {
      const moved = `MOVED ${cluster.slotOf(key)} 127.0.0.1:${owner.port}`
      await expect(node.command('GET', key)).rejects.toThrow(moved)
    }
  }
  expect(new Set([0, 8000, 16_383].map((slot) => cluster.ownerOf(slot))).size).toBe(3)
})

test('migrates a slot while calls hit both halves', async () => {
  const slot = cluster.slotOf('{moving}')
  const from = cluster.ownerOf(slot)
  const to = anotherThan(from)
  const keys = Array.from({ length: 25 }, (_, index) => `{moving}:${index}`)
  for (const key of keys) await from.command('SET', key, `of ${key}`)
  await from.command('XADD', '{moving}:stream', '1-1', 'a', 'b')
  await from.command('XGROUP', 'CREATE', '{moving}:stream', 'group', '0')
  const moved: string[] = []
  await cluster.migrateSlot(slot, to, {
    onKey: async (key) => {
      moved.push(key)
      await expect(from.command('TYPE', key)).rejects.toThrow(`ASK ${slot} 127.0.0.1:${to.port}`)
      const staying = keys.find((candidate) => !moved.includes(candidate))
      if (staying !== undefined && moved.includes(keys[0] ?? '')) {
        await expect(from.command('MGET', keys[0] ?? '', staying)).rejects.toThrow('TRYAGAIN')
      }
    },
  })
  expect(moved.toSorted()).toEqual([...keys, '{moving}:stream'].toSorted())
  expect(cluster.ownerOf(slot)).toBe(to)
  for (const key of keys) expect(await to.command('GET', key)).toBe(`of ${key}`)
  expect(await to.command('XINFO', 'GROUPS', '{moving}:stream')).toHaveLength(1)
  for (const node of cluster.nodes) {
    if (node === to) continue
    await expect(node.command('GET', '{moving}:0')).rejects.toThrow(`MOVED ${slot} 127.0.0.1:${to.port}`)
  }
})

test('is healthy again after a node was killed and restarted', async () => {
  const slot = cluster.slotOf('{back}')
  const node = cluster.ownerOf(slot)
  await node.kill()
  await node.restart()
  await cluster.healthy()
  expect(await node.command('SET', '{back}', 'x')).toBe('OK')
})
