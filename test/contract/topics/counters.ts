import { expect } from 'vitest'
import type { RunCount } from '../../../runtime/store/run-filter.ts'
import type { Store } from '../../../runtime/store/store.ts'
import { byHand, newRun, plainError } from '../../support/stores/store-inputs.ts'
import type { Open } from '../../support/stores/store-under-test.ts'
import { completed } from '../../support/stores/test-worker.ts'
import { contractTest } from '../contract-test.ts'

/** That the counters equal a count of all runs is checked at the end of every contract test: see contract-test.ts. */
export function countersContract(open: Open): void {
  async function countsOf(store: Store): Promise<RunCount[]> {
    const text = ({ queue, job, state }: RunCount): string => `${queue} ${job} ${state}`
    return (await store.counts()).toSorted((a, b) => (text(a) < text(b) ? -1 : 1))
  }

  contractTest(open, 'runs are counted by queue, job and state, ended ones too', async (contract) => {
    const { store, worker } = contract
    expect(await store.counts()).toEqual([])
    const runs = [newRun(), newRun(), newRun(), newRun({ queue: 'mail' }), newRun({ job: 'other' })]
    await store.enqueue([...runs, newRun({ start: { kind: 'in', ms: 1_000 } })])
    const first = await worker({ queues: ['default'] })
    const [one, two] = await first.claim(2)
    if (one !== undefined) await first.settle(one, completed)
    if (two !== undefined) await first.settle(two, { kind: 'failed', error: plainError })
    await store.cancel(runs[3]?.id ?? '', byHand())
    expect(await countsOf(store)).toEqual([
      { queue: 'default', job: 'job', state: 'completed', count: 1 },
      { queue: 'default', job: 'job', state: 'failed', count: 1 },
      { queue: 'default', job: 'job', state: 'ready', count: 1 },
      { queue: 'default', job: 'job', state: 'scheduled', count: 1 },
      { queue: 'default', job: 'other', state: 'ready', count: 1 },
      { queue: 'mail', job: 'job', state: 'cancelled', count: 1 },
    ])
  })

  contractTest(open, 'a counter follows retries, removals and their repeats', async ({ store, worker }) => {
    const run = newRun()
    await store.enqueue([run])
    await store.enqueue([run])
    const first = await worker()
    await first.settle(await first.claimOne(), { kind: 'failed', error: plainError })
    const counter = (state: RunCount['state']): RunCount => ({
      queue: 'default',
      job: 'job',
      state,
      count: 1,
    })
    const retry = byHand()
    await store.retry(run.id, {}, retry)
    await store.retry(run.id, {}, retry)
    expect(await store.counts()).toEqual([counter('ready')])
    await store.cancel(run.id, byHand())
    expect(await store.counts()).toEqual([counter('cancelled')])
    const remove = byHand()
    await store.remove(run.id, remove)
    await store.remove(run.id, remove)
    expect(await store.counts()).toEqual([])
  })

  contractTest(
    open,
    'a recount continues while runs are created, moved and removed',
    async ({ store, worker }) => {
      const runs = Array.from({ length: 6 }, () => newRun())
      const later = Array.from({ length: 6 }, () => newRun({ start: { kind: 'in', ms: 90_000 } }))
      await store.enqueue([...runs, ...later])
      const first = await worker()
      const held = await first.claim(4)
      for (const run of held.slice(2)) await first.settle(run, completed)
      const steps: (() => Promise<unknown>)[] = [
        () => store.cancel(later[0]?.id ?? '', byHand()),
        () => store.remove(later[0]?.id ?? '', byHand()),
        () => store.enqueue([newRun(), newRun({ start: { kind: 'in', ms: 90_000 } })]),
        () => store.cancel(later[5]?.id ?? '', byHand()),
        () => first.claim(1),
        () => store.remove(held[3]?.id ?? '', byHand()),
        () => store.cancel(held[0]?.id ?? '', byHand()),
        () => store.cancel(later[3]?.id ?? '', byHand()),
      ]
      let looked = 0
      for (let done = false; !done; ) {
        const report = await store.recount(1)
        expect(report.miscounts).toEqual([])
        looked += report.looked
        done = report.done
        await steps.shift()?.()
      }
      expect(steps).toEqual([])
      expect(looked).toBeGreaterThan(8)
      expect(await store.sweep(10)).not.toHaveProperty('recountDue')
    },
  )
}
