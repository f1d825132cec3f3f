import { expect } from 'vitest'
import { crowdedMs, maxWaitingSteps } from '../../../runtime/store/limiters.ts'
import type { ClaimedRun } from '../../../runtime/store/store.ts'
import {
  acquire,
  ids,
  limited,
  limitedRun,
  one,
  points,
  two,
  use,
  window,
} from '../../support/stores/limit-inputs.ts'
import { done, newRun, plainError, waiting } from '../../support/stores/store-inputs.ts'
import type { Open } from '../../support/stores/store-under-test.ts'
import { completed, type TestWorker } from '../../support/stores/test-worker.ts'
import { type Contract, contractTest } from '../contract-test.ts'

export function stepLimitsContract(open: Open): void {
  contractTest(open, 'a step takes its limits and its stored end releases them', async (contract) => {
    const { worker, a, b } = await twoHeld(contract)
    expect(await acquire(worker, a, 'call', [use(one)])).toEqual({ kind: 'granted' })
    expect(await acquire(worker, a, 'call', [use(one)])).toEqual({ kind: 'granted' })
    expect(await acquire(worker, b, 'call', [use(one)])).toMatchObject({ kind: 'closed', limiter: 'one' })
    expect((await contract.store.limiterKeys('one', 10))[0]?.first).toEqual({ run: b.id })
    const end = { ...worker.checkpoint(a, done('call')), limited: true } as const
    const { orders } = await contract.store.commit(worker.lease, [end])
    expect(orders.granted).toEqual([b.id])
    expect(await acquire(worker, b, 'call', [use(one)])).toEqual({ kind: 'granted' })
    const renewed = await worker.renew()
    expect(renewed).toMatchObject({ orders: { granted: [] } })
    // A late repeat of the end releases nothing that belongs to another step.
    await contract.store.commit(worker.lease, [end])
    expect(await contract.store.limiterKeys('one', 10)).toMatchObject([{ used: 1 }])
  })

  contractTest(open, 'a suspended run is woken when its step may continue', async (contract) => {
    const { worker, a, b } = await oneHoldsOneWaits(contract)
    const waits = [{ kind: 'limit', path: 'call' }] as const
    expect(await worker.settle(b, { kind: 'waiting', waits })).toEqual({ kind: 'settled', state: 'waiting' })
    expect(await contract.store.run(b.id)).toMatchObject({ waitingFor: { kind: 'limit', name: 'one' } })
    await worker.send({ ...worker.checkpoint(a, done('call')), limited: true })
    const again = await worker.claimOne()
    expect(again.id).toBe(b.id)
    expect(await acquire(worker, again, 'call', [use(one)])).toEqual({ kind: 'granted' })
  })

  contractTest(
    open,
    'a suspension that arrives after the limit opened continues at once',
    async (contract) => {
      const { worker, a, b } = await oneHoldsOneWaits(contract)
      await worker.send({ ...worker.checkpoint(a, done('call')), limited: true })
      const waits = [{ kind: 'limit', path: 'call' }] as const
      expect(await worker.settle(b, { kind: 'waiting', waits })).toEqual({ kind: 'continue' })
    },
  )

  contractTest(
    open,
    'a run has a bounded number of limited steps at a time; a further one repeats its request',
    async (contract) => {
      const worker = await limited(contract)
      await contract.store.enqueue([newRun()])
      const run = await worker.claimOne()
      for (let i = 0; i <= maxWaitingSteps; i++) {
        const answer = await acquire(worker, run, `call[${i}]`, [use(one)], i + 1)
        expect(answer.kind).toBe(i === 0 ? 'granted' : 'closed')
      }
      const more = await acquire(worker, run, 'one more', [use(two)], 1_000)
      expect(more).toEqual({ kind: 'closed', limiter: 'two', opensInMs: crowdedMs })
      await worker.send({ ...worker.checkpoint(run, done('call[0]')), limited: true })
      expect(await acquire(worker, run, 'one more', [use(two)], 1_001)).toEqual({ kind: 'granted' })
    },
  )

  contractTest(open, 'an order to repeat a request ends with the execution', async (contract) => {
    const { worker, a, b } = await oneHoldsOneWaits(contract)
    await worker.send({ ...worker.checkpoint(a, done('call')), limited: true })
    expect(await worker.renew()).toMatchObject({ orders: { granted: [b.id] } })
    await worker.settle(b, { kind: 'released' })
    expect((await worker.claimOne()).id).toBe(b.id)
    expect(await worker.renew()).toMatchObject({ orders: { granted: [] } })
  })

  contractTest(
    open,
    'a step’s slot is freed with the execution, its rate stays charged',
    async (contract) => {
      const worker = await limited(contract)
      await contract.store.enqueue([newRun()])
      const run = await worker.claimOne()
      await acquire(worker, run, 'call', [use(one), use(window)])
      await worker.settle(run, { kind: 'released' })
      expect((await contract.store.limiterKeys('one', 10)).map(({ used }) => used)).not.toContain(1)
      const again = await worker.claimOne()
      expect(await acquire(worker, again, 'call', [use(one), use(window)])).toEqual({ kind: 'granted' })
      expect(await contract.store.limiterKeys('window', 10)).toMatchObject([{ used: 1 }])
      expect(await acquire(worker, run, 'call', [use(one)])).toEqual({ kind: 'gone' })
    },
  )

  contractTest(open, 'a provider’s "too many" closes the keys for all runs', async (contract) => {
    const { worker, a, b } = await twoHeld(contract)
    await acquire(worker, a, 'call', [use(two)])
    const turn = { run: a.id, fence: a.fence, path: 'call', turn: 1 }
    expect(await contract.store.closeKeys(worker.lease, { ...turn, closedMs: 5_000 })).toBe('closed')
    contract.advance(1_000)
    // The repeat after a lost reply closes nothing again.
    expect(await contract.store.closeKeys(worker.lease, { ...turn, closedMs: 5_000 })).toBe('closed')
    expect(await acquire(worker, b, 'call', [use(two)])).toMatchObject({ kind: 'closed', opensInMs: 4_000 })
    expect(await acquire(worker, b, 'other key', [use(two, { key: 'k' })], 2)).toEqual({ kind: 'granted' })
    contract.advance(4_000)
    expect(await acquire(worker, b, 'call', [use(two)])).toEqual({ kind: 'granted' })
    expect(await acquire(worker, a, 'call', [use(two)], 2)).toEqual({ kind: 'granted' })
  })

  contractTest(open, 'a corrected cost replaces the estimate', async (contract) => {
    const worker = await limited(contract)
    await contract.store.enqueue([newRun()])
    const run = await worker.claimOne()
    await acquire(worker, run, 'call', [use(points, { cost: 2 })])
    const turn = { run: run.id, fence: run.fence, path: 'call', turn: 1, limiter: 'points' }
    for (let i = 0; i < 2; i++) {
      expect(await contract.store.correctCost(worker.lease, { ...turn, cost: 9, correction: 1 })).toBe(
        'corrected',
      )
      expect(await contract.store.limiterKeys('points', 10)).toMatchObject([{ used: 9, max: 10 }])
    }
    await contract.store.correctCost(worker.lease, { ...turn, cost: 1, correction: 2 })
    expect(await contract.store.limiterKeys('points', 10)).toMatchObject([{ used: 1 }])
  })

  contractTest(open, 'a holder of a slot for its whole run does not wait for itself', async (contract) => {
    const worker = await limited(contract)
    await contract.store.enqueue([limitedRun(one)])
    const run = await worker.claimOne()
    expect(await acquire(worker, run, 'call', [use(one)])).toEqual({ kind: 'granted' })
  })

  contractTest(open, 'a late older correction changes nothing', async (contract) => {
    const worker = await limited(contract)
    await contract.store.enqueue([newRun()])
    const run = await worker.claimOne()
    await acquire(worker, run, 'call', [use(points, { cost: 5 })])
    const turn = { run: run.id, fence: run.fence, path: 'call', turn: 1, limiter: 'points' }
    for (const [cost, correction] of [
      [0, 1],
      [9, 2],
      [0, 1],
    ] as const) {
      await contract.store.correctCost(worker.lease, { ...turn, cost, correction })
    }
    expect(await contract.store.limiterKeys('points', 10)).toMatchObject([{ used: 9 }])
  })

  contractTest(open, 'a true cost is charged even if the estimate is long gone', async (contract) => {
    const worker = await limited(contract)
    await contract.store.enqueue([newRun()])
    const run = await worker.claimOne()
    await acquire(worker, run, 'call', [use(points)])
    contract.advance(120_000)
    await contract.store.sweep(100)
    const turn = { run: run.id, fence: run.fence, path: 'call', turn: 1, limiter: 'points' }
    await contract.store.correctCost(worker.lease, { ...turn, cost: 10, correction: 1 })
    expect(await contract.store.limiterKeys('points', 10)).toMatchObject([{ used: 9 }])
  })

  contractTest(open, 'a late repeat of an acquire for an ended step takes nothing', async (contract) => {
    const { worker, a, b } = await twoHeld(contract)
    await acquire(worker, a, 'call', [use(one), use(window)])
    await worker.send({ ...worker.checkpoint(a, done('call')), limited: true })
    expect(await acquire(worker, a, 'call', [use(one), use(window)])).toMatchObject({
      kind: 'closed',
      opensInMs: 0,
    })
    expect(await acquire(worker, b, 'call', [use(one)])).toEqual({ kind: 'granted' })
    expect(await contract.store.limiterKeys('window', 10)).toMatchObject([{ used: 1 }])
  })

  contractTest(open, 'a waitlist position does not cut short a pause before a retry', async (contract) => {
    const { worker, a, b } = await oneHoldsOneWaits(contract)
    await worker.settle(b, { kind: 'retrying', error: plainError, delayMs: 60_000 })
    await worker.send({ ...worker.checkpoint(a, done('call')), limited: true })
    await worker.settle(a, completed)
    expect(await worker.claim()).toEqual([])
    contract.advance(60_000)
    expect((await worker.claimOne()).id).toBe(b.id)
  })

  for (const [why, outcome] of [
    ['is blocked', { kind: 'blocked', reason: 'why', digest: 'first' }],
    ['sleeps on', { kind: 'waiting', waits: [{ kind: 'time', path: 'rest', position: 1 }] }],
  ] as const) {
    contractTest(
      open,
      `a run whose step was refused for long and that ${why} keeps no run out`,
      async (contract) => {
        const worker = await limited(contract)
        await contract.store.enqueue([newRun(), newRun()])
        const [a, b] = (await worker.claim()) as [ClaimedRun, ClaimedRun]
        await acquire(worker, a, 'call', [use(one)])
        await acquire(worker, b, 'call', [use(one), use(two)])
        for (let at = 0; at < 4; at++) {
          contract.advance(3_000)
          await worker.renew()
        }
        await acquire(worker, b, 'call', [use(one), use(two)], 2)
        await worker.settle(b, { kind: 'waiting', waits: [{ kind: 'limit', path: 'call' }] })
        await worker.send({ ...worker.checkpoint(a, done('call')), limited: true })
        await worker.settle(a, completed)
        const again = await worker.claimOne()
        await worker.append(again, waiting('rest', 3_600_000))
        await worker.settle(again, outcome)
        const young = limitedRun(one)
        await contract.store.enqueue([young])
        contract.advance(1_000)
        expect(ids(await worker.claim())).toEqual([young.id])
      },
    )
  }
}

interface TwoHeld {
  readonly worker: TestWorker
  readonly a: ClaimedRun
  readonly b: ClaimedRun
}

/** A worker holds two runs. */
async function twoHeld(contract: Contract): Promise<TwoHeld> {
  const worker = await limited(contract)
  await contract.store.enqueue([newRun(), newRun()])
  const [a, b] = (await worker.claim()) as [ClaimedRun, ClaimedRun]
  return { worker, a, b }
}

/** The step `call` of `a` holds the only slot of `one`, that of `b` is on its waitlist. */
async function oneHoldsOneWaits(contract: Contract): Promise<TwoHeld> {
  const held = await twoHeld(contract)
  const { worker, a, b } = held
  await acquire(worker, a, 'call', [use(one)])
  await acquire(worker, b, 'call', [use(one)])
  return held
}
