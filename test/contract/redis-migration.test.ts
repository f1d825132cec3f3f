import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { StoreUnavailableError } from '../../runtime/model/errors.ts'
import { openStore } from '../../runtime/store/open-store.ts'
import type { Store } from '../../runtime/store/store.ts'
import { parseStoreConfig } from '../../runtime/store/store-config.ts'
import { RedisCluster } from '../support/redis/redis-cluster.ts'
import { done, newRun } from '../support/stores/store-inputs.ts'
import { completed, TestWorker } from '../support/stores/test-worker.ts'

describe('a slot of a Redis Cluster that is migrated under load', () => {
  let cluster: RedisCluster
  const namespace = `moved-${randomUUID()}`
  let store: Store
  beforeAll(async () => {
    cluster = await RedisCluster.start()
    store = await openStore(parseStoreConfig({ url: cluster.url, namespace }))
  })
  afterAll(async () => {
    await store?.close()
    await cluster?.remove()
  })

  /** Like patient workers and callers: retries until the store replies. */
  async function insisting<T>(call: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await call()
      } catch (error) {
        if (!(error instanceof StoreUnavailableError)) throw error
      }
    }
  }

  test('loses nothing and does nothing twice', async () => {
    const worker = await TestWorker.register(store, { leaseMs: 60_000 })
    const enqueued = new Set<string>()
    const ended: string[] = []
    let moving = true
    const enqueuing = (async () => {
      while (moving) {
        const runs = [newRun(), newRun(), newRun()]
        const answers = await insisting(() => store.enqueue(runs))
        expect(answers.every(({ outcome }) => outcome !== 'rejected')).toBe(true)
        for (const { id } of runs) enqueued.add(id)
      }
    })()
    const working = (async () => {
      while (moving || ended.length < enqueued.size) {
        const n = ++worker.n
        const { runs } = await insisting(() => worker.claimReply(5, [], n))
        for (const run of runs) {
          const entry = worker.checkpoint(run, done('one'))
          expect(await insisting(() => worker.send(entry))).toEqual([{ kind: 'stored' }])
          const settlement = worker.settlement(run, completed)
          const answer = await insisting(() => worker.send(settlement))
          expect(answer).toEqual([{ kind: 'settled', state: 'completed' }])
          ended.push(run.id)
        }
      }
    })()
    // Some journals and every kind of key exist before it begins.
    while (ended.length < 30) await new Promise((resolve) => setImmediate(resolve))
    const slot = cluster.slotOf(`{${namespace}}:meta`)
    const from = cluster.ownerOf(slot)
    const to = cluster.nodes.find((node) => node !== from)
    if (to === undefined) throw new Error('the cluster has one node')
    let moved = 0
    await cluster.migrateSlot(slot, to, {
      onKey: async () => {
        moved++
      },
    })
    const endedThen = ended.length
    while (ended.length < endedThen + 30) await new Promise((resolve) => setImmediate(resolve))
    moving = false
    await Promise.all([enqueuing, working])

    expect(moved).toBeGreaterThan(20)
    expect(cluster.ownerOf(slot)).toBe(to)
    expect(new Set(ended).size).toBe(ended.length)
    expect([...enqueued].sort()).toEqual([...ended].sort())
    for (const id of ended.slice(0, 50)) {
      expect(await store.run(id)).toMatchObject({ state: 'completed', position: 1, losses: 0 })
    }
    expect(await store.sweep(1_000)).toMatchObject({ repaired: [] })
  })
})
