import { randomUUID } from 'node:crypto'
import { Jobs } from '../../../runtime/client/client.ts'
import { systemClock } from '../../../runtime/model/clock.ts'
import { openStore } from '../../../runtime/store/open-store.ts'
import type { LeaseId, Store, WorkerJob } from '../../../runtime/store/store.ts'
import { parseStoreConfig } from '../../../runtime/store/store-config.ts'

/** The store at an earlier time, with workers played by a test. */
export interface Past {
  readonly store: Store
  readonly jobs: Jobs
  now(): number
  advance(ms: number): void
  /** Registers a worker; resolves to its lease. */
  worker(name: string, jobs: readonly Omit<WorkerJob, 'digest'>[]): Promise<LeaseId>
}

export const leaseMs = 10_000

/** Runs the events of `ms` ago, on a store that no process has used yet. Afterwards it's now. */
export async function inThePast(
  url: string,
  ms: number,
  happen: (past: Past) => Promise<void>,
): Promise<void> {
  let elapsed = 0
  const begun = Date.now() - ms
  const now = (): number => begun + elapsed
  const config = parseStoreConfig(url)
  const store = await openStore(config, { storeNow: now, storeElapsed: () => elapsed })
  const jobs = new Jobs(store, config, [], { ...systemClock, now })
  try {
    await happen({
      ...{ store, jobs, now },
      advance: (passed) => {
        elapsed += passed
      },
      worker: async (name, of) => {
        const lease = randomUUID()
        await store.register({
          ...{ lease, name, host: 'past', pid: process.pid, node: process.version, concurrency: 10, leaseMs },
          ...{ jobs: of.map((job) => ({ ...job, digest: 'past' })), draining: false },
        })
        return lease
      },
    })
  } finally {
    await jobs.close()
  }
}
