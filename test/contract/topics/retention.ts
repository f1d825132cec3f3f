import { expect } from 'vitest'
import { byHand, newRun, plainError } from '../../support/stores/store-inputs.ts'
import type { Open } from '../../support/stores/store-under-test.ts'
import { completed } from '../../support/stores/test-worker.ts'
import { contractTest } from '../contract-test.ts'

export function retentionContract(open: Open): void {
  contractTest(
    open,
    'ended runs are pruned after their retention, live ones never',
    async ({ store, worker, advance }) => {
      const runs = [newRun(), newRun(), newRun(), newRun({ queue: 'other' })] as const
      await store.enqueue(runs)
      const first = await worker({ queues: ['default'] })
      const [a, b] = await first.claim(2)
      if (a === undefined || b === undefined) throw new Error('two runs were to be claimed')
      await first.settle(a, completed)
      await first.settle(b, { kind: 'failed', error: plainError })
      await store.cancel(runs[2].id, byHand())
      advance(1_000)
      expect(await store.sweep(100)).toMatchObject({ pruned: 1 })
      expect(await store.run(a.id)).toBeUndefined()
      advance(1_000)
      expect(await store.sweep(100)).toMatchObject({ pruned: 1 })
      expect(await store.run(b.id)).toBeUndefined()
      advance(86_400_000)
      expect(await store.sweep(100)).toMatchObject({ pruned: 1 })
      expect(await store.run(runs[3].id)).toMatchObject({ state: 'ready' })
    },
    { retention: { completed: '1s', failed: '2s', cancelled: '1d' } },
  )

  contractTest(
    open,
    'the oldest of too many ended runs are pruned first, a bounded number at once',
    async ({ store, advance }) => {
      const runs = Array.from({ length: 10 }, () => newRun())
      await store.enqueue(runs)
      for (const { id } of runs) {
        await store.cancel(id, byHand())
        advance(1)
      }
      expect(await store.sweep(4)).toMatchObject({ pruned: 4 })
      expect(await store.sweep(100)).toMatchObject({ pruned: 3 })
      expect(await store.sweep(100)).toMatchObject({ pruned: 0 })
      const left = (await store.runs({ limit: 20 })).runs.map(({ id }) => id)
      expect(left.sort()).toEqual(
        runs
          .slice(-3)
          .map(({ id }) => id)
          .sort(),
      )
    },
    { retention: { maxEnded: 3 } },
  )

  contractTest(open, 'a sweep of a sound store repairs nothing', async ({ store, worker }) => {
    await store.enqueue([newRun(), newRun({ start: { kind: 'in', ms: 5 } })])
    await (await worker()).claim()
    expect(await store.sweep(100)).toEqual({ pruned: 0, repaired: [] })
    await expect(store.sweep(0)).rejects.toMatchObject({ code: 'INVALID_OPTIONS' })
  })
}
