import { expect } from 'vitest'
import { byHand, done, leaseMs, newRun, newWorker } from '../../support/stores/store-inputs.ts'
import type { Open } from '../../support/stores/store-under-test.ts'
import { completed } from '../../support/stores/test-worker.ts'
import { contractTest } from '../contract-test.ts'

export function leaseContract(open: Open): void {
  contractTest(open, 'a repeated registration returns the same lease', async ({ store, now }) => {
    const worker = newWorker()
    await store.register(worker)
    await store.register(worker)
    expect(await store.workers()).toMatchObject([
      { name: worker.name, startedAt: now(), leaseLeftMs: leaseMs },
    ])
  })

  contractTest(open, 'a renewal extends the lease and records what the worker does', async (contract) => {
    const { store, worker, advance } = contract
    const first = await worker()
    advance(3_000)
    const answer = await store.renew(first.lease, { draining: true })
    expect(answer).toEqual({ kind: 'held', orders: { drain: false, cancel: [], granted: [] } })
    expect(await store.workers()).toMatchObject([{ draining: true, leaseLeftMs: leaseMs, seenAgoMs: 0 }])
  })

  contractTest(open, 'only a registration creates a lease', async ({ store }) => {
    expect(await store.renew('nobody', { draining: false })).toEqual({ kind: 'lost' })
    expect(await store.workers()).toEqual([])
    expect(await store.reconcile('nobody', [])).toBe('lost')
  })

  contractTest(
    open,
    'a resigned worker’s runs are ready at once, with no attempt spent',
    async ({ store, worker }) => {
      await store.enqueue([newRun(), newRun()])
      const [first, second] = [await worker(), await worker()]
      const runs = await first.claim()
      await first.append(runs[0] ?? (await first.claimOne()), done('one'))
      await store.resign(first.lease, [])
      await store.resign(first.lease, [])
      const resumed = await second.claim()
      expect(resumed.map(({ id, attempt, losses }) => [id, attempt, losses])).toEqual(
        runs.map(({ id }) => [id, 1, 0]),
      )
      expect((await store.workers()).map(({ name }) => name)).toEqual([second.name])
      expect(await first.renew()).toEqual({ kind: 'lost' })
    },
  )

  contractTest(
    open,
    'a worker may resign and keep the runs it can’t hand over',
    async ({ store, worker }) => {
      await store.enqueue([newRun(), newRun()])
      const [first, second] = [await worker(), await worker()]
      const [kept, given] = await first.claim()
      if (kept === undefined || given === undefined) throw new Error('two runs were to be claimed')
      await store.resign(first.lease, [kept.id])
      expect((await second.claim()).map(({ id }) => id)).toEqual([given.id])
      expect(await store.run(kept.id)).toMatchObject({ state: 'running' })
      expect(await first.append(kept, done('one'))).toEqual([{ kind: 'stored' }])
      expect(await first.settle(kept, completed)).toEqual({ kind: 'settled', state: 'completed' })
    },
  )

  contractTest(open, 'the next claim of another worker ends an expired lease', async (contract) => {
    const { store, worker, letLeaseExpire } = contract
    await store.enqueue([newRun()])
    const [first, second] = [await worker(), await worker()]
    const run = await first.claimOne()
    await letLeaseExpire(second)
    const resumed = await second.claimOne()
    expect(resumed).toMatchObject({ id: run.id, attempt: 1, losses: 1 })
    expect(resumed.fence).toBeGreaterThan(run.fence)
    expect(await store.history(run.id)).toMatchObject([{ kind: 'lost', worker: first.name }])
  })

  contractTest(open, 'a zombie writes nothing', async ({ store, worker, letLeaseExpire }) => {
    await store.enqueue([newRun()])
    const [zombie, second] = [await worker(), await worker()]
    const run = await zombie.claimOne()
    await letLeaseExpire(second)
    const resumed = await second.claimOne()
    const before = await store.run(run.id)
    expect(await zombie.append(run, done('one'))).toEqual([{ kind: 'gone' }])
    expect(await zombie.settle(run, completed)).toEqual({ kind: 'gone' })
    expect(await zombie.renew()).toEqual({ kind: 'lost' })
    expect(await store.claim(zombie.lease, 9, { max: 1, protected: true, mayAsk: false }, [])).toEqual({
      kind: 'lost',
    })
    expect(await store.readJournal(zombie.lease, run.id, run.fence, 0)).toBe('gone')
    await store.resign(zombie.lease, [])
    expect(await store.run(run.id)).toEqual(before)
    expect(await second.append(resumed, done('one'))).toEqual([{ kind: 'stored' }])
  })

  contractTest(open, 'a renewed lease holds, however long', async ({ store, worker, letLeaseExpire }) => {
    await store.enqueue([newRun()])
    const [first, second] = [await worker(), await worker()]
    const run = await first.claimOne()
    for (let i = 0; i < 3; i++) {
      await letLeaseExpire(first)
      await second.renew()
    }
    expect(await second.claim()).toEqual([])
    expect(await first.settle(run, completed)).toMatchObject({ kind: 'settled' })
  })

  contractTest(
    open,
    'a late renewal of a lease that no worker ended extends it',
    async ({ store, worker, letLeaseExpire }) => {
      await store.enqueue([newRun()])
      const [first, second] = [await worker(), await worker()]
      const run = await first.claimOne()
      await letLeaseExpire(second)
      expect(await first.renew()).toMatchObject({ kind: 'held' })
      expect(await second.claim()).toEqual([])
      expect(await first.settle(run, completed)).toMatchObject({ kind: 'settled' })
    },
  )

  contractTest(open, 'time in which no worker could reach the store ends no lease', async (contract) => {
    const { store, worker, advance } = contract
    await store.enqueue([newRun()])
    const [first, second] = [await worker(), await worker()]
    const run = await first.claimOne()
    advance(3_600_000)
    expect(await second.claim()).toEqual([])
    expect(await first.renew()).toMatchObject({ kind: 'held' })
    expect(await first.settle(run, completed)).toMatchObject({ kind: 'settled' })
    expect(await store.run(run.id)).toMatchObject({ losses: 0 })
  })

  contractTest(open, 'a clock that goes back ends no lease', async ({ store, worker, advance }) => {
    await store.enqueue([newRun()])
    const [first, second] = [await worker(), await worker()]
    const run = await first.claimOne()
    advance(-3_600_000)
    expect(await second.claim()).toEqual([])
    expect(await first.settle(run, completed)).toMatchObject({ kind: 'settled' })
  })

  contractTest(open, 'after a clock went back a dead worker is lost as soon as usual', async (contract) => {
    const { store, worker, advance, letLeaseExpire } = contract
    await store.enqueue([newRun()])
    const [first, second] = [await worker(), await worker()]
    const run = await first.claimOne()
    advance(-3_600_000)
    await second.renew()
    await letLeaseExpire(second)
    expect((await second.claimOne()).id).toBe(run.id)
  })

  contractTest(
    open,
    'a short lease ends among workers with long ones',
    async ({ store, worker, advance }) => {
      await store.enqueue([newRun()])
      const [short, long] = [await worker({ leaseMs: 1_000 }), await worker({ leaseMs: 60_000 })]
      const run = await short.claimOne()
      for (let i = 0; i < 3; i++) {
        advance(2_000)
        await long.renew()
      }
      expect((await long.claimOne()).id).toBe(run.id)
    },
  )

  contractTest(
    open,
    'a worker that still calls keeps its own late lease',
    async ({ store, worker, letLeaseExpire }) => {
      await store.enqueue([newRun()])
      const [first, second] = [await worker(), await worker()]
      const run = await first.claimOne()
      await letLeaseExpire(second)
      expect(await first.claim()).toEqual([])
      expect(await first.settle(run, completed)).toMatchObject({ kind: 'settled' })
    },
  )

  contractTest(open, 'a run that its worker doesn’t know is given back', async ({ store, worker }) => {
    await store.enqueue([newRun(), newRun()])
    const [first, second] = [await worker(), await worker()]
    const [known, unheard] = await first.claim()
    if (known === undefined || unheard === undefined) throw new Error('two runs were to be claimed')
    const held = [{ run: known.id, fence: known.fence }]
    expect(await store.reconcile(first.lease, held)).toEqual({ drop: [] })
    expect(await second.claimOne()).toMatchObject({ id: unheard.id, attempt: 1, losses: 0 })
    expect(await store.run(known.id)).toMatchObject({ state: 'running' })
  })

  contractTest(
    open,
    'so is one of the newest claim, even if the previous claim was repeated last',
    async ({ store, worker }) => {
      await store.enqueue([newRun(), newRun()])
      const first = await worker()
      const { runs: known } = await first.claimReply(1, [], 1)
      const { runs: missed } = await first.claimReply(1, [], 2)
      await first.claimReply(1, [], 1)
      await store.reconcile(
        first.lease,
        known.map(({ id, fence }) => ({ run: id, fence })),
      )
      expect((await store.run(missed[0]?.id ?? ''))?.state).toBe('ready')
    },
  )

  contractTest(
    open,
    'a run that only its worker believes to hold is to be dropped',
    async ({ store, worker }) => {
      await store.enqueue([newRun()])
      const [first, second] = [await worker(), await worker()]
      const old = await first.claimOne()
      await first.settle(old, { kind: 'released' })
      await second.claimOne()
      const held = [{ run: old.id, fence: old.fence }]
      expect(await store.reconcile(first.lease, held)).toEqual({ drop: [old.id] })
      expect(await store.reconcile(first.lease, held)).toEqual({ drop: [old.id] })
    },
  )

  contractTest(open, 'a drain order stands until the worker resigns', async ({ store, worker }) => {
    await store.enqueue([newRun(), newRun()])
    const first = await worker()
    const run = await first.claimOne()
    const write = byHand()
    await store.drainWorker(first.name, write)
    await store.drainWorker(first.name, write)
    expect(await first.renew()).toMatchObject({ orders: { drain: true } })
    expect(await first.claimReply()).toMatchObject({ runs: [], orders: { drain: true } })
    const answer = await store.commit(first.lease, [first.checkpoint(run, done('one'))])
    expect(answer).toMatchObject({ answers: [{ kind: 'stored' }], orders: { drain: true } })
    await expect(store.drainWorker('nobody', byHand())).rejects.toMatchObject({ code: 'RUN_STATE' })
  })

  contractTest(open, 'a drain order persists in the next lease of its process', async ({ store, worker }) => {
    await store.enqueue([newRun()])
    const first = await worker({ draining: true })
    expect(await first.claimReply()).toMatchObject({ runs: [], orders: { drain: true } })
  })
}
