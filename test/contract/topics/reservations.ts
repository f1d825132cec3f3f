import { expect } from 'vitest'
import { agedAfter, reservationMs } from '../../../runtime/store/limiters.ts'
import type { NewRun } from '../../../runtime/store/new-run.ts'
import { acquire, ids, limited, limitedRun, one, two, use } from '../../support/stores/limit-inputs.ts'
import { byHand, newRun } from '../../support/stores/store-inputs.ts'
import type { Open } from '../../support/stores/store-under-test.ts'
import { completed, type TestWorker } from '../../support/stores/test-worker.ts'
import { type Contract, contractTest } from '../contract-test.ts'

const longLease = 86_400_000

interface NotTaken {
  readonly why: string
  /** The fields in which the run differs. */
  readonly run?: Partial<NewRun>
  /** Before the run could be taken: now no worker takes it. */
  readonly prepare?: (contract: Contract) => Promise<unknown>
}

/** Why a run that could start is taken by no worker. */
const notTaken: readonly NotTaken[] = [
  {
    why: 'its queue is paused',
    run: { queue: 'closed' },
    prepare: ({ store }) => store.pauseQueue('closed', byHand()),
  },
  { why: 'no worker serves its queue', run: { queue: 'not served' } },
  { why: 'no worker knows its job', run: { job: 'unknown' } },
  { why: 'every worker has older code of its job', run: { version: 2 } },
  {
    why: 'the only worker that serves its queue was ordered to drain',
    run: { queue: 'slow' },
    prepare: async ({ store, worker }) => {
      const slow = await worker({ queues: ['slow'], leaseMs: longLease })
      await store.drainWorker(slow.name, byHand())
    },
  },
  {
    why: 'the only worker that serves its queue drains by itself',
    run: { queue: 'slow' },
    prepare: async ({ store, worker }) => {
      const slow = await worker({ queues: ['slow'], leaseMs: longLease })
      await store.renew(slow.lease, { draining: true })
    },
  },
]

export function reservationsContract(open: Open): void {
  for (const { why, run: over, prepare } of notTaken) {
    contractTest(open, `an open key is not reserved for a run when ${why}`, async (contract) => {
      const worker = await limited(contract, { queues: ['default', 'closed'], leaseMs: longLease })
      await prepare?.(contract)
      const other = limitedRun(one)
      await contract.store.enqueue([limitedRun(one, { ...over, priority: 10 })])
      await contract.store.enqueue([other])
      expect(ids(await worker.claim())).toEqual([other.id])
    })

    contractTest(open, `a key that opens is not reserved for a run when ${why}`, async (contract) => {
      const worker = await limited(contract, { queues: ['default', 'closed'], leaseMs: longLease })
      await contract.store.enqueue([limitedRun(one)])
      const held = await worker.claimOne()
      await prepare?.(contract)
      const other = limitedRun(one)
      await contract.store.enqueue([limitedRun(one, { ...over, priority: 10 }), other])
      await worker.settle(held, completed)
      expect(ids(await worker.claim())).toEqual([other.id])
    })
  }

  contractTest(open, 'a poison suspect reserves no key when every lease holds one', async (contract) => {
    const worker = await limited(contract, { leaseMs: longLease })
    await makeSuspects(contract, worker, [newRun(), limitedRun(one), limitedRun(two)])
    const [first] = await worker.claim(1)
    expect(first?.losses).toBe(2)
    const [a, b] = [limitedRun(one), limitedRun(two)]
    await contract.store.enqueue([a, b])
    expect(ids(await worker.claim())).toEqual([a.id, b.id])
  })

  contractTest(open, 'poison suspects on a waitlist let claimable runs pass', async (contract) => {
    const worker = await limited(contract, { leaseMs: longLease })
    const suspects = [newRun(), limitedRun(one), limitedRun(one, { use: { key: 'a' } })]
    await makeSuspects(contract, worker, suspects)
    const other = await contract.worker({ leaseMs: longLease })
    expect(await worker.claim(1)).toMatchObject([{ losses: 2 }])
    const held = limitedRun(one, { priority: 1 })
    const last = limitedRun(one)
    await contract.store.enqueue([held])
    // The worker holds a poison suspect: it takes only the sound run.
    const [running] = await worker.claim()
    expect(running?.id).toBe(held.id)
    // Another lease would take the poison suspect; the key is closed, and it joins the waitlist.
    expect(await other.claim(1)).toEqual([])
    expect(ids(await other.claim(1))).toEqual([suspects[2]?.id])
    await contract.store.enqueue([last])
    expect(await contract.store.run(suspects[1]?.id ?? '')).toMatchObject({ state: 'waiting' })
    if (running !== undefined) await worker.settle(running, completed)
    expect(ids(await worker.claim())).toEqual([last.id])
  })

  contractTest(open, 'a poison suspect that was passed over for long is served first', async (contract) => {
    const worker = await limited(contract, { leaseMs: longLease })
    const suspects = [newRun(), limitedRun(one)]
    await makeSuspects(contract, worker, suspects)
    expect(ids(await worker.claim(1))).toEqual([suspects[0]?.id])
    const other = await limited(contract, { leaseMs: longLease })
    let running = limitedRun(one)
    await contract.store.enqueue([running])
    let [held] = await worker.claim(1)
    for (let round = 0; held !== undefined; round++) {
      if (round === 4) expect.unreachable('the poison suspect is passed over for ever')
      expect(held.id).toBe(running.id)
      // The other lease is free of suspects, and comes too late for the key each time.
      expect(await other.claim()).toEqual([])
      running = limitedRun(one)
      await contract.store.enqueue([running])
      contract.advance(agedAfter.waitedMs / 2)
      const { runs } = await worker.claimReply(1, [worker.settlement(held, completed)])
      held = runs[0]
    }
    expect(ids(await other.claim())).toEqual([suspects[1]?.id])
  })

  contractTest(
    open,
    'a reservation lapses by itself, whatever others reserve meanwhile',
    async (contract) => {
      const worker = await limited(contract, { queues: ['default'] })
      // It lives, and does not come.
      await limited(contract, { queues: ['slow'] })
      const [first, second] = [limitedRun(two), limitedRun(two)]
      await contract.store.enqueue([limitedRun(two, { queue: 'slow' })])
      contract.advance(reservationMs - 10)
      await contract.store.enqueue([first])
      expect(ids(await worker.claim())).toEqual([first.id])
      await contract.store.enqueue([second])
      expect(await worker.claim()).toEqual([])
      contract.advance(10)
      expect(ids(await worker.claim())).toEqual([second.id])
    },
  )

  contractTest(open, 'a step in a slot waits briefly for a run that has no slot', async (contract) => {
    const worker = await limited(contract)
    await contract.store.enqueue([newRun(), newRun()])
    const [holder, waiting] = await worker.claim(2)
    if (holder === undefined || waiting === undefined) expect.unreachable('two runs to claim')
    await acquire(worker, holder, 'call', [use(one)])
    await contract.store.enqueue([limitedRun(one, { priority: 10 })])
    expect(await acquire(worker, waiting, 'call', [use(one)])).toMatchObject({ kind: 'closed' })
    await worker.settle(holder, completed)
    const answer = await acquire(worker, waiting, 'call', [use(one)], 2)
    expect(answer).toMatchObject({ kind: 'closed', opensInMs: reservationMs })
    contract.advance(reservationMs)
    expect(await acquire(worker, waiting, 'call', [use(one)], 3)).toEqual({ kind: 'granted' })
  })

  for (const { turns, aged } of [
    { turns: 'the same request', aged: false },
    { turns: 'new requests', aged: true },
  ]) {
    contractTest(
      open,
      `${agedAfter.refusals} times refused by ${turns}: ${aged ? 'an aged waiter' : 'no aged waiter'}`,
      async (contract) => {
        const worker = await limited(contract)
        await contract.store.enqueue([newRun(), newRun(), newRun()])
        const [holder, waiting, younger] = await worker.claim(3)
        if (holder === undefined || waiting === undefined || younger === undefined)
          expect.unreachable('three runs to claim')
        await acquire(worker, holder, 'call', [use(one)])
        for (let i = 1; i <= agedAfter.refusals; i++) {
          const turn = aged ? i : 1
          const answer = await acquire(worker, waiting, 'call', [use(one), use(two)], turn)
          expect(answer).toMatchObject({ kind: 'closed', limiter: 'one' })
        }
        // An aged waiter keeps younger runs out of all that it waits for.
        expect((await acquire(worker, younger, 'call', [use(two)])).kind).toBe(aged ? 'closed' : 'granted')
      },
    )
  }
}

/** Has two workers vanish under these runs. */
async function makeSuspects(contract: Contract, bodyLog: TestWorker, runs: readonly NewRun[]): Promise<void> {
  await contract.store.enqueue(runs)
  for (let losses = 0; losses < 2; losses++) {
    const victim = await contract.worker()
    expect(await victim.claim(runs.length)).toHaveLength(runs.length)
    await contract.letLeaseExpire(bodyLog)
    await bodyLog.claim(0)
    contract.advance(1_000)
    await bodyLog.claim(0)
  }
}
