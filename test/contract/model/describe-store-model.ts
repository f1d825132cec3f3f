import fc from 'fast-check'
import { describe, test } from 'vitest'
import { inTask } from '../../support/stores/in-task.ts'
import type { StoreKind } from '../../support/stores/store-under-test.ts'
import { TestWorker } from '../../support/stores/test-worker.ts'
import { commands, type Fleet } from './commands.ts'
import { Oracle } from './oracle.ts'
import { ToldEvents } from './told-events.ts'

const asked = process.env.DURABLE_JOBS_PROVE_RUNS
const maxRunMs = 20 * 60_000

/** Random sequences of operations, repeats and losses: store and oracle agree after every one. */
export function describeStoreModel({ name, open }: StoreKind, usual = 60): void {
  const runs = Number(asked ?? usual)
  describe(`store model: ${name}`, () => {
    test(
      `${runs} random histories end as the oracle predicts`,
      async () => {
        await fc.assert(
          fc.asyncProperty(fc.commands(commands, { maxCommands: 80, size: 'max' }), async (history) => {
            const under = await open()
            try {
              const { store } = under
              const workers: TestWorker[] = []
              const oracle = new Oracle(under.now())
              for (let i = 0; i < 3; i++) {
                const worker = await TestWorker.register(store, inTask('a'))
                workers.push(worker)
                oracle.operations.push(`worker joined ${worker.name}`)
              }
              const fleet: Fleet = { under, store, workers, claims: [], told: new ToldEvents() }
              await fc.asyncModelRun(() => ({ model: oracle, real: fleet }), history)
            } finally {
              await under.close()
            }
          }),
          { numRuns: runs },
        )
      },
      maxRunMs,
    )
  })
}
