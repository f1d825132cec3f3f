import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { openStore } from '../../../runtime/store/open-store.ts'
import type { LeaseId, Store } from '../../../runtime/store/store.ts'
import { Worker } from '../../../runtime/worker/worker.ts'
import { parseWorkerOptions } from '../../../runtime/worker/worker-options.ts'
import { defineJob } from '../../../sdk/index.ts'
import { gate, openFixture } from '../../support/fixture.ts'

const job = defineJob({ name: 'never-run' }, () => undefined)

/** Holds the comparisons and the second registration of a worker until the test opens its gates. */
class HoldingStore {
  readonly leases: LeaseId[] = []
  readonly comparing = gate()
  readonly compare = gate()
  readonly compared = gate()
  readonly registering = gate()
  readonly register = gate()
  reconnected: () => void = () => undefined

  hold(store: Store): Store {
    const { register, reconcile, onWakeup } = store
    store.register = async (registration) => {
      this.leases.push(registration.lease)
      if (this.leases.length === 2) {
        this.registering.open()
        await this.register.opened
      }
      return register.call(store, registration)
    }
    store.reconcile = async (...args) => {
      this.comparing.open()
      await this.compare.opened
      const reply = await reconcile.apply(store, args)
      if (reply === 'lost') this.compared.open()
      return reply
    }
    store.onWakeup = (lease, listener) => {
      this.reconnected = () => listener('reconnected')
      return onWakeup.call(store, lease, listener)
    }
    return store
  }
}

test('a stop waits for the new lease, even if a comparison finds the old one gone after its renewal did', async () => {
  const shop = await openFixture()
  const held = new HoldingStore()
  const lost = gate()
  const logger = {
    ...{ debug: () => undefined, info: () => undefined, warn: () => undefined },
    error: (_fields: object, message?: string) => {
      if (message === 'the lease was lost: its runs go on elsewhere') lost.open()
    },
  }
  const options = { store: shop.store, jobs: [job], lease: 1_000, handleSignals: false, logger }
  const config = parseWorkerOptions(options)
  const worker = new Worker(config, async ({ store }) => held.hold(await openStore(store)))
  await worker.start()
  held.reconnected()
  await held.comparing.opened

  const another = await openStore(config.store)
  await another.resign(held.leases[0] ?? '', [])
  await lost.opened
  held.compare.open()
  await held.compared.opened
  await held.registering.opened
  const stopped = worker.stop({ timeout: 0 })
  // A stop that waits for nothing has read by then that there is no lease.
  await setImmediate()
  held.register.open()
  await stopped
  expect(held.leases).toHaveLength(2)
  expect(await another.workers()).toEqual([])
  await another.close()
})

test('a run whose end waits for a claim leaves its slot when the lease is lost', async () => {
  const shop = await openFixture()
  const [claimed, claiming, claim, thrown, lost, left] = [gate(), gate(), gate(), gate(), gate(), gate()]
  const told = (fields: object, message?: string): void => {
    if (message === 'a middleware threw around a run') thrown.open()
    if (message === 'the lease was lost: its runs go on elsewhere') lost.open()
    if (message === 'a run left its slot' && 'outcome' in fields && fields.outcome === 'lost') left.open()
  }
  const config = parseWorkerOptions({
    ...{ store: shop.store, jobs: [job], lease: 1_000, handleSignals: false, concurrency: 4 },
    logger: { debug: told, info: told, warn: told, error: told },
    middleware: [
      {
        run: async () => {
          claimed.open()
          await claiming.opened
          throw new Error('before the job')
        },
      },
    ],
  })
  let lease: LeaseId = ''
  let claims = 0
  const worker = new Worker(config, async ({ store: at }) => {
    const store = await openStore(at)
    const original = store.claim.bind(store)
    store.claim = async (own, ...args) => {
      // The claim after the one that brought the run has no reply until the lease is lost.
      if (++claims === 2) {
        lease = own
        claiming.open()
        await claim.opened
      }
      return original(own, ...args)
    }
    return store
  })
  await shop.jobs.enqueue(job)
  await worker.start()
  await claimed.opened
  await shop.jobs.enqueue(job)
  await thrown.opened

  const another = await openStore(config.store)
  await another.resign(lease, [])
  await lost.opened
  claim.open()
  await left.opened
  await worker.stop({ timeout: 0 })
  await another.close()
})
