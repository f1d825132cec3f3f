import { test } from 'vitest'
import { leaseMs } from '../support/stores/store-inputs.ts'
import type { Open, OpenOptions, StoreUnderTest } from '../support/stores/store-under-test.ts'
import { TestWorker } from '../support/stores/test-worker.ts'
import { expectRightCounters } from './expect-right-counters.ts'

export interface Contract extends StoreUnderTest {
  /** Registers a worker. */
  worker(over?: Parameters<typeof TestWorker.register>[1]): Promise<TestWorker>
  /**
   * Lets a lease's time pass while other workers remain reachable: the store must see a renewal meanwhile, or
   * no worker could have renewed, and no lease ends.
   */
  letLeaseExpire(bodyLog: TestWorker): Promise<void>
}

/** One test of the contract, on a store of its own. */
export function contractTest(
  open: Open,
  title: string,
  body: (contract: Contract) => Promise<void>,
  options: OpenOptions = {},
): void {
  test(title, async () => {
    const under = await open(options)
    try {
      await body({
        ...under,
        worker: (over) => TestWorker.register(under.store, over),
        letLeaseExpire: async (bodyLog) => {
          for (let passed = 0; passed <= leaseMs; passed += leaseMs / 4) {
            under.advance(leaseMs / 4)
            await bodyLog.renew()
          }
        },
      })
      await expectRightCounters(under.store)
    } finally {
      await under.close()
    }
  })
}
