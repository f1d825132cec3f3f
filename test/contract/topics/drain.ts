import { expect } from 'vitest'
import { byHand, leaseMs } from '../../support/stores/store-inputs.ts'
import type { Open } from '../../support/stores/store-under-test.ts'
import { contractTest } from '../contract-test.ts'

export function drainContract(open: Open): void {
  contractTest(open, 'a worker reports why it drains, since when and for how long', async (contract) => {
    const { store, worker, advance } = contract
    const first = await worker()
    expect((await store.workers())[0]).not.toHaveProperty('drain')
    await first.renew({
      draining: true,
      drain: { cause: 'signal', signal: 'SIGTERM', agoMs: 500, leftMs: 24_500 },
    })
    advance(4_000)
    const drain = { cause: 'signal', signal: 'SIGTERM', agoMs: 4_500, leftMs: 20_500 }
    expect(await store.workers()).toMatchObject([{ draining: true, drain }])
    expect((await store.overview({ range: '5m' })).workers).toMatchObject([{ draining: true, drain }])
  })

  contractTest(open, 'the remaining time of a drain ends at 0', async ({ store, worker, advance }) => {
    const first = await worker()
    await first.renew({ draining: true, drain: { cause: 'program', agoMs: 0, leftMs: 1_000 } })
    advance(leaseMs - 1)
    expect(await store.workers()).toMatchObject([{ drain: { cause: 'program', leftMs: 0 } }])
  })

  contractTest(open, 'a late repeat moves neither end of a drain', async ({ store, worker, advance }) => {
    const first = await worker()
    const told = { cause: 'signal', signal: 'SIGINT', agoMs: 0, leftMs: 10_000 } as const
    await first.renew({ draining: true, drain: told })
    advance(2_000)
    await first.renew({ draining: true, drain: told })
    expect(await store.workers()).toMatchObject([{ drain: { agoMs: 2_000, leftMs: 8_000 } }])
    await first.renew({ draining: true, drain: { ...told, agoMs: 2_000, leftMs: 0 } })
    await first.renew({ draining: true })
    expect(await store.workers()).toMatchObject([{ drain: { agoMs: 2_000, leftMs: 0 } }])
  })

  contractTest(
    open,
    'a drain order names its author, before and after the worker obeys it',
    async (contract) => {
      const { store, worker, advance } = contract
      const [first, second] = [await worker(), await worker()]
      await store.drainWorker(first.name, byHand({ reason: 'new kernel' }))
      await store.drainWorker(first.name, byHand({ by: 'ben' }))
      advance(1_000)
      const ordered = { cause: 'order', by: 'ana', reason: 'new kernel' }
      const drainOf = async (name: string) => (await store.workers()).find((one) => one.name === name)?.drain
      expect(await drainOf(first.name)).toEqual({ ...ordered, agoMs: 1_000 })
      expect(await drainOf(second.name)).toBeUndefined()
      expect(await first.renew()).toMatchObject({ orders: { drain: true } })
      await first.renew({ draining: true, drain: { cause: 'order', agoMs: 200, leftMs: 9_800 } })
      expect(await drainOf(first.name)).toEqual({ ...ordered, agoMs: 200, leftMs: 9_800 })
    },
  )

  contractTest(
    open,
    'an order that arrives after a signal is not the reason of the drain',
    async (contract) => {
      const { store, worker } = contract
      const first = await worker()
      await first.renew({
        draining: true,
        drain: { cause: 'signal', signal: 'SIGTERM', agoMs: 0, leftMs: 5 },
      })
      await store.drainWorker(first.name, byHand())
      const drain = { cause: 'signal', signal: 'SIGTERM', agoMs: 0, leftMs: 5 }
      expect((await store.workers())[0]?.drain).toEqual(drain)
    },
  )

  contractTest(open, 'a draining worker reports what happens to its runs', async (contract) => {
    const { store, worker } = contract
    const [first] = [await worker()]
    const drain = { cause: 'program', agoMs: 0, leftMs: 5_000 } as const
    const drainPlan = [
      { run: 'run-a', plan: 'finishing once', path: 'chärge' },
      { run: 'run-b', plan: 'handing over' },
    ] as const
    const report = { n: 1, agoMs: 0, drainPlan }
    // Of a worker that doesn't drain nothing is cut.
    await first.renew({ report })
    expect((await store.workers())[0]).not.toHaveProperty('drain')
    await first.renew({ draining: true, drain })
    expect((await store.workers())[0]?.drain).toEqual({ ...drain, runs: drainPlan })
    await first.renew({ draining: true, drain, report: { n: 2, agoMs: 0 } })
    expect((await store.workers())[0]?.drain).toEqual(drain)
  })

  contractTest(open, 'a worker that reports nothing of its drain drains all the same', async (contract) => {
    const { store, worker } = contract
    const first = await worker()
    await first.renew({ draining: true })
    const [shown] = await store.workers()
    expect(shown).toMatchObject({ draining: true })
    expect(shown).not.toHaveProperty('drain')
  })
}
