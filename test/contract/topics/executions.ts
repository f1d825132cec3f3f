import { expect } from 'vitest'
import { type ExecutionInfo, retainedExecutions } from '../../../runtime/store/executions.ts'
import { byHand, leaseMs, newRun, plainError, waiting } from '../../support/stores/store-inputs.ts'
import type { Open } from '../../support/stores/store-under-test.ts'
import { completed } from '../../support/stores/test-worker.ts'
import { type Contract, contractTest } from '../contract-test.ts'

const jobs = [{ name: 'job', version: 3, queue: 'default', digest: 'third' }]

function retrying(delayMs: number) {
  return { kind: 'retrying', error: plainError, delayMs } as const
}

/** Executions as ms since the begin of the test. */
async function executionsOf({ store }: Contract, id: string, begin: number): Promise<unknown[]> {
  return (await store.executions(id)).map(({ claimedAt, end, ...others }: ExecutionInfo) => ({
    ...{ ...others, claimedAt: claimedAt - begin },
    ...(end === undefined
      ? {}
      : {
          end: {
            ...{ ...end, at: end.at - begin },
            ...(end.until === undefined ? {} : { until: end.until - begin }),
          },
        }),
  }))
}

/** Each claim of a run, and how it ended. */
export function executionsContract(open: Open): void {
  contractTest(
    open,
    'the current execution is reported, and how long its run was ready before',
    async (contract) => {
      const { store, worker, advance, now } = contract
      const begin = now()
      const run = newRun({ start: { kind: 'in', ms: 1_000 } })
      await store.enqueue([run])
      expect(await store.executions(run.id)).toEqual([])
      expect(await store.executions('unknown')).toEqual([])
      const first = await worker({ jobs })
      advance(1_000)
      await first.claim(0)
      advance(700)
      const claimed = await first.claimOne()
      advance(50)
      const running = { n: 1, claimedAt: 1_700, waitedMs: 700, worker: first.name, version: 3 }
      expect(await executionsOf(contract, run.id, begin)).toEqual([running])
      await store.cancel(run.id, byHand())
      advance(50)
      expect(await executionsOf(contract, run.id, begin)).toEqual([running])
      await first.settle(claimed, { kind: 'cancelled' })
      expect(await executionsOf(contract, run.id, begin)).toEqual([
        { ...running, end: { at: 1_800, transition: 'end cancel' } },
      ])
    },
  )

  contractTest(
    open,
    'the reported version is that of the run’s worker, even if another worker has its name',
    async ({ store, worker }) => {
      await store.enqueue([newRun()])
      await worker({ name: 'same', jobs: jobs.map((job) => ({ ...job, version: 2 })) })
      const newer = await worker({ name: 'same', jobs })
      const run = await newer.claimOne()
      expect(await store.executions(run.id)).toMatchObject([{ n: 1, worker: 'same', version: 3 }])
    },
  )

  contractTest(
    open,
    'a run that completes at once reports begin and end, and no worker',
    async (contract) => {
      const { store, worker, advance, now } = contract
      const begin = now()
      await store.enqueue([newRun()])
      advance(20)
      const first = await worker({ jobs })
      const run = await first.claimOne()
      advance(5)
      await first.settle(run, completed)
      expect(await executionsOf(contract, run.id, begin)).toEqual([
        { n: 1, claimedAt: 20, waitedMs: 20, end: { at: 25, transition: 'complete' } },
      ])
    },
  )

  contractTest(
    open,
    'each execution says what ended it, and how long the run paused after it',
    async (contract) => {
      const { store, worker, advance, now, letLeaseExpire } = contract
      const begin = now()
      await store.enqueue([newRun()])
      const [first, second] = [await worker({ jobs }), await worker({ jobs, name: 'second' })]
      let run = await first.claimOne()
      advance(10)
      await first.settle(run, retrying(500))
      advance(500)
      await second.claim(0)
      advance(30)
      run = await second.claimOne()
      await second.append(run, waiting('rest', 60_000))
      advance(5)
      await second.settle(run, { kind: 'waiting', waits: [{ kind: 'time', path: 'rest', position: 1 }] })
      advance(60_000)
      // Its time came while the lease of the first one ended.
      run = await second.claimOne()
      advance(1)
      await second.settle(run, { kind: 'released' })
      const lost = await worker({ jobs, name: 'lost' })
      await lost.claimOne()
      await letLeaseExpire(second)
      await second.claim(0)
      const lostAt = now() - begin
      run = await second.claimOne()
      advance(2)
      await second.settle(run, completed)
      const version = 3
      const base = 10 + 500 + 30
      expect(await executionsOf(contract, run.id, begin)).toEqual([
        {
          ...{ n: 1, claimedAt: 0, waitedMs: 0, worker: first.name, version },
          end: { at: 10, transition: 'back off', until: 510 },
        },
        {
          ...{ n: 2, claimedAt: base, waitedMs: 30, worker: 'second', version },
          end: { at: base + 5, transition: 'suspend', until: base + 60_000 },
        },
        {
          ...{ n: 3, claimedAt: base + 60_005, waitedMs: 0, worker: 'second', version },
          end: { at: base + 60_006, transition: 'release' },
        },
        {
          ...{ n: 4, claimedAt: base + 60_006, waitedMs: 0, worker: 'lost', version },
          end: { at: lostAt, transition: 'lose' },
        },
        {
          ...{ n: 5, claimedAt: lostAt, waitedMs: 0, worker: 'second', version },
          end: { at: lostAt + 2, transition: 'complete' },
        },
      ])
      expect(lostAt).toBeGreaterThan(leaseMs)
    },
  )

  contractTest(open, 'after a retry the count of executions continues', async (contract) => {
    const { store, worker, advance, now } = contract
    const begin = now()
    await store.enqueue([newRun()])
    const first = await worker({ jobs, name: 'one' })
    const run = await first.claimOne()
    advance(1)
    await first.settle(run, { kind: 'failed', error: plainError })
    advance(9)
    await store.retry(run.id, {}, byHand())
    advance(5)
    await first.settle(await first.claimOne(), completed)
    expect(await executionsOf(contract, run.id, begin)).toEqual([
      { n: 1, claimedAt: 0, waitedMs: 0, worker: 'one', version: 3, end: { at: 1, transition: 'fail' } },
      { n: 2, claimedAt: 15, waitedMs: 5, end: { at: 15, transition: 'complete' } },
    ])
  })

  contractTest(open, 'the first and the last of many executions are retained', async (contract) => {
    const { store, worker, advance, now } = contract
    const begin = now()
    await store.enqueue([newRun()])
    const first = await worker()
    const { first: oldest, last: newest } = retainedExecutions
    const all = oldest + newest + 5
    let run = await first.claimOne()
    for (let n = 1; n <= all; n++) {
      await first.settle(run, retrying(1))
      advance(1)
      await first.claim(0)
      run = await first.claimOne()
    }
    const claims = (await store.executions(run.id)).map(({ n, claimedAt }) => [n, claimedAt - begin])
    const range = (from: number, to: number): number[][] =>
      Array.from({ length: to - from + 1 }, (_, i) => [from + i, from + i - 1])
    // The current execution comes after them.
    expect(claims).toEqual([...range(1, oldest), ...range(all - newest + 1, all + 1)])
  })

  contractTest(
    open,
    'executions are removed with their run, and times are shown by the clock',
    async (contract) => {
      const { store, worker, advance, moveClock, now } = contract
      await store.enqueue([newRun()])
      const first = await worker()
      const run = await first.claimOne()
      advance(3)
      await first.settle(run, { kind: 'failed', error: plainError })
      moveClock(3_600_000)
      await store.enqueue([newRun()])
      expect(await store.executions(run.id)).toMatchObject([{ claimedAt: now() - 3, end: { at: now() } }])
      await store.remove(run.id, byHand())
      expect(await store.executions(run.id)).toEqual([])
    },
  )

  contractTest(open, 'waits and pauses don’t change when the clock moves', async (contract) => {
    const { store, worker, advance, moveClock, now } = contract
    await store.enqueue([newRun()])
    const first = await worker()
    await first.settle(await first.claimOne(), retrying(500))
    advance(507)
    await first.claim(0)
    advance(3)
    const run = await first.claimOne()
    moveClock(3_600_000)
    await store.enqueue([newRun()])
    expect(await store.executions(run.id)).toMatchObject([
      { n: 1, end: { at: now() - 510, until: now() - 10 } },
      { n: 2, claimedAt: now(), waitedMs: 3 },
    ])
  })

  contractTest(open, 'executions of one ms are distinct', async (contract) => {
    const { store, worker } = contract
    await store.enqueue([newRun()])
    const first = await worker({ name: 'one' })
    const run = await first.claimOne()
    await first.settle(run, { kind: 'released' })
    await first.settle(await first.claimOne(), { kind: 'blocked', reason: 'no code', digest: 'first' })
    await store.retry(run.id, {}, byHand())
    await first.settle(await first.claimOne(), { kind: 'released' })
    await first.settle(await first.claimOne(), completed)
    expect(
      (await store.executions(run.id)).map(({ n, worker, end }) => [n, worker, end?.transition]),
    ).toEqual([
      [1, 'one', 'release'],
      [2, 'one', 'block'],
      [3, 'one', 'release'],
      [4, 'one', 'complete'],
    ])
  })
}
