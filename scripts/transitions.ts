import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { openStore } from '../runtime/store/open-store.ts'
import { parseStoreConfig } from '../runtime/store/store-config.ts'
import { mark, newRun, plainError } from '../test/support/stores/store-inputs.ts'
import { completed, TestWorker } from '../test/support/stores/test-worker.ts'

/*
 * node scripts/transitions.ts URL RATE: makes so many transitions of runs a second in a store, until its parent is gone.
 * Runs are enqueued, claimed and settled in batches, as a busy fleet does it. It tells its parent once a second how many
 * transitions it made in that second.
 */

const tickMs = 20
/** Of one run: enqueued, claimed, settled. */
const perRun = 3
const jobs = Array.from({ length: 12 }, (_, i) => ({
  ...{ name: `job-${i}`, version: 1, digest: 'first' },
  queue: `queue-${i % 4}`,
}))
const workerCount = 8
const causes = 20
/** Each so manieth run fails. */
const failsEach = 50
/** A commit takes 200. A machine that is too slow for the rate shows in what is told. */
const maxBatch = 200
const sweptAtOnce = 500

const [url = '', rateText = '5000'] = process.argv.slice(2)
const rate = Number(rateText)
const store = await openStore(parseStoreConfig({ url, retention: { maxEnded: 50_000 } }))
const workers = await Promise.all(
  Array.from({ length: workerCount }, (_, i) =>
    TestWorker.register(store, {
      ...{ lease: randomUUID(), name: `worker-${i}`, leaseMs: 86_400_000, concurrency: 1_000 },
      ...{ jobs, queues: ['queue-0', 'queue-1', 'queue-2', 'queue-3'] },
    }),
  ),
)

let made = 0
let told = 0
let ended = false
process.once('disconnect', () => {
  ended = true
})

/** The next batch of runs, while a worker takes and settles those of the last one. */
async function step(worker: TestWorker, count: number): Promise<void> {
  const runs = Array.from({ length: count }, (_, i) => {
    const { name, queue } = jobs[(made + i) % jobs.length] ?? { name: 'job-0', queue: 'queue-0' }
    return newRun({ id: randomUUID(), job: name, queue })
  })
  await store.enqueue(runs)
  const claimed = await worker.claim(count)
  await worker.send(
    ...claimed.map((run, i) => {
      const n = made + i
      if (n % failsEach !== 0) return worker.settlement(run, completed)
      return worker.settlement(run, {
        kind: 'failed',
        error: plainError,
        mark: mark(`cause${(n / failsEach) % causes}`),
      })
    }),
  )
  made += runs.length
}

const begun = performance.now()
let nextTold = begun + 1_000
for (let n = 0; !ended; n++) {
  const wanted = ((performance.now() - begun) / 1_000) * (rate / perRun) - made
  const worker = workers[n % workers.length]
  if (worker !== undefined && wanted >= 1) await step(worker, Math.min(maxBatch, Math.floor(wanted)))
  if (performance.now() >= nextTold) {
    process.send?.((made - told) * perRun)
    told = made
    nextTold += 1_000
    await store.sweep(sweptAtOnce)
  }
  await sleep(tickMs)
}
await store.close()
