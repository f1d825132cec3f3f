import { expect } from 'vitest'
import { contractTest } from '../contract-test.ts'
import { byHand, newRun } from '../given.ts'
import type { Open } from '../store-under-test.ts'

export function wakeupContract(open: Open): void {
  contractTest(open, 'an enqueue wakes an idle worker of that job, from any connection', async (contract) => {
    const { store, another, worker } = contract
    const first = await worker()
    const woken = Promise.withResolvers<void>()
    const stop = store.onWakeup(first.lease, () => woken.resolve())
    await first.claim()
    await (await another()).enqueue([newRun()])
    await woken.promise
    expect(await first.claim()).toHaveLength(1)
    stop()
    stop()
  })

  contractTest(open, 'an idle worker is told of a run that is due sooner than it knows', async (contract) => {
    const { store, worker, advance } = contract
    const first = await worker()
    const woken = Promise.withResolvers<void>()
    const stop = store.onWakeup(first.lease, () => woken.resolve())
    await first.claim()
    await store.enqueue([newRun({ start: { kind: 'in', ms: 500 } })])
    await woken.promise
    expect((await first.claimAnswer()).nextDueInMs).toBe(500)
    advance(500)
    expect(await first.claim()).toHaveLength(1)
    stop()
  })

  contractTest(open, 'an order wakes the worker it is for', async ({ store, worker, another }) => {
    await store.enqueue([newRun()])
    const first = await worker()
    const run = await first.claimOne()
    const woken = Promise.withResolvers<void>()
    const stop = store.onWakeup(first.lease, () => woken.resolve())
    await (await another()).cancel(run.id, byHand())
    await woken.promise
    expect((await first.claimAnswer()).orders.cancel).toEqual([run.id])
    stop()
  })

  contractTest(open, 'one enqueue to many idle workers wakes one of them', async ({ store, worker }) => {
    const workers = await Promise.all(Array.from({ length: 20 }, () => worker()))
    const woken: string[] = []
    const heard = Promise.withResolvers<void>()
    const stops = workers.map(({ lease }) =>
      store.onWakeup(lease, () => {
        woken.push(lease)
        heard.resolve()
      }),
    )
    for (const idle of workers) await idle.claim()
    await store.enqueue([newRun()])
    await heard.promise
    // A second order reaches another worker after every wake-up of the first has been sent.
    const later = Promise.withResolvers<void>()
    const last = workers.find(({ lease }) => !woken.includes(lease))
    if (last === undefined) throw new Error('every worker was woken')
    stops.push(store.onWakeup(last.lease, () => later.resolve()))
    await store.drainWorker(last.name, byHand())
    await later.promise
    expect(new Set(woken.filter((lease) => lease !== last.lease)).size).toBe(1)
    for (const stop of stops) stop()
  })

  contractTest(open, 'a change can be listened to, from any connection', async ({ store, another }) => {
    const changed = Promise.withResolvers<void>()
    const stop = store.onChange(() => changed.resolve())
    await (await another()).enqueue([newRun()])
    await changed.promise
    stop()
    stop()
  })

  contractTest(open, 'a closed store is closed once and listens to nothing', async ({ another }) => {
    const other = await another()
    other.onChange(() => undefined)
    await other.close()
    await other.close()
    await expect(other.enqueue([newRun()])).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  })
}
