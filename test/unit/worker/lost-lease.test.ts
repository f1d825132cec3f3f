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

test('a stop waits for the new lease, although a comparison finds the old one gone after its renewal did', async () => {
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
