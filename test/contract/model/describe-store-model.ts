import fc from 'fast-check'
import { describe, test } from 'vitest'
import type { StoreKind } from '../store-under-test.ts'
import { TestWorker } from '../test-worker.ts'
import { commands, type Fleet } from './commands.ts'
import { Oracle } from './oracle.ts'

const runs = Number(process.env.DURABLE_JOBS_PROVE_RUNS ?? 60)
const longestRunMs = 20 * 60_000

/** Random sequences of operations, repeats and losses: store and oracle agree after every one. */
export function describeStoreModel({ name, open }: StoreKind): void {
  describe(`store model: ${name}`, () => {
    test(
      `${runs} random histories end as the oracle says`,
      async () => {
        await fc.assert(
          fc.asyncProperty(fc.commands(commands, { maxCommands: 80, size: 'max' }), async (history) => {
            const under = await open()
            try {
              const { store } = under
              const workers = [0, 1, 2].map(() => TestWorker.register(store))
              const fleet: Fleet = { under, store, workers: await Promise.all(workers), claims: [] }
              await fc.asyncModelRun(() => ({ model: new Oracle(under.now()), real: fleet }), history)
            } finally {
              await under.close()
            }
          }),
          { numRuns: runs },
        )
      },
      longestRunMs,
    )
  })
}
