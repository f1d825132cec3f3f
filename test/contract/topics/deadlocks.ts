import { expect } from 'vitest'
import type { LimitUse } from '../../../runtime/model/limit-use.ts'
import { deadlockCheck } from '../../../runtime/store/deadlock-check.ts'
import { findDeadlocks } from '../../../runtime/store/deadlocks.ts'
import type { ClaimedRun } from '../../../runtime/store/store.ts'
import { type SuspendedRun, waitGraphLimits } from '../../../runtime/store/wait-graph.ts'
import { acquire, ids, limited, one, two, use, window } from '../../support/stores/limit-inputs.ts'
import { byHand, done, newRun, waiting } from '../../support/stores/store-inputs.ts'
import type { Open } from '../../support/stores/store-under-test.ts'
import { completed, type TestWorker } from '../../support/stores/test-worker.ts'
import { type Contract, contractTest } from '../contract-test.ts'

const longLease = 86_400_000

/** A key of `one`, for the whole run or for a step. */
const kept = (key: string): LimitUse => use(one, { key, wholeRun: true })
const asked = (key: string): LimitUse => use(one, { key })

export function deadlocksContract(open: Open): void {
  for (const size of [2, 3, 7]) {
    contractTest(
      open,
      `${size} runs that wait for each other are found from each of them`,
      async (contract) => {
        const keys = Array.from({ length: size }, (_, i) => `key ${i}`)
        const { worker, runs } = await holding(contract, keys.map(kept))
        for (const [i, run] of runs.entries()) {
          expect(await foundFrom(contract)).toEqual([])
          await suspendIn(worker, run, [asked(keys[(i + 1) % size] ?? '')])
        }
        const expected = [
          runs.map(({ id }, i) => ({
            ...{ id, path: 'call', limiter: 'one', key: keys[(i + 1) % size] },
            waitsFor: [runs[(i + 1) % size]?.id],
            holds: [{ limiter: 'one', key: keys[i], weight: 1 }],
          })),
        ]
        expect(await foundFrom(contract)).toEqual(expected)
        for (const { id } of runs) expect(await foundFrom(contract, id)).toEqual(expected)
        // A run that ends lets the others continue.
        await contract.store.cancel(runs[0]?.id ?? '', byHand())
        expect(await foundFrom(contract)).toEqual([])
        expect(ids(await worker.claim())).toEqual([runs.at(-1)?.id])
      },
    )
  }

  contractTest(open, 'a holder that runs or sleeps is no deadlock', async (contract) => {
    const { worker, runs } = await holding(contract, [kept('a'), kept('b')])
    const [first, second] = runs as [ClaimedRun, ClaimedRun]
    await suspendIn(worker, first, [asked('b')])
    // It runs, with a step on the waitlist.
    await acquire(worker, second, 'call', [asked('a')])
    expect(await foundFrom(contract, first.id)).toEqual([])
    // It sleeps meanwhile.
    await worker.append(second, waiting('nap', 60_000))
    const waits = [
      { kind: 'limit', path: 'call' },
      { kind: 'time', path: 'nap', position: 1 },
    ] as const
    expect(await worker.settle(second, { kind: 'waiting', waits })).toMatchObject({ state: 'waiting' })
    expect(await foundFrom(contract)).toEqual([])
    expect(await foundFrom(contract, first.id)).toEqual([])
  })

  contractTest(open, 'with room for two, both holders must wait', async (contract) => {
    const of = (key: string, wholeRun = true) => use(two, { key, wholeRun })
    const { worker, runs } = await holding(contract, [of('a'), of('a'), kept('b')])
    const [first, second, third] = runs as [ClaimedRun, ClaimedRun, ClaimedRun]
    await suspendIn(worker, first, [asked('b')])
    await suspendIn(worker, third, [of('a', false)])
    expect(await foundFrom(contract)).toEqual([])
    await suspendIn(worker, second, [asked('b')])
    const [deadlock, ...others] = await foundFrom(contract)
    expect(others).toEqual([])
    expect(deadlock?.map(({ id }) => id).sort()).toEqual(ids(runs).sort())
    expect(deadlock?.find(({ id }) => id === third.id)?.waitsFor).toEqual([first.id, second.id].sort())
  })

  contractTest(open, 'a step that can continue, and a rate, are no deadlock', async (contract) => {
    const { worker, runs } = await holding(contract, [kept('a'), kept('b'), kept('c')])
    const [first, second, third] = runs as [ClaimedRun, ClaimedRun, ClaimedRun]
    await suspendIn(worker, first, [asked('b')])
    // Two steps at a time: the one that waits for the third run will continue.
    expect(await acquire(worker, second, 'other', [asked('c')], 1)).toMatchObject({ kind: 'closed' })
    await suspendIn(worker, second, [asked('a')], ['other'])
    expect(await foundFrom(contract)).toEqual([])
    // It waits for its rate alone.
    await acquire(worker, third, 'full', [use(window, { cost: 2 })], 1)
    await worker.send({ ...worker.checkpoint(third, done('full')), limited: true })
    await suspendIn(worker, third, [use(window)])
    expect(await foundFrom(contract)).toEqual([])
    expect(await foundFrom(contract, second.id)).toEqual([])
  })

  contractTest(open, 'a run behind a deadlock reports it', async (contract) => {
    const { worker, runs } = await holding(contract, [kept('a'), kept('b')])
    const [first, second] = runs as [ClaimedRun, ClaimedRun]
    await suspendIn(worker, first, [asked('b')])
    await suspendIn(worker, second, [asked('a')])
    const [behind, elsewhere] = [newRun({ limits: [asked('a')] }), newRun({ limits: [asked('c')] })]
    await contract.store.enqueue([behind, elsewhere])
    expect((await foundFrom(contract, behind.id)).map((deadlock) => ids(deadlock))).toEqual([ids(runs)])
    expect(await foundFrom(contract, elsewhere.id)).toEqual([])
    expect(await foundFrom(contract, 'nobody')).toEqual([])
  })

  contractTest(open, 'a waiter behind one that waits for it is in the deadlock', async (contract) => {
    const { worker, runs } = await holding(contract, [use(two, { wholeRun: true }), kept('b')])
    const [first, second] = runs as [ClaimedRun, ClaimedRun]
    // It needs more than is free, and those behind it need less.
    const head = newRun({ limits: [use(two, { cost: 2 })], priority: 5 })
    await contract.store.enqueue([head])
    await suspendIn(worker, second, [use(two)])
    expect(await foundFrom(contract)).toEqual([])
    await suspendIn(worker, first, [asked('b')])
    const [deadlock] = await foundFrom(contract)
    expect(deadlock?.map(({ id }) => id).sort()).toEqual([...ids(runs), head.id].sort())
  })

  contractTest(
    open,
    'steps of a suspended run that wait for the same limit are read as one',
    async (contract) => {
      const { worker, runs } = await holding(contract, [kept('a'), kept('b')])
      const [first, second] = runs as [ClaimedRun, ClaimedRun]
      const steps = Array.from({ length: waitGraphLimits.waits + 10 }, (_, i) => `step ${i}`)
      for (const [i, step] of steps.entries()) await acquire(worker, first, step, [asked('b')], i + 1)
      await suspendIn(worker, first, [asked('b')], steps, 1_000)
      await suspendIn(worker, second, [asked('a')])
      expect(await foundFrom(contract)).toHaveLength(1)
    },
  )

  contractTest(open, 'a scan reads a part, and the next one continues there', async (contract) => {
    const pairs = waitGraphLimits.starts + 3
    const keys = Array.from({ length: 2 * pairs }, (_, i) => `key ${i}`)
    const { worker, runs } = await holding(contract, keys.map(kept))
    for (const [i, run] of runs.entries()) await suspendIn(worker, run, [asked(keys[i ^ 1] ?? '')])
    const found = new Set<string>()
    let pages = 0
    for (let after: string | undefined; pages === 0 || after !== undefined; pages++) {
      const graph = await contract.store.waitGraph(after === undefined ? {} : { after })
      expect(graph.runs.length).toBeLessThanOrEqual(2 * waitGraphLimits.starts)
      for (const deadlock of findDeadlocks(graph)) found.add(ids(deadlock.runs).join())
      after = graph.next
    }
    expect([pages, found.size]).toEqual([Math.ceil((2 * pairs) / waitGraphLimits.starts), pairs])
    expect(await deadlockCheck(contract.store)).toMatchObject({
      verdict: 'fault',
      found: expect.stringMatching(new RegExp(`; and ${pairs - 5} more deadlocks$`)),
    })
  })

  contractTest(open, 'a scan reads a bounded number of runs', async (contract) => {
    const size = waitGraphLimits.runs + 20
    const keys = Array.from({ length: size }, (_, i) => `key ${i}`)
    const { worker, runs } = await holding(contract, keys.map(kept))
    for (const [i, run] of runs.entries()) await suspendIn(worker, run, [asked(keys[(i + 1) % size] ?? '')])
    const graph = await contract.store.waitGraph({ run: runs[0]?.id ?? '' })
    expect(graph.runs).toHaveLength(waitGraphLimits.runs)
    // A run that was not read counts as able to continue.
    expect(findDeadlocks(graph)).toEqual([])
  })

  contractTest(open, 'held and awaited limits of a run are read in one form', async (contract) => {
    const { worker, runs } = await holding(contract, [kept('a'), kept('b')])
    const [first, second] = runs as [ClaimedRun, ClaimedRun]
    await suspendIn(worker, first, [asked('b'), use(window), use(two, { cost: 9 })])
    const expected: SuspendedRun = {
      id: first.id,
      holds: [{ limiter: 'one', key: 'a', weight: 1 }],
      waits: [
        {
          path: 'call',
          needs: [
            { limiter: 'one', key: 'b', weight: 1, max: 1 },
            { limiter: 'two', key: '', weight: 2, max: 2 },
          ],
        },
      ],
    }
    expect(await contract.store.waitGraph({})).toEqual({ runs: [expected] })
    expect(await contract.store.waitGraph({ run: first.id })).toEqual({ runs: [expected] })
    // It runs.
    expect(await contract.store.waitGraph({ run: second.id })).toEqual({ runs: [] })
    await worker.settle(second, completed)
    expect(await contract.store.waitGraph({})).toEqual({ runs: [] })
  })
}

/** Runs that have started, each with one use. */
async function holding(
  contract: Contract,
  uses: readonly LimitUse[],
): Promise<{ worker: TestWorker; runs: readonly ClaimedRun[] }> {
  const worker = await limited(contract, { leaseMs: longLease, concurrency: uses.length })
  const prefix = `run-${'0'.repeat(3)}`
  const all = uses.map((each, i) => newRun({ id: `${prefix}${1_000 + i}`, limits: [each] }))
  await contract.store.enqueue(all)
  const runs: ClaimedRun[] = []
  while (runs.length < all.length) runs.push(...(await worker.claim(100)))
  expect(ids(runs)).toEqual(ids(all))
  return { worker, runs }
}

/** Suspends a run in the step 'call', and in others that wait already. */
async function suspendIn(
  worker: TestWorker,
  run: ClaimedRun,
  uses: LimitUse[],
  others: readonly string[] = [],
  turn = 10,
): Promise<void> {
  expect(await acquire(worker, run, 'call', uses, turn)).toMatchObject({ kind: 'closed' })
  const waits = ['call', ...others].map((path) => ({ kind: 'limit', path }) as const)
  expect(await worker.settle(run, { kind: 'waiting', waits })).toEqual({ kind: 'settled', state: 'waiting' })
}

async function foundFrom({ store }: Contract, run?: string) {
  const graph = await store.waitGraph(run === undefined ? {} : { run })
  return findDeadlocks(graph, run).map(({ runs }) => runs)
}
