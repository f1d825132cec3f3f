import { randomUUID } from 'node:crypto'
import type { Outcome } from '../../../runtime/model/outcome.ts'
import type { RunState } from '../../../runtime/model/run.ts'
import type { ClaimedRun, Store } from '../../../runtime/store/store.ts'
import { newRun, plainError } from '../../../test/support/stores/store-inputs.ts'
import { completed, TestWorker } from '../../../test/support/stores/test-worker.ts'

/** How the runs of a filled store end up, in a hundred; the others have completed. */
const shares: Partial<Record<RunState, number>> = {
  scheduled: 4,
  ready: 5,
  waiting: 2,
  failed: 6,
  cancelled: 2,
  blocked: 1,
}
const jobs = 20
const queues = 4
const heldRuns = 20
const atOnce = 500
const claimedAtOnce = 100
const later = { kind: 'in', ms: 86_400_000 } as const

const outcomes: Partial<Record<RunState, Outcome>> = {
  completed,
  failed: { kind: 'failed', error: plainError },
  blocked: { kind: 'blocked', reason: 'no such step', digest: 'first' },
  waiting: { kind: 'retrying', error: plainError, delayMs: 86_400_000 },
}

/** Brings a store to `count` runs in every state, of 20 jobs in 4 queues, spread evenly over their numbers. */
export async function fill(store: Store, count: number): Promise<void> {
  const names = Array.from({ length: jobs }, (_, i) => `job-${i}`)
  const worker = await TestWorker.register(store, {
    leaseMs: 86_400_000,
    jobs: names.map((name) => ({ name, version: 1, queue: 'queue-0', digest: 'first' })),
  })
  const fates = Array.from({ length: 100 }, () => 'completed' as RunState)
  let at = 0
  for (const [state, share] of Object.entries(shares)) {
    for (let i = 0; i < share; i++) fates[(at++ * 37) % 100] = state as RunState
  }
  for (let made = 0; made < count; made += atOnce) {
    const wanted = Array.from(
      { length: Math.min(atOnce, count - made) },
      (_, i) => fates[(made + i) % 100] ?? 'completed',
    )
    await step(store, worker, wanted, made)
  }
  await worker.claim(heldRuns)
}

/** Enqueues some runs and takes each to its state. Those that stay ready have the lowest priority: no claim takes them. */
async function step(
  store: Store,
  worker: TestWorker,
  fates: readonly RunState[],
  made: number,
): Promise<void> {
  const runs = fates.map((state, i) => {
    const n = made + i
    const priority = state === 'ready' ? -1 : 0
    const tags = n % 50 === 0 ? ['vip'] : []
    const start = state === 'scheduled' ? { start: later } : {}
    return newRun({
      id: randomUUID(),
      job: `job-${n % jobs}`,
      queue: `queue-${n % queues}`,
      priority,
      tags,
      ...start,
    })
  })
  await store.enqueue(runs)
  const fateOf = new Map(runs.map(({ id }, i) => [id, fates[i]]))
  let left = fates.filter(
    (state) => state !== 'ready' && state !== 'scheduled' && state !== 'cancelled',
  ).length
  for (const [i, run] of runs.entries()) {
    if (fates[i] === 'cancelled') await store.cancel(run.id, { by: 'bench', requestId: randomUUID() })
  }
  while (left > 0) {
    const claimed = await worker.claim(Math.min(claimedAtOnce, left))
    if (claimed.length === 0) throw new Error('there was nothing to claim')
    left -= claimed.length
    const settled = (run: ClaimedRun) =>
      worker.settlement(run, outcomes[fateOf.get(run.id) ?? 'completed'] ?? completed)
    await worker.send(...claimed.map(settled))
  }
}
