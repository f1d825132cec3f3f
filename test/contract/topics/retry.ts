import { expect } from 'vitest'
import { byHand, done, failed, intent, newRun, plainError } from '../../support/stores/store-inputs.ts'
import type { Open } from '../../support/stores/store-under-test.ts'
import { completed } from '../../support/stores/test-worker.ts'
import { type Contract, contractTest } from '../contract-test.ts'

/** A run that stored 'read', an at-most-once 'charge', a caught failure 'notify', and failed by 'pay'. */
async function failedRun({ store, worker }: Contract): Promise<string> {
  const run = newRun()
  await store.enqueue([run])
  const first = await worker()
  const claimed = await first.claimOne()
  await first.append(
    claimed,
    done('read'),
    intent('charge'),
    done('charge', 1, true),
    failed('notify'),
    failed('pay'),
  )
  await first.settle(claimed, { kind: 'failed', error: plainError, escaped: 'pay' })
  await store.resign(first.lease, [])
  return run.id
}

export function retryContract(open: Open): void {
  contractTest(open, 'a retry drops the failure that ended the run and keeps the rest', async (contract) => {
    const { store, worker } = contract
    const id = await failedRun(contract)
    const answer = await store.retry(id, {}, byHand({ reason: 'provider is back' }))
    expect(answer).toEqual({ runsAgain: ['pay'], keeps: ['read', 'charge', 'notify'] })
    const resumed = await (await worker()).claimOne()
    expect(resumed).toMatchObject({ id, attempt: 1, position: 5 })
    expect(resumed.journal.entries.map(({ path }) => path)).toEqual(['read', 'charge', 'charge', 'notify'])
    expect(await store.history(id)).toMatchObject([{ kind: 'retry', by: 'ana', reason: 'provider is back' }])
  })

  contractTest(open, 'new entries follow the last position ever used', async (contract) => {
    const { store, worker } = contract
    const id = await failedRun(contract)
    await store.retry(id, {}, byHand())
    const second = await worker()
    const run = await second.claimOne()
    expect(await second.append(run, done('pay'))).toEqual([{ kind: 'stored' }])
    const journal = await store.journal(id, { after: 0, limit: 10 })
    expect(journal.map(({ position }) => position)).toEqual([1, 2, 3, 4, 6])
  })

  contractTest(open, 'a plan shows the same and changes nothing', async (contract) => {
    const { store } = contract
    const id = await failedRun(contract)
    const before = [await store.run(id), await store.journal(id, { after: 0, limit: 10 })]
    expect(await store.planRetry(id, {})).toEqual({ runsAgain: ['pay'], keeps: ['read', 'charge', 'notify'] })
    expect([await store.run(id), await store.journal(id, { after: 0, limit: 10 })]).toEqual(before)
  })

  contractTest(open, 'a retry from a step runs it and all stored after it again', async (contract) => {
    const { store } = contract
    const id = await failedRun(contract)
    expect(await store.planRetry(id, { from: 'notify' })).toEqual({
      runsAgain: ['notify', 'pay'],
      keeps: ['read', 'charge'],
    })
    await expect(store.planRetry(id, { from: 'nothing' })).rejects.toMatchObject({ code: 'RUN_STATE' })
  })

  contractTest(open, 'an at-most-once step runs again only if it is named', async (contract) => {
    const { store } = contract
    const id = await failedRun(contract)
    const before = await store.run(id)
    await expect(store.retry(id, { from: 'read' }, byHand())).rejects.toThrow(/charge/)
    expect(await store.run(id)).toEqual(before)
    const answer = await store.retry(id, { from: 'read', runAgain: ['charge'] }, byHand())
    expect(answer).toEqual({ runsAgain: ['read', 'charge', 'notify', 'pay'], keeps: [] })
  })

  contractTest(open, 'a named step runs again even if the code caught its failure', async (contract) => {
    const { store } = contract
    const id = await failedRun(contract)
    expect(await store.planRetry(id, { runAgain: ['charge'] })).toEqual({
      runsAgain: ['charge', 'pay'],
      keeps: ['read', 'notify'],
    })
    await expect(store.planRetry(id, { runAgain: ['chrage'] })).rejects.toMatchObject({ code: 'RUN_STATE' })
  })

  contractTest(open, 'a repeated request returns the same result and retries nothing', async (contract) => {
    const { store, worker } = contract
    const id = await failedRun(contract)
    const write = byHand()
    const answer = await store.retry(id, {}, write)
    const second = await worker()
    await second.settle(await second.claimOne(), { kind: 'failed', error: plainError })
    expect(await store.retry(id, {}, write)).toEqual(answer)
    expect(await store.run(id)).toMatchObject({ state: 'failed' })
  })

  contractTest(
    open,
    'cancelled, expired and blocked runs can be retried',
    async ({ store, worker, advance }) => {
      const [cancelled, expired, blocked] = [newRun(), newRun({ expiresInMs: 1 }), newRun()]
      await store.enqueue([cancelled, expired])
      await store.cancel(cancelled.id, byHand())
      advance(1)
      const first = await worker()
      await first.claim(0)
      await store.enqueue([blocked])
      await first.settle(await first.claimOne(), { kind: 'blocked', reason: 'why', digest: 'first' })
      for (const { id } of [cancelled, expired, blocked]) {
        await store.retry(id, {}, byHand())
        expect(await store.run(id)).toMatchObject({ state: 'ready', attempt: 1 })
      }
      expect(await first.claim()).toHaveLength(3)
    },
  )

  contractTest(open, 'a live or completed run can’t be retried', async ({ store, worker }) => {
    await store.enqueue([newRun()])
    const first = await worker()
    const run = await first.claimOne()
    await expect(store.retry(run.id, {}, byHand())).rejects.toMatchObject({ code: 'RUN_STATE' })
    await first.settle(run, completed)
    await expect(store.retry(run.id, {}, byHand())).rejects.toMatchObject({ code: 'RUN_STATE' })
    await expect(store.retry('unknown', {}, byHand())).rejects.toMatchObject({ code: 'UNKNOWN_RUN' })
  })
}
