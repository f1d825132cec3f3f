import { expect } from 'vitest'
import { agedAfter } from '../../../runtime/store/limiters.ts'
import type { ClaimedRun, Store } from '../../../runtime/store/store.ts'
import type { LimitKeyQuery, LimitWaiter } from '../../../runtime/store/waitlist.ts'
import {
  acquire,
  ids,
  limited,
  limitedRun,
  one,
  two,
  use,
  window,
} from '../../support/stores/limit-inputs.ts'
import { newRun } from '../../support/stores/store-inputs.ts'
import type { Open } from '../../support/stores/store-under-test.ts'
import { completed } from '../../support/stores/test-worker.ts'
import { contractTest } from '../contract-test.ts'

const query = (over: Partial<LimitKeyQuery> = {}): LimitKeyQuery => ({
  ...{ limiter: 'one', key: 'a', limit: 100 },
  ...over,
})

/** All pages, one after the other. */
async function allWaiters(store: Store, over: Partial<LimitKeyQuery>): Promise<LimitWaiter[]> {
  const found: LimitWaiter[] = []
  let cursor: string | undefined
  do {
    const page = await store.waitlist(query({ ...over, ...(cursor === undefined ? {} : { cursor }) }))
    expect(page.waiters.length).toBeLessThanOrEqual(over.limit ?? 100)
    found.push(...page.waiters)
    cursor = page.cursor
  } while (cursor !== undefined)
  return found
}

export function waitlistContract(open: Open): void {
  contractTest(open, 'a key shows its holders: run or step, worker, since when', async (contract) => {
    const { store, now, advance } = contract
    const worker = await limited(contract)
    const [ofJob, ofStep] = [limitedRun(two, { use: { key: 'a', cost: 2 } }), newRun({ queue: 'other' })]
    await store.enqueue([ofJob, ofStep])
    // Queues take turns.
    const claimed = await worker.claim(2)
    const [first, second] = [ofJob, ofStep].map(({ id }) => claimed.find((run) => run.id === id)) as [
      ...[ClaimedRun, ClaimedRun],
    ]
    const claimedAt = now()
    advance(1_000)
    await acquire(worker, second, 'pay', [use(one, { key: 'a' })])
    const base = { job: 'job', state: 'running', worker: worker.name }
    expect(await store.limitHolders(query({ limiter: 'two' }))).toEqual({
      holders: [{ ...base, run: first.id, queue: 'default', path: '', held: 2, since: claimedAt }],
    })
    expect(await store.limitHolders(query())).toEqual({
      holders: [{ ...base, run: second.id, queue: 'other', path: 'pay', held: 1, since: now() }],
    })
    await worker.settle(first, completed)
    expect(await store.limitHolders(query({ limiter: 'two' }))).toEqual({ holders: [] })
  })

  contractTest(open, 'a key shows a whole-run holder that is in no slot, too', async (contract) => {
    const { store, now, advance } = contract
    const worker = await limited(contract)
    await store.enqueue([limitedRun(one, { use: { key: 'a', wholeRun: true } })])
    const run = await worker.claimOne()
    const since = now()
    advance(2_000)
    await worker.settle(run, { kind: 'retrying', error: { name: 'Error', message: '' }, delayMs: 60_000 })
    const { holders } = await store.limitHolders(query())
    expect(holders).toEqual([
      { run: run.id, job: 'job', queue: 'default', state: 'waiting', path: '', held: 1, since },
    ])
  })

  contractTest(open, 'holders are listed in pages, each of them once', async (contract) => {
    const { store } = contract
    const five = { name: 'five', rule: { ...one.rule, max: 5 } }
    const worker = await contract.worker({ limiters: [five] })
    const runs = Array.from({ length: 5 }, () =>
      newRun({ limits: [{ limiter: 'five', key: 'a', cost: 1, wholeRun: false }] }),
    )
    await store.enqueue([...runs, limitedRun(one)])
    await worker.claim(5)
    const found: string[] = []
    let cursor: string | undefined
    do {
      const more = cursor === undefined ? {} : { cursor }
      const page = await store.limitHolders(query({ limiter: 'five', limit: 2, ...more }))
      found.push(...page.holders.map(({ run }) => run))
      cursor = page.cursor
    } while (cursor !== undefined)
    expect(found.toSorted()).toEqual(ids(runs).toSorted())
  })

  contractTest(open, 'a key shows its waiters: in order, since when, whose position', async (contract) => {
    const { store, now, advance } = contract
    const worker = await limited(contract)
    const held = limitedRun(one, { use: { key: 'a' } })
    await store.enqueue([held, newRun()])
    const [, inSlot] = (await worker.claim(2)) as [ClaimedRun, ClaimedRun]
    advance(1_000)
    const [low, high] = [-1, 1].map((priority) => limitedRun(one, { priority, use: { key: 'a' } }))
    if (low === undefined || high === undefined) throw new Error('two runs')
    await store.enqueue([low, high])
    const since = now()
    await acquire(worker, inSlot, 'pay', [use(one, { key: 'a' })])
    await store.enqueue([limitedRun(one, { use: { key: 'b' } })])
    const base = { job: 'job', queue: 'default', aged: false }
    expect(await store.waitlist(query())).toEqual({
      waiters: [
        { ...base, run: high.id, state: 'waiting', path: '', position: 1, priority: 1, since },
        { ...base, run: inSlot.id, state: 'running', path: 'pay', position: 2, priority: 0 },
        { ...base, run: low.id, state: 'waiting', path: '', position: 3, priority: -1, since },
      ],
    })
  })

  contractTest(open, 'a waitlist of any length is read in pages, in order', async (contract) => {
    const { store } = contract
    const worker = await limited(contract)
    await store.enqueue([limitedRun(one, { use: { key: 'a' } })])
    await worker.claimOne()
    const runs = Array.from({ length: 23 }, (_, n) =>
      limitedRun(one, { priority: (n % 3) - 1, use: { key: 'a' } }),
    )
    await store.enqueue(runs)
    const expected = [1, 0, -1].flatMap((priority) => ids(runs.filter((run) => run.priority === priority)))
    for (const limit of [1, 4, 23, 1_000]) {
      const found = await allWaiters(store, { limit })
      expect(found.map(({ run }) => run)).toEqual(expected)
      expect(found.map(({ position }) => position)).toEqual(expected.map((_, i) => i + 1))
    }
  })

  contractTest(open, 'several steps of one run each wait on a waitlist', async (contract) => {
    const { store } = contract
    const worker = await limited(contract)
    await store.enqueue([newRun(), newRun()])
    const [holder, run] = (await worker.claim(2)) as [ClaimedRun, ClaimedRun]
    await acquire(worker, holder, 'x', [use(one, { key: 'a' })])
    for (const [i, path] of ['a', 'b', 'c'].entries()) {
      await acquire(worker, run, path, [use(one, { key: 'a' })], i + 1)
    }
    const found = await allWaiters(store, { limit: 1 })
    expect(found.map(({ run: id, path }) => [id, path])).toEqual([
      [run.id, 'a'],
      [run.id, 'b'],
      [run.id, 'c'],
    ])
  })

  contractTest(open, 'a waiter that was passed over too long is shown as aged', async (contract) => {
    const { store, advance } = contract
    const worker = await limited(contract, { leaseMs: 86_400_000 })
    await store.enqueue([limitedRun(one), limitedRun(two, { use: { cost: 2 } })])
    const [held] = (await worker.claim(2)) as [ClaimedRun, ClaimedRun]
    await store.enqueue([newRun({ limits: [use(one), use(two)] })])
    const aged = async () => (await store.waitlist(query({ key: '' }))).waiters.map((waiter) => waiter.aged)
    expect(await aged()).toEqual([false])
    advance(agedAfter.waitedMs)
    await worker.settle(held, completed)
    const { waiters } = await store.waitlist(query({ limiter: 'two', key: '' }))
    expect(waiters.map((waiter) => waiter.aged)).toEqual([true])
  })

  contractTest(
    open,
    'a rate has waiters and no holders; an unknown limiter has neither',
    async (contract) => {
      const { store } = contract
      const worker = await limited(contract)
      await store.enqueue(Array.from({ length: 3 }, () => limitedRun(window)))
      await worker.claim(3)
      const ofWindow = query({ limiter: 'window', key: '' })
      expect(await store.limitHolders(ofWindow)).toEqual({ holders: [] })
      expect((await store.waitlist(ofWindow)).waiters).toHaveLength(1)
      expect(await store.limitHolders(query({ limiter: 'nobody' }))).toEqual({ holders: [] })
      expect(await store.waitlist(query({ limiter: 'nobody' }))).toEqual({ waiters: [] })
    },
  )

  contractTest(open, 'an impossible page is refused', async (contract) => {
    const { store } = contract
    const worker = await limited(contract)
    await store.enqueue(Array.from({ length: 3 }, () => limitedRun(one, { use: { key: 'a' } })))
    await worker.claimOne()
    const { cursor = '' } = await store.waitlist(query({ limit: 1 }))
    const refusals = [
      [query({ limit: 0 }), /limit must be 1 to 1000/],
      [query({ limiter: '' }), /name the limiter/],
      [query({ cursor: 'x' }), /is not a cursor/],
      [query({ cursor, key: 'b' }), /belongs to key 'a' of limiter 'one'/],
    ] as const
    for (const [wrong, message] of refusals) {
      for (const read of [() => store.waitlist(wrong), () => store.limitHolders(wrong)]) {
        await expect(read()).rejects.toMatchObject({
          code: 'INVALID_OPTIONS',
          message: expect.stringMatching(message),
        })
      }
    }
  })
}
