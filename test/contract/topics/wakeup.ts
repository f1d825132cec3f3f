import { expect } from 'vitest'
import type { Store } from '../../../runtime/store/store.ts'
import { byHand, done, newRun } from '../../support/stores/store-inputs.ts'
import type { Open } from '../../support/stores/store-under-test.ts'
import type { TestWorker } from '../../support/stores/test-worker.ts'
import { contractTest } from '../contract-test.ts'

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

  contractTest(open, 'an enqueue wakes an idle worker that serves the queue', async ({ store, worker }) => {
    const others = await Promise.all(Array.from({ length: 3 }, () => worker({ queues: ['elsewhere'] })))
    const server = await worker({ queues: ['here'] })
    for (const idle of [...others, server]) await idle.claim()
    let woken = Promise.withResolvers<void>()
    const stop = store.onWakeup(server.lease, () => woken.resolve())
    for (let i = 0; i < 4; i++) {
      await store.enqueue([newRun({ queue: 'here' })])
      await woken.promise
      woken = Promise.withResolvers()
      expect(await server.claim()).toHaveLength(1)
      expect(await server.claim()).toEqual([])
    }
    stop()
  })

  contractTest(
    open,
    'a worker that claims a due run with one slot is idle with the others',
    async (contract) => {
      const { store, worker, advance } = contract
      const first = await worker()
      await store.enqueue([newRun({ start: { kind: 'in', ms: 500 } })])
      await first.claim()
      advance(500)
      expect(await first.claim()).toHaveLength(1)
      const woken = nextWakeup(store, first)
      await store.enqueue([newRun()])
      await woken
      expect(await first.claim()).toHaveLength(1)
    },
  )

  contractTest(open, 'when a worker leaves, another one is woken for its runs', async ({ store, worker }) => {
    const workers = [await worker(), await worker()] as const
    for (const idle of workers) await idle.claim()
    const hints = workers.map((idle) => nextWakeup(store, idle).then(() => idle))
    await store.enqueue([newRun()])
    const picked = await Promise.race(hints)
    await store.resign(picked.lease, [])
    const [other] = (await Promise.all(hints)).filter((idle) => idle !== picked)
    expect(await other?.claim()).toHaveLength(1)
  })

  contractTest(open, 'a poison suspect wakes a lease that holds none', async (contract) => {
    const { store, worker, advance, letLeaseExpire } = contract
    const bodyLog = await worker({ leaseMs: 86_400_000 })
    await store.enqueue([newRun(), newRun()])
    for (let losses = 0; losses < 2; losses++) {
      expect(await (await worker()).claim(2)).toHaveLength(2)
      await letLeaseExpire(bodyLog)
      await bodyLog.claim(0)
    }
    advance(1_000)
    const [run] = await bodyLog.claim()
    if (run === undefined) expect.unreachable('a suspect to claim')
    expect(await bodyLog.claim()).toEqual([])
    // The first record of its run clears the suspicion, and the lease may take the other one.
    const woken = nextWakeup(store, bodyLog)
    await bodyLog.append(run, done('first step'))
    await woken
    expect(await bodyLog.claim()).toHaveLength(1)
  })

  contractTest(open, 'an idle worker learns of a run that is due sooner than it knows', async (contract) => {
    const { store, worker, advance } = contract
    const first = await worker()
    const woken = Promise.withResolvers<void>()
    const stop = store.onWakeup(first.lease, () => woken.resolve())
    await first.claim()
    await store.enqueue([newRun({ start: { kind: 'in', ms: 500 } })])
    await woken.promise
    expect((await first.claimReply()).nextDueInMs).toBe(500)
    advance(500)
    expect(await first.claim()).toHaveLength(1)
    stop()
  })

  contractTest(open, 'an order wakes its worker', async ({ store, worker, another }) => {
    await store.enqueue([newRun()])
    const first = await worker()
    const run = await first.claimOne()
    const woken = Promise.withResolvers<void>()
    const stop = store.onWakeup(first.lease, () => woken.resolve())
    await (await another()).cancel(run.id, byHand())
    await woken.promise
    expect((await first.claimReply()).orders.cancel).toEqual([run.id])
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

  contractTest(open, 'any connection can subscribe to changes', async ({ store, another }) => {
    const changed = Promise.withResolvers<void>()
    const stop = store.onChange(() => changed.resolve())
    await (await another()).enqueue([newRun()])
    await changed.promise
    stop()
    stop()
  })

  contractTest(open, 'a second close is harmless, and a closed store hears nothing', async ({ another }) => {
    const other = await another()
    other.onChange(() => undefined)
    await other.close()
    await other.close()
    await expect(other.enqueue([newRun()])).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  })
}

/** Resolves with the next hint to this worker; nothing has been said to it before. */
async function nextWakeup(store: Store, { lease }: TestWorker): Promise<void> {
  const woken = Promise.withResolvers<void>()
  const stop = store.onWakeup(lease, () => woken.resolve())
  await woken.promise
  stop()
}
