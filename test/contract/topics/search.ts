import fc from 'fast-check'
import { expect } from 'vitest'
import { type RunState, runStates } from '../../../runtime/model/run.ts'
import type { RunFilter, RunQuery } from '../../../runtime/store/run-filter.ts'
import { byHand, done, encoded, newRun, plainError } from '../../support/stores/store-inputs.ts'
import type { Open } from '../../support/stores/store-under-test.ts'
import { completed, type TestWorker } from '../../support/stores/test-worker.ts'
import { type Contract, contractTest } from '../contract-test.ts'
import { expectSearch, readAll, searchAll } from '../expect-search.ts'

/** Runs in every state, of three jobs in two queues, with several priorities, tags and keys. Returns all their ids in order. */
async function everyState({ store, worker, advance }: Contract): Promise<string[]> {
  const ids: string[] = []
  const enqueue = async (over: Parameters<typeof newRun>[0] = {}): Promise<string> => {
    const n = ids.length
    const run = newRun({
      job: `job-${n % 3}`,
      queue: n % 2 === 0 ? 'even' : 'odd',
      priority: (n % 3) - 1,
      tags: n % 4 === 0 ? ['vip', 'eu'] : n % 5 === 0 ? ['vip'] : [],
      ...(n % 7 === 0 ? { unique: { key: `key ${n}`, until: 'started', onDuplicate: 'join' } as const } : {}),
      ...over,
    })
    ids.push(run.id)
    await store.enqueue([run])
    advance(100)
    return run.id
  }
  const jobs = [0, 1, 2].map((n) => ({ name: `job-${n}`, version: 1, queue: 'even', digest: 'first' }))
  const [first, second] = [await worker({ jobs, name: 'one' }), await worker({ jobs, name: 'two' })]
  for (let i = 0; i < 24; i++) await enqueue()
  const runs = [...(await first.claim(8)), ...(await second.claim(8))]
  const settle = async (outcomes: Parameters<TestWorker['settle']>[1][]): Promise<void> => {
    for (const outcome of outcomes) {
      const run = runs.shift()
      const holder = run && (await store.run(run.id))
      const of = [first, second].find(({ name }) => holder && 'worker' in holder && holder.worker === name)
      if (run !== undefined) await of?.settle(run, outcome)
      advance(1_000)
      await first.renew()
      await second.renew()
    }
  }
  await settle([completed, completed, completed])
  await settle([{ kind: 'failed', error: plainError }])
  await settle([{ kind: 'failed', error: { name: 'TypeError', message: 'Card DECLINED: no funds' } }])
  await settle([{ kind: 'blocked', reason: 'no such step', digest: 'first' }])
  const pause = { kind: 'retrying', error: plainError, delayMs: 600_000 } as const
  await settle([pause, { ...pause, delayMs: 700_000 }, { kind: 'released' }, { kind: 'released' }])
  await store.cancel(runs.shift()?.id ?? '', byHand({ reason: 'Not needed' }))
  for (let i = 0; i < 3; i++) await enqueue({ start: { kind: 'in', ms: 600_000 } })
  await store.cancel(await enqueue(), byHand({ reason: 'wrong customer' }))
  await enqueue({ start: { kind: 'in', ms: 3_000 } })
  await enqueue({ start: { kind: 'in', ms: 100 }, expiresInMs: 100 })
  advance(4_000)
  await first.claim(0)
  const [more] = await first.claim(1)
  if (more !== undefined) await first.append(more, done('a'))
  for (let i = 0; i < 5; i++) await enqueue()
  const counted = new Set((await store.counts()).map(({ state }) => state))
  expect([...runStates].filter((state) => !counted.has(state))).toEqual([])
  return ids
}

const held: readonly RunState[] = ['running', 'cancelling']
const filters: readonly RunFilter[] = [
  {},
  ...runStates.map((state) => ({ states: [state] })),
  { states: ['failed', 'expired', 'ready'] },
  { states: [] },
  { job: 'job-1' },
  { queue: 'odd' },
  { job: 'job-2', queue: 'even' },
  { job: 'job-2', queue: 'even', states: ['waiting', 'ready', 'completed'] },
  { job: 'no such' },
  { queue: 'no such', states: ['completed'] },
  { tag: 'vip' },
  { tag: 'eu', states: ['ready', 'completed'] },
  { tag: 'e' },
  { tag: 'vip', job: 'job-0' },
  { unique: 'key 7' },
  { unique: 'key' },
  { worker: 'one' },
  { worker: 'two', states: ['cancelling', 'failed'] },
  { worker: 'three' },
  { text: 'DECLINED' },
  { text: 'TypeError: card' },
  { text: 'rror: card declined: no' },
  { text: 'declined: no' },
  { text: 'TypeError:' },
  { text: ' card' },
  { text: ': ' },
  { text: 'needed' },
  { text: 'such' },
  { text: 'broken', states: ['waiting', 'failed'] },
  { text: 'JOB-1' },
  { text: 'error', tag: 'vip' },
  { fingerprint: 'f1:none' },
]

export function searchContract(open: Open): void {
  contractTest(
    open,
    'runs are found by each part of a filter, in pages, from either end',
    async (contract) => {
      const { store, now } = contract
      const runs = await readAll(store, await everyState(contract))
      const times: RunFilter[] = [
        { minAgeMs: 5_000 },
        { minAgeMs: 5_000, states: ['failed', 'waiting'] },
        { since: now() - 12_000 },
        {
          since: now() - 12_000,
          before: now() - 4_000,
          states: ['failed', 'cancelled', 'blocked', 'waiting'],
        },
        { before: now() - 9_000, job: 'job-1' },
        { since: now() + 1 },
      ]
      for (const filter of [...filters, ...times]) {
        for (const order of ['newest', 'oldest'] as const) {
          await expectSearch(store, runs, { ...filter, order, limit: 4 }, now())
        }
      }
      await expectSearch(store, runs, { limit: 1 }, now())
    },
  )

  contractTest(
    open,
    'ready, waiting and held runs are found by the duration of their state',
    async (contract) => {
      const { store, now } = contract
      const runs = await readAll(store, await everyState(contract))
      const some: RunFilter[] = [
        { states: ['ready'] },
        { states: ['waiting'] },
        { states: held },
        { states: ['ready', 'waiting', ...held] },
        { states: ['ready', 'waiting'], job: 'job-1' },
        { states: ['ready'], queue: 'odd' },
        { worker: 'one' },
        { states: ['ready', 'waiting', ...held], minAgeMs: 4_500 },
        { states: ['ready', 'waiting', ...held], since: now() - 9_000 },
        { states: ['ready', 'waiting'], tag: 'vip' },
      ]
      for (const filter of some) {
        await expectSearch(store, runs, { ...filter, order: 'longest', limit: 3 }, now())
      }
      await expectSearch(store, runs, { states: ['ready', ...held], order: 'longest', limit: 50 }, now())
      for (const query of [{}, { states: ['ready', 'failed'] as const }, { fingerprint: 'f1:none' }]) {
        await expect(store.runs({ ...query, order: 'longest', limit: 5 })).rejects.toMatchObject({
          code: 'INVALID_OPTIONS',
        })
      }
    },
  )

  contractTest(open, 'any filter finds what a scan of all runs finds', async (contract) => {
    const { store, now } = contract
    const runs = await readAll(store, await everyState(contract))
    const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
      fc.option(arbitrary, { nil: undefined, freq: 2 })
    const query = fc.record({
      states: optional(fc.uniqueArray(fc.constantFrom(...runStates), { minLength: 1, maxLength: 4 })),
      job: optional(fc.constantFrom('job-0', 'job-1')),
      queue: optional(fc.constantFrom('even', 'odd')),
      tag: optional(fc.constantFrom('vip', 'eu')),
      minAgeMs: optional(fc.integer({ min: 0, max: 20_000 })),
      since: optional(fc.integer({ min: now() - 20_000, max: now() })),
      text: optional(fc.constantFrom('1', 'error')),
      order: fc.constantFrom<RunQuery['order']>('newest', 'oldest'),
      limit: fc.integer({ min: 1, max: 9 }),
    })
    await fc.assert(
      fc.asyncProperty(query, async (any) => {
        const given = Object.entries(any).filter(([, value]) => value !== undefined)
        await expectSearch(store, runs, Object.fromEntries(given) as unknown as RunQuery, now())
      }),
      { numRuns: 40 },
    )
  })

  contractTest(open, 'a filter that matches nothing inspects a thousand runs, not all', async ({ store }) => {
    const runs = Array.from({ length: 1_100 }, () => newRun({ tags: ['many'] }))
    await store.enqueue(runs)
    const rare = newRun({ tags: ['many'], job: 'needle' })
    await store.enqueue([rare, ...Array.from({ length: 1_100 }, () => newRun())])
    for (const order of ['newest', 'oldest'] as const) {
      const nothing = { text: 'in no run', order, limit: 10 }
      const first = await store.runs(nothing)
      expect(first).toMatchObject({ runs: [], looked: 1_000, cursor: expect.any(String) })
      expect(await searchAll(store, nothing)).toEqual([])
      const found = await searchAll(store, { text: 'needle', order, limit: 10 })
      expect(found.map(({ id }) => id)).toEqual([rare.id])
    }
    // Job and tag have separate indexes.
    expect(await store.runs({ job: 'needle', limit: 10 })).toMatchObject({
      looked: 1,
      runs: [{ id: rare.id }],
    })
    expect(await store.runs({ job: 'needle', tag: 'many', limit: 10 })).toMatchObject({ looked: 1 })
    const longest = { states: ['ready'] as const, text: 'in no run', order: 'longest' as const, limit: 10 }
    expect(await store.runs(longest)).toMatchObject({ looked: 1_000, cursor: expect.any(String) })
    expect(await searchAll(store, longest)).toEqual([])
  })

  contractTest(open, 'a page of large outputs ends soon after 8 MiB', async ({ store, worker }) => {
    const output = encoded('x'.repeat(900_000))
    await store.enqueue(Array.from({ length: 14 }, () => newRun()))
    const first = await worker()
    for (const run of await first.claim(14)) await first.settle(run, { kind: 'completed', output })
    const page = await store.runs({ limit: 14 })
    expect(page.runs).toHaveLength(10)
    expect(page.cursor).toBeDefined()
  })

  contractTest(open, 'runs of more queues than are read one by one are found in order', async (contract) => {
    const { store, now, advance } = contract
    for (const part of [0, 1, 2]) {
      const runs = Array.from({ length: 220 }, (_, i) =>
        newRun({
          queue: `queue ${(i * 7 + part * 3) % 230}`,
          priority: part,
          job: i % 9 === 0 ? 'rare' : 'job',
          ...(i % 4 === 0 ? { start: { kind: 'in', ms: 600_000 } as const } : {}),
        }),
      )
      await store.enqueue(runs)
      advance(1_000)
    }
    const found = await searchAll(store, { order: 'oldest', limit: 1_000 })
    const runs = await readAll(
      store,
      found.map(({ id }) => id),
    )
    for (const order of ['newest', 'oldest', 'longest'] as const) {
      await expectSearch(store, runs, { states: ['ready'], order, limit: 90 }, now())
      for (const job of ['rare', 'job']) {
        await expectSearch(store, runs, { states: ['ready'], job, order, limit: 90 }, now())
      }
      await expectSearch(store, runs, { states: ['ready'], queue: 'queue 7', order, limit: 90 }, now())
    }
    for (const filter of [{ states: ['scheduled'] as const }, { job: 'rare' }, { queue: 'queue 7' }]) {
      await expectSearch(store, runs, { ...filter, limit: 90 }, now())
    }
  })

  contractTest(open, 'unmoved runs are shown once while others move between pages', async (contract) => {
    const { store, worker, advance } = contract
    const runs = Array.from({ length: 40 }, (_, i) =>
      newRun(i % 2 === 0 ? {} : { start: { kind: 'in', ms: 600_000 } }),
    )
    await store.enqueue(runs)
    const first = await worker()
    for (const order of ['newest', 'oldest', 'longest'] as const) {
      const states: RunState[] = order === 'longest' ? ['ready', 'waiting', ...held] : [...runStates]
      const before = (await searchAll(store, { states, order, limit: 100 })).map(({ id }) => id)
      const moved = new Set<string>()
      const shown: string[] = []
      let cursor: string | undefined
      do {
        const page = await store.runs({ states, order, limit: 5, ...(cursor ? { cursor } : {}) })
        shown.push(...page.runs.map(({ id }) => id))
        cursor = page.cursor
        advance(10)
        const [claimed] = await first.claim(1)
        if (claimed === undefined) continue
        moved.add(claimed.id)
        const pause = { kind: 'retrying', error: plainError, delayMs: 600_000 } as const
        if (shown.length % 10 === 0) await first.settle(claimed, pause)
      } while (cursor !== undefined)
      const stayed = (ids: readonly string[]): string[] => ids.filter((id) => !moved.has(id))
      expect(stayed(shown)).toEqual(stayed(before))
    }
  })

  contractTest(open, 'a cursor belongs to its filter and order, a query is checked', async ({ store }) => {
    await store.enqueue([newRun(), newRun(), newRun()])
    const { cursor = '' } = await store.runs({ states: ['ready'], limit: 1 })
    expect((await store.runs({ states: ['ready'], since: 0, limit: 5, cursor })).runs).toHaveLength(2)
    const wrong: readonly object[] = [
      { states: ['ready'], order: 'oldest', cursor },
      { states: ['ready'], job: 'job', cursor },
      { cursor },
      { cursor: '5' },
      { cursor: `${cursor}-1` },
      { cursor: '' },
      { states: ['gone'] },
      { state: 'ready' },
      { order: 'best' },
      { minAgeMs: -1 },
      { since: Number.NaN },
      { text: '' },
      { limit: 0 },
      { limit: 1_001 },
    ]
    for (const query of wrong) {
      const refused = store.runs({ limit: 5, ...query } as RunQuery)
      await expect(refused, JSON.stringify(query)).rejects.toMatchObject({ code: 'INVALID_OPTIONS' })
    }
  })
}
