import { expect } from 'vitest'
import type { UniqueClaim } from '../../../runtime/model/unique.ts'
import type { HeldKey, HeldKeyQuery } from '../../../runtime/store/held-keys.ts'
import type { NewRun } from '../../../runtime/store/new-run.ts'
import type { Store } from '../../../runtime/store/store.ts'
import { byHand, newRun } from '../../support/stores/store-inputs.ts'
import type { Open } from '../../support/stores/store-under-test.ts'
import { completed } from '../../support/stores/test-worker.ts'
import { contractTest } from '../contract-test.ts'

function unique(key: string, over: Partial<UniqueClaim> = {}, run: Partial<NewRun> = {}): NewRun {
  return newRun({ ...run, unique: { key, until: 'finished', onDuplicate: 'join', ...over } })
}

/** All pages, one after the other. */
async function all(store: Store, query: HeldKeyQuery): Promise<HeldKey[]> {
  const found: HeldKey[] = []
  let cursor: string | undefined
  do {
    const page = await store.heldKeys({ ...query, ...(cursor === undefined ? {} : { cursor }) })
    found.push(...page.keys)
    cursor = page.cursor
  } while (cursor !== undefined)
  return found
}

const names = (keys: readonly HeldKey[]): string[] => keys.map(({ job, key }) => `${job} ${key}`).toSorted()

export function heldKeysContract(open: Open): void {
  contractTest(open, 'held keys are listed with their holder and expiry', async (contract) => {
    const { store, worker, now, advance } = contract
    const enqueuedAt = now()
    const finished = unique('a')
    const started = unique('b', { until: 'started' })
    const window = unique('c', { until: { ms: 60_000 } })
    await store.enqueue([window, started, finished, newRun()])
    const base = { job: 'job', enqueuedAt }
    const keys = (await all(store, { limit: 100 })).toSorted((x, y) => (x.key < y.key ? -1 : 1))
    expect(keys).toEqual([
      { ...base, key: 'a', until: 'finished', run: finished.id, state: 'ready' },
      { ...base, key: 'b', until: 'started', run: started.id, state: 'ready' },
      { ...base, key: 'c', until: enqueuedAt + 60_000, run: window.id, state: 'ready' },
    ])
    const first = await worker()
    for (const run of await first.claim(2)) await first.settle(run, completed)
    expect(names(await all(store, { limit: 100 }))).toEqual(['job a', 'job c'])
    expect((await all(store, { limit: 100 })).find(({ key }) => key === 'c')).toMatchObject({
      state: 'completed',
    })
    advance(60_001)
    expect(names(await all(store, { limit: 100 }))).toEqual(['job a'])
    await store.cancel(finished.id, byHand())
    expect(await store.heldKeys({ limit: 100 })).toEqual({ keys: [] })
  })

  contractTest(open, 'the keys of one job are read a page at a time', async ({ store }) => {
    const runs = ['job', 'jobs', 'other'].flatMap((job) =>
      ['x', 'y', 'z', 'x y', 'ä'].map((key) => unique(key, {}, { job })),
    )
    await store.enqueue(runs)
    const expected = runs.map(({ job, unique: claim }) => `${job} ${claim?.key}`)
    for (const limit of [1, 2, 7, 100]) {
      expect(names(await all(store, { limit }))).toEqual(expected.toSorted())
      const ofJob = expected.filter((name) => name.startsWith('job '))
      expect(names(await all(store, { job: 'job', limit }))).toEqual(ofJob.toSorted())
    }
    expect((await store.heldKeys({ limit: 2 })).keys).toHaveLength(2)
    expect(await all(store, { job: 'jo', limit: 2 })).toEqual([])
  })

  contractTest(
    open,
    'each of thousands of keys is listed once, and a job without keys has none',
    async ({ store }) => {
      const runs = Array.from({ length: 2_500 }, (_, n) => unique(`key ${n}`))
      for (let at = 0; at < runs.length; at += 250) await store.enqueue(runs.slice(at, at + 250))
      const keys = await all(store, { limit: 100 })
      expect(new Set(names(keys)).size).toBe(runs.length)
      expect(await all(store, { job: 'none', limit: 100 })).toEqual([])
    },
  )

  contractTest(open, 'a key with two forms counts as one', async ({ store }) => {
    await store.enqueue([unique('written', { canonicalKey: 'canonical' })])
    expect(names(await all(store, { limit: 10 }))).toEqual(['job written'])
  })

  contractTest(open, 'an impossible page is refused', async ({ store }) => {
    await store.enqueue(['a', 'b', 'c'].map((key) => unique(key)))
    const { cursor = '' } = await store.heldKeys({ limit: 1 })
    const refusals = [
      [{ limit: 0 }, /limit must be 1 to 1000, not 0/],
      [{ limit: 1, job: '' }, /job is empty/],
      [{ limit: 1, cursor: 'x' }, /is not a cursor/],
      [{ limit: 1, job: 'job', cursor }, /belongs to the keys of every job/],
    ] as const
    for (const [query, message] of refusals) {
      await expect(store.heldKeys(query)).rejects.toMatchObject({
        code: 'INVALID_OPTIONS',
        message: expect.stringMatching(message),
      })
    }
  })
}
