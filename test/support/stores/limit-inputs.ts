import type { LimitUse } from '../../../runtime/model/limit-use.ts'
import { type Limiter, limits } from '../../../runtime/model/limiter.ts'
import type { NewRun } from '../../../runtime/store/new-run.ts'
import type { ClaimedRun, NewWorker } from '../../../runtime/store/store.ts'
import { newRun } from './store-inputs.ts'
import type { TestWorker } from './test-worker.ts'

export const one: Limiter = limits.concurrency({ name: 'one', max: 1 })
export const two: Limiter = limits.concurrency({ name: 'two', max: 2 })
export const window: Limiter = limits.fixedWindow({ name: 'window', limit: 2, window: '1s' })
export const sliding: Limiter = limits.slidingWindow({ name: 'sliding', limit: 2, window: '1s' })
export const bucket: Limiter = limits.tokenBucket({ name: 'bucket', capacity: 2, refill: 1, every: '1s' })
export const points: Limiter = limits.points({ name: 'points', points: 10, every: '10s' })
const all = [one, two, window, sliding, bucket, points]

export function use(limiter: Limiter, over: Partial<LimitUse> = {}): LimitUse {
  return { limiter: limiter.name, key: '', cost: 1, wholeRun: false, ...over }
}

/** A worker whose code knows all limiters of these tests. */
export function limited(
  contract: { worker(over: Partial<NewWorker>): Promise<TestWorker> },
  over: Partial<NewWorker> = {},
): Promise<TestWorker> {
  return contract.worker({ limiters: all.map(({ name, rule }) => ({ name, rule })), ...over })
}

export function limitedRun(
  limiter: Limiter,
  over: Partial<NewRun> & { use?: Partial<LimitUse> } = {},
): NewRun {
  const { use: more, ...rest } = over
  return newRun({ limits: [use(limiter, more)], ...rest })
}

export function ids(runs: readonly { readonly id: string }[]): string[] {
  return runs.map(({ id }) => id)
}

export function acquire(
  worker: TestWorker,
  run: ClaimedRun,
  path: string,
  uses: LimitUse[],
  turn = 1,
  attempt = 1,
) {
  return worker.store.acquire(worker.lease, { run: run.id, fence: run.fence, path, attempt, turn, uses })
}
