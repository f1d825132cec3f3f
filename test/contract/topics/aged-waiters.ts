import { expect } from 'vitest'
import { agedAfter } from '../../../runtime/store/limiters.ts'
import type { NewRun } from '../../../runtime/store/new-run.ts'
import type { ClaimedRun } from '../../../runtime/store/store.ts'
import { acquire, ids, limited, limitedRun, one, two, use } from '../../support/stores/limit-inputs.ts'
import { byHand, done, newRun } from '../../support/stores/store-inputs.ts'
import type { Open } from '../../support/stores/store-under-test.ts'
import { completed, type TestWorker } from '../../support/stores/test-worker.ts'
import { type Contract, contractTest } from '../contract-test.ts'

const longLease = 86_400_000
const all = use(two, { cost: 2 })

export function agedWaitersContract(open: Open): void {
  for (const depth of [130, 1_200]) {
    contractTest(open, `an aged waiter lets an older run pass at place ${depth}`, async (contract) => {
      const older = limitedRun(one, { priority: -5 })
      const { worker, holders, aged } = await behindAged(contract, { before: [older], depth })
      await worker.settle(holders.one, completed)
      const [passed, ...others] = await worker.claim(20)
      expect([passed?.id, others]).toEqual([older.id, []])
      await worker.settle(passed as ClaimedRun, completed)
      expect(await worker.claim(20)).toEqual([])
      await worker.settle(holders.two, completed)
      expect(ids(await worker.claim(20))).toEqual([aged.id])
    })

    contractTest(
      open,
      `an aged waiter lets a run that holds slots pass at place ${depth}`,
      async (contract) => {
        const keeper = limitedRun(one, { priority: -5, use: { key: 'own', wholeRun: true } })
        const { worker, holders } = await behindAged(contract, { after: [keeper], depth })
        const [kept] = await worker.claim()
        await suspendFor(worker, kept as ClaimedRun)
        await worker.settle(holders.one, completed)
        expect(ids(await worker.claim(20))).toEqual([keeper.id])
      },
    )
  }

  contractTest(open, 'an aged waiter lets older runs pass in the order of the waitlist', async (contract) => {
    const before = [-5, 3, -5, -9].map((priority) => limitedRun(one, { priority }))
    const { worker, holders } = await behindAged(contract, { before, depth: 10 })
    const passed: string[] = []
    for (let held = holders.one; passed.length < before.length; ) {
      await worker.settle(held, completed)
      held = await worker.claimOne()
      passed.push(held.id)
    }
    expect(passed).toEqual([before[1], before[0], before[2], before[3]].map((run) => run?.id))
  })

  contractTest(open, 'all older runs pass at once if there is room for all', async (contract) => {
    const worker = await limited(contract, { leaseMs: longLease })
    await contract.store.enqueue([limitedRun(one), limitedRun(two, { use: { cost: 2 } })])
    const [held, holder] = (await worker.claim()) as [ClaimedRun, ClaimedRun]
    const before = [-5, -9].map((priority) => limitedRun(two, { priority }))
    const aged = newRun({ limits: [use(two), use(one)] })
    await contract.store.enqueue([...before, aged])
    contract.advance(agedAfter.waitedMs)
    await contract.store.enqueue(Array.from({ length: 130 }, () => limitedRun(two)))
    await worker.settle(holder, completed)
    expect(ids(await worker.claim(20))).toEqual(ids(before))
    await worker.settle(held, completed)
    expect(await worker.claim(20)).toEqual([])
  })

  contractTest(open, 'an aged step lets other steps of its run pass', async (contract) => {
    const worker = await limited(contract, { leaseMs: longLease })
    await contract.store.enqueue([newRun(), newRun()])
    const [holder, run] = (await worker.claim()) as [ClaimedRun, ClaimedRun]
    await acquire(worker, holder, 'all', [use(two, { cost: 2 })], 1)
    await acquire(worker, holder, 'one', [use(one)], 2)
    await acquire(worker, run, 'a', [use(one), all], 1)
    contract.advance(agedAfter.waitedMs)
    await acquire(worker, run, 'a', [use(one), all], 2)
    await acquire(worker, run, 'b', [use(one)], 3)
    await worker.send({ ...worker.checkpoint(holder, done('one')), limited: true })
    expect(await worker.renew()).toMatchObject({ orders: { granted: [run.id] } })
    expect(await acquire(worker, run, 'b', [use(one)], 4)).toEqual({ kind: 'granted' })
  })

  contractTest(open, 'an aged waiter that can’t be served hides no other', async (contract) => {
    const worker = await limited(contract, { leaseMs: longLease, queues: ['closed', 'default'] })
    await contract.store.enqueue([newRun({ queue: 'closed' })])
    const [unserved] = (await worker.claim()) as [ClaimedRun]
    await contract.store.enqueue([newRun(), newRun(), newRun()])
    const [holder, aged, younger] = (await worker.claim()) as [ClaimedRun, ClaimedRun, ClaimedRun]
    await acquire(worker, holder, 'all', [use(two, { cost: 2 })], 1)
    await acquire(worker, holder, 'one', [use(one)], 2)
    for (const turn of [1, 2]) {
      for (const run of [unserved, aged]) await acquire(worker, run, 'a', [use(one), all], turn)
      contract.advance(agedAfter.waitedMs)
    }
    await contract.store.pauseQueue('closed', byHand())
    await worker.send({ ...worker.checkpoint(holder, done('one')), limited: true })
    expect(await acquire(worker, younger, 'b', [use(one)])).toMatchObject({ kind: 'closed' })
  })

  contractTest(open, 'an aged waiter that holds slots stops no older one', async (contract) => {
    const older = limitedRun(one, { priority: -5 })
    const keeper = limitedRun(one, { use: { key: 'own', wholeRun: true } })
    const { worker, holders } = await behindAged(contract, { before: [older], after: [keeper], depth: 3 })
    const [kept] = await worker.claim()
    await acquire(worker, kept as ClaimedRun, 'call', [use(one), all], 1)
    contract.advance(agedAfter.waitedMs)
    // Aged with this refusal, it is on the waitlist of `one` and will be refused by `two`.
    await suspendFor(worker, kept as ClaimedRun, [use(one), all], 2)
    await worker.settle(holders.one, completed)
    expect(ids(await worker.claim(20))).toEqual([older.id])
  })
}

interface Crowd {
  /** Older than the aged waiter. */
  readonly before?: readonly NewRun[]
  /** Younger than it. */
  readonly after?: readonly NewRun[]
  /** So many younger runs wait for `one`, too. */
  readonly depth: number
}

/** `aged` needs `one` and all of `two`, which `holders` hold; it is old enough, and aged with its next refusal. */
async function behindAged(
  contract: Contract,
  { before = [], after = [], depth }: Crowd,
): Promise<{
  worker: TestWorker
  aged: NewRun
  holders: { readonly one: ClaimedRun; readonly two: ClaimedRun }
}> {
  const worker = await limited(contract, { leaseMs: longLease })
  await contract.store.enqueue([limitedRun(one), newRun({ limits: [all] })])
  const [first, second] = (await worker.claim()) as [ClaimedRun, ClaimedRun]
  const aged = newRun({ limits: [use(one), all] })
  await contract.store.enqueue([...before, aged, ...after])
  const crowd = Array.from({ length: depth }, () => limitedRun(one))
  for (let from = 0; from < depth; from += 500) await contract.store.enqueue(crowd.slice(from, from + 500))
  contract.advance(agedAfter.waitedMs)
  return { worker, aged, holders: { one: first, two: second } }
}

/** Suspends a run in a step that waits for these. */
async function suspendFor(worker: TestWorker, run: ClaimedRun, uses = [use(one)], turn = 1): Promise<void> {
  expect(await acquire(worker, run, 'call', uses, turn)).toMatchObject({ kind: 'closed' })
  const waits = [{ kind: 'limit', path: 'call' }] as const
  expect(await worker.settle(run, { kind: 'waiting', waits })).toMatchObject({ kind: 'settled' })
}
