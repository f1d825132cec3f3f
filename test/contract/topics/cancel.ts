import { expect } from 'vitest'
import { byHand, done, newRun, plainError, waiting } from '../../support/stores/store-inputs.ts'
import type { Open } from '../../support/stores/store-under-test.ts'
import { completed } from '../../support/stores/test-worker.ts'
import { contractTest } from '../contract-test.ts'

export function cancelContract(open: Open): void {
  contractTest(open, 'an unclaimed run is cancelled at once', async ({ store, worker }) => {
    const [ready, scheduled] = [newRun(), newRun({ start: { kind: 'in', ms: 1_000 } })]
    await store.enqueue([ready, scheduled])
    for (const { id } of [ready, scheduled]) {
      expect(await store.cancel(id, byHand({ reason: 'wrong file' }))).toEqual({ state: 'cancelled' })
      expect(await store.run(id)).toMatchObject({ state: 'cancelled', by: 'ana', reason: 'wrong file' })
    }
    expect(await (await worker()).claim()).toEqual([])
  })

  contractTest(open, 'waiting and blocked runs are cancelled at once', async ({ store, worker }) => {
    await store.enqueue([newRun(), newRun()])
    const first = await worker()
    const [sleeper, blocked] = await first.claim()
    if (sleeper === undefined || blocked === undefined) throw new Error('two runs were to be claimed')
    await first.append(sleeper, waiting('rest', 60_000))
    const waits = [{ kind: 'time', path: 'rest', position: 1 }] as const
    await first.settle(sleeper, { kind: 'waiting', waits })
    await first.settle(blocked, { kind: 'blocked', reason: 'why', digest: 'first' })
    for (const { id } of [sleeper, blocked]) {
      expect(await store.cancel(id, byHand())).toEqual({ state: 'cancelled' })
    }
  })

  contractTest(
    open,
    'a held run is ordered to stop in every reply until it has stopped',
    async ({ store, worker }) => {
      await store.enqueue([newRun()])
      const first = await worker()
      const run = await first.claimOne()
      expect(await store.cancel(run.id, byHand())).toEqual({ state: 'cancelling' })
      expect(await first.renew()).toMatchObject({ orders: { cancel: [run.id] } })
      expect((await first.claimReply()).orders.cancel).toEqual([run.id])
      const { orders } = await store.commit(first.lease, [first.checkpoint(run, done('one'))])
      expect(orders.cancel).toEqual([run.id])
      expect(await first.settle(run, { kind: 'cancelled' })).toEqual({ kind: 'settled', state: 'cancelled' })
      expect((await first.claimReply()).orders.cancel).toEqual([])
      expect(await store.run(run.id)).toMatchObject({ state: 'cancelled', by: 'ana' })
    },
  )

  contractTest(
    open,
    'completed and failed win over a cancel; every other outcome becomes cancelled',
    async (contract) => {
      const { store, worker } = contract
      const outcomes = [
        [completed, 'completed'],
        [{ kind: 'failed', error: plainError }, 'failed'],
        [{ kind: 'released' }, 'cancelled'],
        [{ kind: 'retrying', error: plainError, delayMs: 5 }, 'cancelled'],
        [{ kind: 'waiting', waits: [] }, 'cancelled'],
        [{ kind: 'blocked', reason: 'why', digest: 'first' }, 'cancelled'],
      ] as const
      const first = await worker()
      for (const [outcome, state] of outcomes) {
        await store.enqueue([newRun()])
        const run = await first.claimOne()
        await store.cancel(run.id, byHand())
        expect(await first.settle(run, outcome)).toEqual({ kind: 'settled', state })
      }
    },
  )

  contractTest(open, 'a resigning worker’s cancelled runs end', async ({ store, worker }) => {
    await store.enqueue([newRun()])
    const first = await worker()
    const run = await first.claimOne()
    await store.cancel(run.id, byHand())
    await store.resign(first.lease, [])
    expect(await store.run(run.id)).toMatchObject({ state: 'cancelled' })
  })

  contractTest(open, 'an ended run does not change', async ({ store, worker }) => {
    await store.enqueue([newRun()])
    const first = await worker()
    const run = await first.claimOne()
    await first.settle(run, completed)
    expect(await store.cancel(run.id, byHand())).toEqual({ state: 'completed' })
  })

  contractTest(
    open,
    'a repeated request returns the same result, even after a retry in between',
    async ({ store }) => {
      const run = newRun()
      await store.enqueue([run])
      const write = byHand()
      await store.cancel(run.id, write)
      await store.retry(run.id, {}, byHand())
      expect(await store.cancel(run.id, write)).toEqual({ state: 'cancelled' })
      expect(await store.run(run.id)).toMatchObject({ state: 'ready' })
    },
  )

  contractTest(open, 'an unknown run can’t be cancelled', async ({ store }) => {
    await expect(store.cancel('unknown', byHand())).rejects.toMatchObject({ code: 'UNKNOWN_RUN' })
  })
}
