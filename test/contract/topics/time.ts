import { expect } from 'vitest'
import { byHand, newRun, plainError, waiting } from '../../support/stores/store-inputs.ts'
import type { Open } from '../../support/stores/store-under-test.ts'
import { contractTest } from '../contract-test.ts'

export function timeContract(open: Open): void {
  contractTest(
    open,
    'the timeout counts from the first claim, including waits and other workers',
    async (contract) => {
      const { store, worker, advance } = contract
      await store.enqueue([newRun({ timeoutMs: 10_000 })])
      advance(60_000)
      const [first, second] = [await worker(), await worker()]
      const run = await first.claimOne()
      expect(run.deadlineInMs).toBe(10_000)
      advance(3_000)
      await first.settle(run, { kind: 'released' })
      expect(await second.claimOne()).toMatchObject({ deadlineInMs: 7_000 })
    },
  )

  contractTest(open, 'a run that times out while it waits is claimed to be failed', async (contract) => {
    const { store, worker, advance } = contract
    await store.enqueue([newRun({ timeoutMs: 10_000 })])
    const first = await worker()
    const run = await first.claimOne()
    await first.append(run, waiting('rest', 60_000))
    const waits = [{ kind: 'time', path: 'rest', position: 1 }] as const
    await first.settle(run, { kind: 'waiting', waits })
    advance(9_999)
    expect(await first.claim()).toEqual([])
    advance(1)
    const late = await first.claimOne()
    expect(late).toMatchObject({ id: run.id, failsAs: 'timed out' })
    await first.settle(late, { kind: 'failed', error: plainError })
    expect(await store.run(run.id)).toMatchObject({ state: 'failed' })
  })

  contractTest(
    open,
    'a blocked run that times out is claimed to be failed',
    async ({ store, worker, advance }) => {
      await store.enqueue([newRun({ timeoutMs: 10_000 })])
      const first = await worker()
      await first.settle(await first.claimOne(), { kind: 'blocked', reason: 'why', digest: 'first' })
      advance(10_000)
      expect(await first.claimOne()).toMatchObject({ failsAs: 'timed out' })
    },
  )

  contractTest(open, 'a manual retry restarts the timeout', async ({ store, worker, advance }) => {
    await store.enqueue([newRun({ timeoutMs: 10_000 })])
    const first = await worker()
    const run = await first.claimOne()
    advance(8_000)
    await first.settle(run, { kind: 'failed', error: plainError })
    await store.retry(run.id, {}, byHand())
    advance(8_000)
    expect(await first.claimOne()).toMatchObject({ deadlineInMs: 10_000 })
  })

  contractTest(open, 'a resume never restarts the deadline of a wait', async ({ store, worker, advance }) => {
    await store.enqueue([newRun()])
    const first = await worker()
    const run = await first.claimOne()
    await first.append(run, waiting('rest', 5_000))
    advance(2_000)
    await first.settle(run, { kind: 'released' })
    advance(1_000)
    const resumed = await first.claimOne()
    expect(resumed.journal.entries).toMatchObject([{ path: 'rest', remainingMs: 2_000 }])
  })
}
