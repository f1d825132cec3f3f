import { expect } from 'vitest'
import { byHand, done, newRun, plainError } from '../../support/stores/store-inputs.ts'
import type { Open } from '../../support/stores/store-under-test.ts'
import { completed } from '../../support/stores/test-worker.ts'
import { contractTest } from '../contract-test.ts'

export function operatorContract(open: Open): void {
  contractTest(open, 'an ended run is removed with its journal', async ({ store, worker }) => {
    await store.enqueue([newRun({ tags: ['eu'] })])
    const first = await worker()
    const run = await first.claimOne()
    await first.append(run, done('one'))
    await first.settle(run, completed)
    const write = byHand()
    await store.remove(run.id, write)
    expect(await store.run(run.id)).toBeUndefined()
    expect(await store.journal(run.id, { after: 0, limit: 10 })).toEqual([])
    expect((await store.runs({ tag: 'eu', limit: 10 })).runs).toEqual([])
    await store.remove(run.id, write)
    await expect(store.remove(run.id, byHand())).rejects.toMatchObject({ code: 'UNKNOWN_RUN' })
  })

  contractTest(open, 'a live run can’t be removed', async ({ store, worker }) => {
    const run = newRun()
    await store.enqueue([run])
    await expect(store.remove(run.id, byHand())).rejects.toMatchObject({ code: 'RUN_STATE' })
    await (await worker()).claimOne()
    await expect(store.remove(run.id, byHand())).rejects.toMatchObject({ code: 'RUN_STATE' })
  })

  contractTest(
    open,
    'a write that expects an earlier state skips a run that moved',
    async ({ store, worker, advance }) => {
      const run = newRun()
      await store.enqueue([run])
      const seen = await store.run(run.id)
      const asRead = { states: ['ready'], changedAt: seen?.changedAt ?? 0 } as const
      advance(5)
      const first = await worker()
      const claimed = await first.claimOne()
      const moved = { code: 'RUN_STATE', message: expect.stringContaining('is running; it was ready') }
      await expect(store.cancel(run.id, byHand({ expected: asRead }))).rejects.toMatchObject(moved)
      expect(await store.history(run.id)).toEqual([])
      await first.settle(claimed, { kind: 'failed', error: plainError })
      const failedAt = (await store.run(run.id))?.changedAt ?? 0
      const old = byHand({ expected: { states: ['failed'], changedAt: failedAt - 1 } })
      const again = { code: 'RUN_STATE', message: expect.stringContaining('became failed again') }
      await expect(store.retry(run.id, {}, old)).rejects.toMatchObject(again)
      await expect(store.remove(run.id, old)).rejects.toMatchObject(again)
      await expect(store.cancel(run.id, old)).rejects.toMatchObject(again)
      expect(await store.history(run.id)).toEqual([])
      await store.retry(run.id, {}, byHand({ expected: { states: ['failed'], changedAt: failedAt } }))
      const cancel = byHand({ expected: { states: ['ready', 'running'] } })
      expect(await store.cancel(run.id, cancel)).toEqual({ state: 'cancelled' })
      expect(await store.cancel(run.id, cancel)).toEqual({ state: 'cancelled' })
      const { changedAt = 0 } = (await store.run(run.id)) ?? {}
      await store.remove(run.id, byHand({ expected: { states: ['cancelled'], changedAt } }))
      expect(await store.run(run.id)).toBeUndefined()
    },
  )

  contractTest(open, 'a pause says who set it, why and since when', async ({ store, now }) => {
    await store.pauseQueue('mail', byHand({ reason: 'provider is down' }))
    expect(await store.queues()).toMatchObject([
      { name: 'mail', paused: { by: 'ana', reason: 'provider is down', at: now() } },
    ])
    await store.resumeQueue('mail', byHand())
    expect(await store.queues()).toEqual([])
  })

  contractTest(open, 'a late repeat of a pause does not pause again', async ({ store }) => {
    const pause = byHand()
    await store.pauseQueue('mail', pause)
    await store.resumeQueue('mail', byHand())
    await store.pauseQueue('mail', pause)
    expect(await store.queues()).toEqual([])
  })

  contractTest(open, 'a late repeat of a resume does not end a newer pause', async ({ store }) => {
    const resume = byHand()
    await store.pauseQueue('mail', byHand())
    await store.resumeQueue('mail', resume)
    await store.pauseQueue('mail', byHand())
    await store.resumeQueue('mail', resume)
    expect(await store.queues()).toMatchObject([{ name: 'mail', paused: { by: 'ana' } }])
  })

  contractTest(open, 'runs in a slot continue while their queue is paused', async ({ store, worker }) => {
    await store.enqueue([newRun()])
    const first = await worker()
    const run = await first.claimOne()
    await store.pauseQueue('default', byHand())
    expect(await first.append(run, done('one'))).toEqual([{ kind: 'stored' }])
    await first.settle(run, { kind: 'released' })
    expect(await first.claim()).toEqual([])
  })
}
