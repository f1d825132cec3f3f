import { expect } from 'vitest'
import type { RunFilter } from '../../../runtime/store/run-filter.ts'
import type { ClaimedRun, Store } from '../../../runtime/store/store.ts'
import { acquire, ids, limited, limitedRun, one, two, use } from '../../support/stores/limit-inputs.ts'
import { byHand, newRun, waiting } from '../../support/stores/store-inputs.ts'
import type { Open } from '../../support/stores/store-under-test.ts'
import { completed } from '../../support/stores/test-worker.ts'
import { type Contract, contractTest } from '../contract-test.ts'
import { searchAll } from '../expect-search.ts'

/** Runs that wait for several keys of two limiters, with different priorities, beside runs that wait for none. */
async function waiters(contract: Contract) {
  const { store, advance } = contract
  const jobs = ['job', 'odd'].map((name) => ({ name, version: 1, queue: 'default', digest: 'first' }))
  const worker = await limited(contract, { jobs })
  const holders = ['a', 'b'].map((key) => limitedRun(one, { use: { key } }))
  await store.enqueue([...holders, limitedRun(two, { use: { cost: 2 } }), newRun(), newRun()])
  const held = await worker.claim(5)
  const of: Record<'a' | 'b' | 'two', string[]> = { a: [], b: [], two: [] }
  for (let n = 0; n < 12; n++) {
    const key = n % 3 === 0 ? 'a' : n % 3 === 1 ? 'b' : 'two'
    const limit = key === 'two' ? use(two) : use(one, { key })
    const run = newRun({ priority: n % 4, job: n % 2 === 0 ? 'job' : 'odd', limits: [limit] })
    of[key].push(run.id)
    await store.enqueue([run, newRun({ queue: 'quiet' })])
    advance(10)
  }
  const [, , , inSlot, free] = held
  // Two steps of one run wait in its slot: it is one run of the list.
  for (const [i, path] of ['x', 'y'].entries()) {
    await acquire(worker, inSlot as ClaimedRun, path, [use(one, { key: 'a' })], i + 1)
  }
  return { worker, held, inSlot: inSlot as ClaimedRun, free: free as ClaimedRun, of }
}

async function found(store: Store, filter: RunFilter, limit = 100): Promise<string[]> {
  return ids(await searchAll(store, { ...filter, order: 'oldest', limit }))
}

export function limiterSearchContract(open: Open): void {
  contractTest(open, 'runs on the waitlists of a limiter, of all its keys or of one', async (contract) => {
    const { store } = contract
    const { inSlot, of } = await waiters(contract)
    const inOrder = [...of.a, ...of.b].toSorted((a, b) => Number(a.slice(4)) - Number(b.slice(4)))
    for (const limit of [1, 3, 100]) {
      expect(await found(store, { limiter: 'one' }, limit)).toEqual([inSlot.id, ...inOrder])
      expect(await found(store, { limiter: 'one', limitKey: 'a' }, limit)).toEqual([inSlot.id, ...of.a])
      expect(await found(store, { limiter: 'one', limitKey: 'b' }, limit)).toEqual(of.b)
    }
    expect(await found(store, { limiter: 'two', limitKey: '' })).toEqual(of.two)
    expect(await found(store, { limiter: 'one', limitKey: 'c' })).toEqual([])
    expect(await found(store, { limiter: 'on' })).toEqual([])
    const newest = await searchAll(store, { limiter: 'one', limit: 2 })
    expect(ids(newest)).toEqual([...inOrder.toReversed(), inSlot.id])
  })

  contractTest(open, 'with other parts of a filter, and by the longest wait', async (contract) => {
    const { store } = contract
    const { worker, inSlot, of } = await waiters(contract)
    expect(await found(store, { limiter: 'one', states: ['running'] })).toEqual([inSlot.id])
    expect(await found(store, { limiter: 'one', states: ['ready', 'completed'] })).toEqual([])
    expect(await found(store, { limiter: 'one', worker: worker.name })).toEqual([inSlot.id])
    const evenOfB = of.b.filter((_, i) => (3 * i + 1) % 2 === 0)
    expect(await found(store, { limiter: 'one', limitKey: 'b', job: 'job' })).toEqual(evenOfB)
    const longest = await searchAll(store, { limiter: 'one', limitKey: 'a', order: 'longest', limit: 2 })
    expect(ids(longest)).toEqual([inSlot.id, ...of.a])
  })

  contractTest(open, 'a run that no longer waits is not found', async (contract) => {
    const { store } = contract
    const { worker, held, inSlot, of } = await waiters(contract)
    const [holderOfA, holderOfB] = held as [ClaimedRun, ClaimedRun]
    await store.cancel(of.b[0] ?? '', byHand())
    expect(await found(store, { limiter: 'one', limitKey: 'b' })).toEqual(of.b.slice(1))
    await worker.settle(inSlot, completed)
    expect(await found(store, { limiter: 'one', limitKey: 'a' })).toEqual(of.a)
    await worker.settle(holderOfB, completed)
    const left = await found(store, { limiter: 'one', limitKey: 'b' })
    expect(left).toHaveLength(of.b.length - 2)
    await worker.settle(holderOfA, completed)
  })

  contractTest(open, 'a run that waits with several steps is found once', async (contract) => {
    const { store } = contract
    const worker = await limited(contract)
    await store.enqueue([limitedRun(one, { use: { key: 'a' } }), newRun()])
    const [, run] = (await worker.claim(2)) as [ClaimedRun, ClaimedRun]
    for (const [i, path] of ['x', 'y', 'z'].entries()) {
      await acquire(worker, run, path, [use(one, { key: 'a' })], i + 1)
    }
    for (const filter of [{ limiter: 'one' }, { limiter: 'one', limitKey: 'a' }]) {
      expect(await found(store, filter)).toEqual([run.id])
      expect(await found(store, filter, 1)).toEqual([run.id])
    }
  })

  contractTest(
    open,
    'no run is left out if some wait with many steps, by different priorities',
    async (contract) => {
      const { store } = contract
      const worker = await limited(contract, { concurrency: 30 })
      const holders = ['a', 'b'].map((key) => limitedRun(one, { use: { key } }))
      const inSlots = Array.from({ length: 24 }, (_, n) => newRun({ priority: n % 3 }))
      await store.enqueue([...holders, ...inSlots])
      const claimed = new Map((await worker.claim(26)).map((run) => [run.id, run]))
      for (const [n, { id }] of inSlots.entries()) {
        const steps = n < 4 ? 12 : 1
        for (let turn = 1; turn <= steps; turn++) {
          const key = turn % 2 === 0 ? 'a' : 'b'
          await acquire(worker, claimed.get(id) as ClaimedRun, `step-${turn}`, [use(one, { key })], turn)
        }
      }
      const all = inSlots.map(({ id }) => id)
      for (const limit of [5, 20]) {
        expect(await found(store, { limiter: 'one' }, limit)).toEqual(all)
        const newest = await searchAll(store, { limiter: 'one', limit })
        expect(ids(newest)).toEqual(all.toReversed())
      }
      expect(await found(store, { limiter: 'one', limitKey: 'b' }, 20)).toEqual(all)
    },
  )

  contractTest(open, 'a ready run whose step is on a waitlist is found, too', async (contract) => {
    const { store, advance } = contract
    const worker = await limited(contract)
    await store.enqueue([limitedRun(one, { use: { key: 'a' } }), newRun()])
    const [, run] = (await worker.claim(2)) as [ClaimedRun, ClaimedRun]
    await acquire(worker, run, 'call', [use(one, { key: 'a' })])
    await worker.append(run, waiting('rest', 60_000))
    const waits = [
      { kind: 'time', path: 'rest', position: 1 },
      { kind: 'limit', path: 'call' },
    ] as const
    await worker.settle(run, { kind: 'waiting', waits })
    advance(60_000)
    await worker.claim(0)
    expect(await store.run(run.id)).toMatchObject({ state: 'ready' })
    expect(await found(store, { limiter: 'one' })).toEqual([run.id])
    expect(await found(store, { limiter: 'one', limitKey: 'a' })).toEqual([run.id])
  })

  contractTest(open, 'a key without a limiter is refused', async ({ store }) => {
    await expect(store.runs({ limitKey: 'a', limit: 1 })).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      message: "runs: limitKey 'a' is a key of a limiter; name the limiter, too",
    })
  })
}
