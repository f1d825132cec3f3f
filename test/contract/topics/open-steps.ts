import { expect } from 'vitest'
import type { RunningStep } from '../../../runtime/model/run.ts'
import type { OpenStep } from '../../../runtime/store/open-steps.ts'
import type { ClaimedRun, Store } from '../../../runtime/store/store.ts'
import { byHand, newRun } from '../../support/stores/store-inputs.ts'
import type { Open } from '../../support/stores/store-under-test.ts'
import { completed } from '../../support/stores/test-worker.ts'
import { contractTest } from '../contract-test.ts'

function openStep({ id, fence }: ClaimedRun, path: string, openMs: number): OpenStep {
  return { run: id, fence, path, openMs }
}

/** The open step of a run, as both reads return it. */
async function stepOf(store: Store, id: string): Promise<RunningStep | undefined> {
  const run = await store.run(id)
  const listed = (await store.runs({ limit: 100 })).runs.find((one) => one.id === id)
  if (run === undefined || listed === undefined) throw new Error(`there is no run ${id}`)
  const [step, same] = [run, listed].map((one) => ('step' in one ? one.step : undefined))
  expect(same).toEqual(step)
  return step
}

export function openStepsContract(open: Open): void {
  contractTest(
    open,
    'a held run shows the step that its worker reports, and how long ago it began',
    async (contract) => {
      const { store, worker, advance } = contract
      await store.enqueue([newRun(), newRun(), newRun()])
      const [first, second] = [await worker(), await worker()]
      const [charge, other] = await first.claim(2)
      const elsewhere = await second.claimOne()
      if (charge === undefined || other === undefined) throw new Error('two runs were to be claimed')
      expect(await stepOf(store, charge.id)).toBeUndefined()
      const steps = [openStep(charge, 'chärge', 42_000), openStep(other, 'a/b[1]', 1_500)]
      await first.renew({ openSteps: { n: 1, agoMs: 200, steps } })
      await second.renew({ openSteps: { n: 1, agoMs: 0, steps: [openStep(elsewhere, 'c', 2_000)] } })
      advance(3_000)
      expect(await stepOf(store, charge.id)).toEqual({ path: 'chärge', openMs: 42_000, toldAgoMs: 3_200 })
      expect(await stepOf(store, other.id)).toEqual({ path: 'a/b[1]', openMs: 1_500, toldAgoMs: 3_200 })
      expect(await stepOf(store, elsewhere.id)).toEqual({ path: 'c', openMs: 2_000, toldAgoMs: 3_000 })
      await store.cancel(charge.id, byHand())
      expect(await store.run(charge.id)).toMatchObject({ state: 'cancelling', step: { path: 'chärge' } })
    },
  )

  contractTest(open, 'a report of a worker holds until its next one', async ({ store, worker, advance }) => {
    await store.enqueue([newRun()])
    const first = await worker()
    const run = await first.claimOne()
    await first.renew({ openSteps: { n: 1, agoMs: 0, steps: [openStep(run, 'a', 2_000)] } })
    advance(3_000)
    await first.renew()
    expect(await stepOf(store, run.id)).toEqual({ path: 'a', openMs: 2_000, toldAgoMs: 3_000 })
    await first.renew({ openSteps: { n: 2, agoMs: 0, steps: [openStep(run, 'a', 5_000)] } })
    expect(await stepOf(store, run.id)).toEqual({ path: 'a', openMs: 5_000, toldAgoMs: 0 })
    await first.renew({ openSteps: { n: 3, agoMs: 0, steps: [] } })
    expect(await stepOf(store, run.id)).toBeUndefined()
  })

  contractTest(open, 'a late repeat of a renewal replaces nothing newer', async (contract) => {
    const { store, worker, advance } = contract
    await store.enqueue([newRun()])
    const first = await worker()
    const run = await first.claimOne()
    const told = { n: 1, agoMs: 0, steps: [openStep(run, 'a', 2_000)] }
    await first.renew({ openSteps: told })
    advance(1_000)
    await first.renew({ openSteps: told })
    expect(await stepOf(store, run.id)).toMatchObject({ toldAgoMs: 1_000 })
    await first.renew({ openSteps: { n: 2, agoMs: 0, steps: [] } })
    await first.renew({ openSteps: told })
    expect(await stepOf(store, run.id)).toBeUndefined()
  })

  contractTest(open, 'a step belongs to one execution of its run', async ({ store, worker }) => {
    await store.enqueue([newRun()])
    const first = await worker()
    const run = await first.claimOne()
    await first.renew({ openSteps: { n: 1, agoMs: 0, steps: [openStep(run, 'a', 2_000)] } })
    await first.settle(run, { kind: 'released' })
    expect(await stepOf(store, run.id)).toBeUndefined()
    const again = await first.claimOne()
    expect(again.id).toBe(run.id)
    expect(await stepOf(store, run.id)).toBeUndefined()
    await first.settle(again, completed)
    expect(await stepOf(store, run.id)).toBeUndefined()
  })

  contractTest(open, 'a lease that is gone reports nothing, whatever arrives late', async (contract) => {
    const { store, worker, letLeaseExpire } = contract
    await store.enqueue([newRun()])
    const [first, second] = [await worker(), await worker()]
    const run = await first.claimOne()
    const openSteps = { n: 1, agoMs: 0, steps: [openStep(run, 'a', 2_000)] }
    await first.renew({ openSteps })
    await letLeaseExpire(second)
    await second.claimOne()
    expect(await first.renew({ openSteps: { ...openSteps, n: 2 } })).toEqual({ kind: 'lost' })
    expect(await stepOf(store, run.id)).toBeUndefined()
  })
}
