import { expect } from 'vitest'
import type { ClaimedRun } from '../../../runtime/store/store.ts'
import { done, intent, newRun, plainError } from '../../support/stores/store-inputs.ts'
import type { Open } from '../../support/stores/store-under-test.ts'
import type { TestWorker } from '../../support/stores/test-worker.ts'
import { type Contract, contractTest } from '../contract-test.ts'

/** Has a new worker claim the run and vanish. */
async function loseOnce(contract: Contract, bodyLog: TestWorker, id: string): Promise<void> {
  const victim = await contract.worker()
  const run = await victim.claimOne()
  expect(run.id).toBe(id)
  await contract.letLeaseExpire(bodyLog)
  await bodyLog.claim(0)
}

async function losePast(contract: Contract, bodyLog: TestWorker, id: string, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    for (let passed = 0; passed < 120_000; passed += 4_000) {
      contract.advance(4_000)
      await bodyLog.renew()
    }
    await loseOnce(contract, bodyLog, id)
  }
}

export function lossContract(open: Open): void {
  contractTest(open, 'each loss in a row without a new step delays the next claim', async (contract) => {
    const { store, worker, advance } = contract
    const run = newRun()
    await store.enqueue([run])
    const bodyLog = await worker()
    for (const delayMs of [0, 1_000, 5_000]) {
      await loseOnce(contract, bodyLog, run.id)
      if (delayMs > 0) {
        expect(await store.run(run.id)).toMatchObject({ state: 'waiting', waitingFor: { kind: 'retry' } })
        advance(delayMs - 1)
        expect(await bodyLog.claim()).toEqual([])
        advance(1)
        await bodyLog.claim(0)
      }
      expect(await store.run(run.id)).toMatchObject({ state: 'ready', attempt: 1 })
    }
    expect(await store.run(run.id)).toMatchObject({ losses: 3, lossStreak: 3 })
    const again = await bodyLog.claimOne()
    expect(await store.run(run.id)).toMatchObject({ lossStreak: 3 })
    await bodyLog.append(again, done('a'))
    expect(await store.run(run.id)).toMatchObject({ losses: 3 })
    expect(await store.run(run.id)).not.toHaveProperty('lossStreak')
  })

  contractTest(
    open,
    'after five losses without a new step the run is claimed to be failed',
    async (contract) => {
      const { store, worker } = contract
      const run = newRun()
      await store.enqueue([run])
      const bodyLog = await worker()
      await losePast(contract, bodyLog, run.id, 5)
      expect(await store.run(run.id)).toMatchObject({ losses: 5, lossStreak: 5 })
      for (let passed = 0; passed < 120_000; passed += 4_000) {
        contract.advance(4_000)
        await bodyLog.renew()
      }
      const convicted = await bodyLog.claimOne()
      expect(convicted).toMatchObject({
        ...{ id: run.id, failsAs: 'poisoned', losses: 5 },
        lossesSeen: { exit: 0, cut: 0, lease: 5 },
      })
      await bodyLog.settle(convicted, { kind: 'failed', error: plainError })
      expect(await store.run(run.id)).toMatchObject({ state: 'failed' })
      expect(await store.run(run.id)).not.toHaveProperty('lossStreak')
    },
  )

  contractTest(
    open,
    'a worker lost while it fails a poisoned run does not keep it alive',
    async (contract) => {
      const { store, worker } = contract
      const run = newRun()
      await store.enqueue([run])
      const bodyLog = await worker()
      await losePast(contract, bodyLog, run.id, 6)
      expect(await store.run(run.id)).toMatchObject({
        state: 'failed',
        error: {
          code: 'RUN_POISONED',
          message: expect.stringContaining('6 expired leases'),
          fields: { exits: 0, cuts: 0, leases: 6 },
        },
        losses: 6,
      })
    },
  )

  contractTest(open, 'an expired lease was not cut, whatever its worker says', async (contract) => {
    const { store, worker, letLeaseExpire } = contract
    const run = newRun()
    await store.enqueue([run])
    const [victim, bodyLog] = [await worker(), await worker()]
    await victim.claimOne()
    expect(await store.reportCut(victim.lease)).toBe('not cut')
    await letLeaseExpire(bodyLog)
    await bodyLog.claim(0)
    expect(await store.reportCut(victim.lease)).toBe('not cut')
    expect(await store.reportCut(victim.lease)).toBe('not cut')
    expect(await store.reportCut('no such lease')).toBe('not cut')
    // The loss counts on: the next one in a row pauses the run.
    await loseOnce(contract, bodyLog, run.id)
    expect(await store.run(run.id)).toMatchObject({ state: 'waiting', losses: 2 })
    expect(await store.history(run.id)).toMatchObject([
      { kind: 'lost', cause: 'lease' },
      { kind: 'lost', cause: 'lease' },
    ])
  })

  contractTest(
    open,
    'the history says where a loss occurred: inside a step of which only the intent is stored',
    async ({ store, worker, letLeaseExpire }) => {
      const run = newRun()
      await store.enqueue([run])
      const bodyLog = await worker()
      const reasons = async () => (await store.history(run.id)).map(({ reason }) => reason)
      const records = [undefined, done('count'), intent('pay'), done('pay')]
      for (const record of records) {
        // The lease of each victim ends under one entry more.
        const victim = await worker()
        const claimed = await victim.claimOne()
        if (record !== undefined) await victim.append(claimed, record)
        await letLeaseExpire(bodyLog)
        await bodyLog.claim(0)
      }
      expect(await reasons()).toEqual([
        'its lease expired, before a step was stored',
        "its lease expired, after 'count' was stored",
        "its lease expired, inside 'pay', whose end is not stored",
        "its lease expired, after 'pay' was stored",
      ])
    },
  )

  contractTest(open, 'a new step resets the loss streak', async (contract) => {
    const { store, worker } = contract
    const run = newRun()
    await store.enqueue([run])
    const bodyLog = await worker()
    await losePast(contract, bodyLog, run.id, 4)
    for (let passed = 0; passed < 40_000; passed += 4_000) {
      contract.advance(4_000)
      await bodyLog.renew()
    }
    const victim = await worker()
    await victim.append(await victim.claimOne(), done('one'))
    await contract.letLeaseExpire(bodyLog)
    await bodyLog.claim(0)
    expect(await store.run(run.id)).toMatchObject({ state: 'ready', losses: 5 })
  })

  contractTest(
    open,
    'a lease holds at most one poison suspect, so that a bad run poisons no other',
    async (contract) => {
      const { store, worker, advance } = contract
      const [bad, worse, good] = [newRun({ priority: 5 }), newRun({ priority: 5 }), newRun()]
      await store.enqueue([bad, worse, good])
      const bodyLog = await worker()
      for (let i = 0; i < 2; i++) {
        const victim = await worker()
        expect(await victim.claim(2)).toHaveLength(2)
        await contract.letLeaseExpire(bodyLog)
        await bodyLog.claim(0)
        advance(1_000)
        await bodyLog.claim(0)
      }
      const [first, second] = [await worker(), await worker()]
      expect((await first.claim()).map(({ id }) => id)).toEqual([bad.id, good.id])
      expect(await first.claim()).toEqual([])
      expect((await second.claim()).map(({ id }) => id)).toEqual([worse.id])
    },
  )

  contractTest(
    open,
    'a lease is over once the first of its many runs are reclaimed: it neither renews nor claims',
    async (contract) => {
      const { store, worker, letLeaseExpire } = contract
      const [victim, bodyLog] = [await worker(), await worker()]
      const held: ClaimedRun[] = []
      // More than one call reclaims.
      while (held.length < 600) {
        await store.enqueue(Array.from({ length: 100 }, () => newRun()))
        held.push(...(await victim.claim(100)))
      }
      await letLeaseExpire(bodyLog)
      await bodyLog.claim(0)

      expect(await victim.renew()).toEqual({ kind: 'lost' })
      expect(await store.claim(victim.lease, 1_000, { max: 1, protected: true, mayAsk: false }, [])).toEqual({
        kind: 'lost',
      })
      expect(
        await store.reconcile(
          victim.lease,
          held.map(({ id: run, fence }) => ({ run, fence })),
        ),
      ).toBe('lost')
      await bodyLog.claim(0)
      const [queue] = await store.queues()
      expect(queue?.counts).toMatchObject({ running: 0, ready: 600 })
      for (const run of [held[0], held.at(-1)] as ClaimedRun[]) {
        expect(await victim.append(run, done('late'))).toEqual([{ kind: 'gone' }])
      }
    },
  )

  contractTest(open, 'one worker claims one of two poison suspects in two queues', async (contract) => {
    const { store, worker, advance, letLeaseExpire } = contract
    await store.enqueue([newRun({ queue: 'a' }), newRun({ queue: 'b' })])
    const bodyLog = await worker()
    for (let i = 0; i < 2; i++) {
      expect(await (await worker()).claim(2)).toHaveLength(2)
      await letLeaseExpire(bodyLog)
      await bodyLog.claim(0)
      advance(1_000)
      await bodyLog.claim(0)
    }
    expect(await (await worker()).claim()).toHaveLength(1)
  })

  contractTest(open, 'a cancelled run whose worker is lost ends as cancelled', async (contract) => {
    const { store, worker, letLeaseExpire } = contract
    await store.enqueue([newRun()])
    const [victim, bodyLog] = [await worker(), await worker()]
    const run = await victim.claimOne()
    await store.cancel(run.id, { by: 'ana', requestId: 'one' })
    await letLeaseExpire(bodyLog)
    await bodyLog.claim()
    expect(await store.run(run.id)).toMatchObject({ state: 'cancelled', by: 'ana' })
  })
}
