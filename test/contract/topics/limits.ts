import { describe, expect } from 'vitest'
import type { LimitUse } from '../../../runtime/model/limit-use.ts'
import type { NewRun } from '../../../runtime/store/new-run.ts'
import type { ClaimedRun } from '../../../runtime/store/store.ts'
import {
  acquire,
  bucket,
  ids,
  limited,
  limitedRun,
  one,
  sliding,
  two,
  use,
  window,
} from '../../support/stores/limit-inputs.ts'
import { byHand, newRun, plainError, waiting } from '../../support/stores/store-inputs.ts'
import type { Open } from '../../support/stores/store-under-test.ts'
import { completed, type TestWorker } from '../../support/stores/test-worker.ts'
import { type Contract, contractTest } from '../contract-test.ts'

export function limitsContract(open: Open): void {
  describe('concurrency', () => concurrency(open))
  describe('rates', () => rates(open))
  describe('several limits', () => several(open))
  describe('waitlists', () => lines(open))
  describe('manual settings', () => hand(open))
}

function concurrency(open: Open): void {
  contractTest(open, 'at most `max` runs at once; the next one starts when one ends', async (contract) => {
    const worker = await limited(contract)
    const runs = [1, 2, 3].map(() => limitedRun(two))
    await contract.store.enqueue(runs)
    const first = await worker.claim()
    expect(ids(first)).toEqual(ids(runs.slice(0, 2)))
    expect(await contract.store.run(runs[2]?.id ?? '')).toMatchObject({
      state: 'waiting',
      waitingFor: { kind: 'limit', name: 'two' },
    })
    expect(await worker.claim()).toEqual([])
    await worker.settle(first[0] as ClaimedRun, completed)
    expect(ids(await worker.claim())).toEqual([runs[2]?.id])
  })

  contractTest(open, 'each key has the limit of its own', async (contract) => {
    const worker = await limited(contract)
    const keys = ['a', 'a', 'b', 'b']
    const runs = keys.map((key) => limitedRun(one, { use: { key } }))
    await contract.store.enqueue(runs)
    expect(ids(await worker.claim())).toEqual([runs[0]?.id, runs[2]?.id])
  })

  contractTest(open, 'a closed key does not block the runs behind it in the queue', async (contract) => {
    const worker = await limited(contract)
    const runs = [limitedRun(one), limitedRun(one), newRun()]
    await contract.store.enqueue(runs)
    expect(ids(await worker.claim(1))).toEqual([runs[0]?.id])
    expect(ids(await worker.claim(1))).toEqual([runs[2]?.id])
  })

  const ends = {
    'its completion': (w: TestWorker, run: ClaimedRun) => w.settle(run, completed),
    'its failure': (w: TestWorker, run: ClaimedRun) => w.settle(run, { kind: 'failed', error: plainError }),
    'a block': (w: TestWorker, run: ClaimedRun) =>
      w.settle(run, { kind: 'blocked', reason: 'why', digest: 'first' }),
    'a retry pause': (w: TestWorker, run: ClaimedRun) =>
      w.settle(run, { kind: 'retrying', error: plainError, delayMs: 60_000 }),
    'a suspension': async (w: TestWorker, run: ClaimedRun) => {
      await w.append(run, waiting('rest', 60_000))
      await w.settle(run, { kind: 'waiting', waits: [{ kind: 'time', path: 'rest', position: 1 }] })
    },
    'its cancel': async (w: TestWorker, run: ClaimedRun) => {
      await w.store.cancel(run.id, byHand())
      await w.settle(run, { kind: 'cancelled' })
    },
  } as const
  for (const [name, end] of Object.entries(ends)) {
    contractTest(open, `the slot is freed with ${name}`, async (contract) => {
      const worker = await limited(contract)
      const runs = [limitedRun(one), limitedRun(one)]
      await contract.store.enqueue(runs)
      await end(worker, await worker.claimOne())
      expect(ids(await worker.claim())).toEqual([runs[1]?.id])
    })
  }

  contractTest(open, 'the slot is freed with a resigned and with a lost lease', async (contract) => {
    const [worker, other, third] = [await limited(contract), await limited(contract), await limited(contract)]
    const runs = [limitedRun(one), limitedRun(one)]
    await contract.store.enqueue(runs)
    await worker.claimOne()
    await contract.store.resign(worker.lease, [])
    const [again] = await other.claim()
    expect(again?.id).toBe(runs[0]?.id)
    await contract.letLeaseExpire(third)
    expect(ids(await third.claim())).toEqual([runs[0]?.id])
    expect(await third.claim()).toEqual([])
  })

  contractTest(open, 'a whole-run slot is held through a suspension, to the end', async (contract) => {
    const worker = await limited(contract)
    const runs = [1, 2].map(() => limitedRun(one, { use: { wholeRun: true } }))
    await contract.store.enqueue(runs)
    const run = await worker.claimOne()
    await worker.append(run, waiting('rest', 1_000))
    await worker.settle(run, { kind: 'waiting', waits: [{ kind: 'time', path: 'rest', position: 1 }] })
    expect(await worker.claim()).toEqual([])
    contract.advance(1_000)
    const resumed = await worker.claimOne()
    expect(resumed.id).toBe(run.id)
    await worker.settle(resumed, completed)
    expect(ids(await worker.claim())).toEqual([runs[1]?.id])
  })

  contractTest(open, 'a cost takes as many slots', async (contract) => {
    const worker = await limited(contract)
    const runs = [limitedRun(two, { use: { cost: 2 } }), limitedRun(two), limitedRun(two)]
    await contract.store.enqueue(runs)
    const run = await worker.claimOne()
    expect(await worker.claim()).toEqual([])
    await worker.settle(run, completed)
    expect(ids(await worker.claim())).toEqual(ids(runs.slice(1)))
  })

  contractTest(open, 'a limiter that no worker has registered admits no run', async (contract) => {
    const worker = await contract.worker()
    const run = limitedRun(one)
    await contract.store.enqueue([run])
    expect(await worker.claim()).toEqual([])
    // No clock opens it: no run retries repeatedly.
    expect(await worker.claimReply()).not.toHaveProperty('nextDueInMs')
    const knowing = await limited(contract)
    expect(ids(await knowing.claim())).toEqual([run.id])
  })

  contractTest(open, 'a repeated claim admits no other run', async (contract) => {
    const worker = await limited(contract)
    await contract.store.enqueue([limitedRun(one), limitedRun(one)])
    const first = await worker.claimReply(10)
    expect((await worker.claimReply(10, [], worker.n)).runs).toEqual(first.runs)
    expect(await contract.store.limiterKeys('one', 10)).toMatchObject([{ used: 1, max: 1, waiting: 1 }])
  })

  contractTest(open, 'the first waiter of a key is shown, and since when it waits', async (contract) => {
    const { store, now, advance } = contract
    const worker = await limited(contract)
    const waiters = [limitedRun(one), limitedRun(one)]
    await store.enqueue([limitedRun(one)])
    await worker.claim(10)
    advance(1_000)
    await store.enqueue(waiters)
    const waitingSince = now()
    await worker.claim(10)
    advance(1_000)
    expect(await store.limiterKeys('one', 10)).toMatchObject([
      { waiting: 2, first: { run: waiters[0]?.id, waitingSince } },
    ])
  })
}

function rates(open: Open): void {
  const cases = [
    [window, 'fixed window', [2, 0, 0, 0, 2]],
    [sliding, 'sliding window', [2, 0, 0, 0, 2]],
    [bucket, 'token bucket', [2, 0, 0, 0, 1, 0, 0, 0, 1]],
  ] as const
  for (const [limiter, name, expected] of cases) {
    contractTest(
      open,
      `${name}: starts as the rule says, quarter second by quarter second`,
      async (contract) => {
        const worker = await limited(contract)
        await contract.store.enqueue(Array.from({ length: 9 }, () => limitedRun(limiter)))
        const started: number[] = []
        for (let i = 0; i < expected.length; i++) {
          const runs = await worker.claim()
          for (const run of runs) await worker.settle(run, completed)
          started.push(runs.length)
          contract.advance(250)
        }
        expect(started).toEqual(expected)
      },
    )
  }

  contractTest(open, 'a claim says when the key opens', async (contract) => {
    const worker = await limited(contract)
    await contract.store.enqueue([1, 2, 3].map(() => limitedRun(sliding)))
    await worker.claim()
    contract.advance(300)
    expect((await worker.claimReply()).nextDueInMs).toBe(700)
  })

  contractTest(
    open,
    'an attempt is charged once: not for a hand-over, a loss or a resume',
    async (contract) => {
      const worker = await limited(contract)
      await contract.store.enqueue([limitedRun(window)])
      const run = await worker.claimOne()
      await worker.settle(run, { kind: 'released' })
      const again = await worker.claimOne()
      await worker.append(again, waiting('rest', 100))
      await worker.settle(again, { kind: 'waiting', waits: [{ kind: 'time', path: 'rest', position: 1 }] })
      contract.advance(100)
      await worker.claimOne()
      expect(await contract.store.limiterKeys('window', 10)).toMatchObject([{ used: 1 }])
    },
  )

  contractTest(open, 'the next attempt is charged', async (contract) => {
    const worker = await limited(contract)
    await contract.store.enqueue([limitedRun(window)])
    await worker.settle(await worker.claimOne(), { kind: 'retrying', error: plainError, delayMs: 100 })
    contract.advance(100)
    await worker.claimOne()
    expect(await contract.store.limiterKeys('window', 10)).toMatchObject([{ used: 2 }])
  })
}

function several(open: Open): void {
  contractTest(open, 'a run gets all its limits together or none', async (contract) => {
    const worker = await limited(contract)
    const holder = limitedRun(one)
    const both = newRun({ limits: [use(two), use(one)] })
    await contract.store.enqueue([holder, both])
    const [held] = await worker.claim()
    expect(held?.id).toBe(holder.id)
    expect(await worker.claim()).toEqual([])
    expect((await contract.store.limiterKeys('two', 10)).map(({ used }) => used)).not.toContain(1)
    await worker.settle(held as ClaimedRun, completed)
    expect(ids(await worker.claim())).toEqual([both.id])
    expect(await contract.store.limiterKeys('two', 10)).toMatchObject([{ used: 1 }])
  })

  contractTest(open, 'a run that moves to another waitlist says so', async (contract) => {
    const { senior } = await withSenior(contract, {})
    expect(await contract.store.linePlaces(senior.id)).toMatchObject([{ limiter: 'one', key: 'b' }])
    expect(await contract.store.run(senior.id)).toMatchObject({ waitingFor: { kind: 'limit', name: 'one' } })
  })

  contractTest(
    open,
    'an aged waiter keeps no slot from a run that holds what it waits for',
    async (contract) => {
      const { worker, senior, younger } = await withSenior(contract, { wholeRun: true })
      expect(await acquire(worker, younger, 'call', [use(two, { key: 'a' })])).toEqual({ kind: 'granted' })
      await worker.settle(younger, completed)
      expect(ids(await worker.claim())).toEqual([senior.id])
    },
  )

  contractTest(
    open,
    'an aged waiter lets older runs and slot holders pass, wherever they wait',
    async (contract) => {
      const worker = await limited(contract)
      const [older, senior, ...young] = [
        newRun({ limits: [use(two), use(one, { wholeRun: true })] }),
        newRun({ limits: [use(two), use(one)] }),
        limitedRun(two),
        limitedRun(two),
      ] as const
      await contract.store.enqueue([older, senior])
      contract.advance(12_000)
      const run = await worker.claimOne()
      await worker.settle(run, { kind: 'retrying', error: plainError, delayMs: 500 })
      await contract.store.enqueue(young)
      for (let left = 4, round = 0; left > 0; round++) {
        if (round === 10) expect.unreachable('they wait for each other')
        contract.advance(700)
        const runs = await worker.claim()
        for (const claimed of runs) await worker.settle(claimed, completed)
        left -= runs.length
      }
    },
  )

  contractTest(open, 'a run that needs two limits is not passed over forever', async (contract) => {
    const worker = await limited(contract)
    const start = [limitedRun(one, { use: { key: 'a' } }), limitedRun(one, { use: { key: 'b' } })]
    await contract.store.enqueue(start)
    let held = [...(await worker.claim())]
    const both = newRun({ limits: [use(one, { key: 'a' }), use(two, { key: 'b', cost: 2 })] })
    await contract.store.enqueue([both])
    for (let round = 0; round < 120; round++) {
      // Younger runs come for both keys all the time, and the two never are free at once by chance.
      await contract.store.enqueue([
        limitedRun(one, { use: { key: 'a' } }),
        limitedRun(two, { use: { key: 'b' } }),
      ])
      const oldest = held.shift()
      if (oldest !== undefined) await worker.settle(oldest, completed)
      contract.advance(200)
      const runs = await worker.claim()
      if (runs.some(({ id }) => id === both.id)) return
      held = [...held, ...runs]
    }
    expect.unreachable('the run with two limits never started')
  })
}

/** `senior` has waited long enough for `two` (key a) and is now on the waitlist of `one` (key b). */
async function withSenior(
  contract: Contract,
  young: Partial<LimitUse>,
): Promise<{ worker: TestWorker; senior: NewRun; younger: ClaimedRun }> {
  const worker = await limited(contract)
  const holder = limitedRun(two, { use: { key: 'a', cost: 2 } })
  const senior = newRun({ limits: [use(two, { key: 'a' }), use(one, { key: 'b' })] })
  await contract.store.enqueue([holder, senior, limitedRun(one, { use: { key: 'b', ...young } })])
  const [held, younger] = (await worker.claim()) as [ClaimedRun, ClaimedRun]
  contract.advance(10_000)
  await worker.settle(held, completed)
  return { worker, senior, younger }
}

function lines(open: Open): void {
  contractTest(open, 'a waitlist is served by priority, then first come, first served', async (contract) => {
    const worker = await limited(contract)
    const runs = [0, 0, 0, 5].map((priority) => limitedRun(one, { priority }))
    await contract.store.enqueue(runs.slice(0, 1))
    let [held] = await worker.claim()
    await contract.store.enqueue(runs.slice(1))
    const order: string[] = []
    for (let i = 0; i < 3; i++) {
      await worker.settle(held as ClaimedRun, completed)
      ;[held] = await worker.claim()
      order.push(held?.id ?? '')
    }
    expect(order).toEqual([runs[3]?.id, runs[1]?.id, runs[2]?.id])
  })

  contractTest(
    open,
    'a run that is cancelled, expires or times out leaves the waitlist',
    async (contract) => {
      const worker = await limited(contract)
      const [holder, cancelled, expired, late, last] = [
        limitedRun(one),
        limitedRun(one),
        limitedRun(one, { expiresInMs: 1_000 }),
        limitedRun(one, { timeoutMs: 1_000 }),
        limitedRun(one),
      ] as const
      await contract.store.enqueue([holder, cancelled, expired, late, last])
      const held = await worker.claimOne()
      await contract.store.cancel(cancelled.id, byHand())
      contract.advance(1_000)
      await worker.claim()
      expect(await contract.store.run(cancelled.id)).toMatchObject({ state: 'cancelled' })
      expect(await contract.store.run(expired.id)).toMatchObject({ state: 'expired' })
      await worker.settle(held, completed)
      expect(ids(await worker.claim())).toEqual([late.id])
      expect(await contract.store.linePlaces(last.id)).toMatchObject([
        { limiter: 'one', ahead: 0, holders: [late.id] },
      ])
    },
  )

  contractTest(open, 'runs of a paused queue don’t block a key for others', async (contract) => {
    const worker = await limited(contract)
    const holder = limitedRun(one)
    const paused = [1, 2, 3].map(() => limitedRun(one, { queue: 'closed' }))
    const open_ = limitedRun(one)
    await contract.store.enqueue([holder, ...paused, open_])
    const held = await worker.claimOne()
    await contract.store.pauseQueue('closed', byHand())
    await worker.settle(held, completed)
    const next = await worker.claimOne()
    expect(next.id).toBe(open_.id)
    await contract.store.resumeQueue('closed', byHand())
    await worker.settle(next, completed)
    expect(ids(await worker.claim())).toEqual([paused[0]?.id])
  })

  contractTest(open, 'a woken run that no worker claims blocks others only briefly', async (contract) => {
    const worker = await limited(contract, { queues: ['default'] })
    const slow = await limited(contract, { queues: ['slow'] })
    const [holder, woken, other] = [
      limitedRun(one),
      limitedRun(one, { queue: 'slow' }),
      limitedRun(one),
    ] as const
    await contract.store.enqueue([holder, woken, other])
    await worker.settle(await worker.claimOne(), completed)
    expect(await worker.claim()).toEqual([])
    contract.advance(1_000)
    expect(ids(await worker.claim())).toEqual([other.id])
    expect(await slow.claim()).toEqual([])
  })

  contractTest(open, 'a waiting run is not claimed, and sweep finds nothing to repair', async (contract) => {
    const worker = await limited(contract)
    await contract.store.enqueue(Array.from({ length: 30 }, () => limitedRun(one)))
    await worker.claimOne()
    for (let i = 0; i < 5; i++) expect((await worker.claimReply()).more).toBe(false)
    expect(await contract.store.sweep(1_000)).toEqual({ pruned: 0, repaired: [] })
    expect((await contract.store.queues())[0]).toMatchObject({ counts: { running: 1, waiting: 29 } })
  })

  contractTest(
    open,
    'a scheduled run joins the waitlist when it is due; after a manual retry it waits again',
    async (contract) => {
      const worker = await limited(contract)
      const later = limitedRun(one, { start: { kind: 'in', ms: 1_000 } })
      await contract.store.enqueue([limitedRun(one), later])
      const held = await worker.claimOne()
      contract.advance(1_000)
      expect(await worker.claim()).toEqual([])
      expect(await contract.store.run(later.id)).toMatchObject({ state: 'waiting' })
      await worker.settle(held, { kind: 'failed', error: plainError })
      const second = await worker.claimOne()
      expect(second.id).toBe(later.id)
      await contract.store.retry(held.id, {}, byHand())
      expect(await worker.claim()).toEqual([])
      await worker.settle(second, completed)
      expect(ids(await worker.claim())).toEqual([held.id])
    },
  )
}

function hand(open: Open): void {
  for (const limiter of [window, sliding, bucket]) {
    contractTest(
      open,
      `${limiter.name}: a clock that was an hour ahead closes nothing for an hour`,
      async (contract) => {
        const worker = await limited(contract, { leaseMs: 86_400_000 })
        contract.advance(3_600_000)
        await contract.store.enqueue([1, 2, 3].map(() => limitedRun(limiter)))
        expect(await worker.claim()).toHaveLength(2)
        contract.advance(-3_600_000)
        expect(await worker.claim()).toEqual([])
        contract.advance(1_000)
        expect(await worker.claim()).toHaveLength(1)
      },
    )
  }

  contractTest(open, 'a longer period admits no run sooner', async (contract) => {
    const worker = await limited(contract)
    await contract.store.enqueue([1, 2, 3].map(() => limitedRun(bucket)))
    expect(await worker.claim()).toHaveLength(2)
    await contract.store.setLimiter('bucket', { everyMs: 3_600_000 }, byHand())
    expect(await worker.claim()).toEqual([])
    expect(await contract.store.limiterKeys('bucket', 1)).toMatchObject([{ used: 2, opensInMs: 3_600_000 }])
  })

  contractTest(open, 'a manual setting stays when another number is set', async (contract) => {
    await limited(contract)
    await contract.store.setLimiter('bucket', { refill: 9 }, byHand())
    const rule = await contract.store.setLimiter('bucket', { max: 7 }, byHand())
    expect(rule).toEqual({ ...bucket.rule, refill: 9, max: 7 })
    expect(await contract.store.limiters()).toContainEqual(expect.objectContaining({ name: 'bucket', rule }))
    expect(await contract.store.setLimiter('bucket', undefined, byHand())).toEqual(bucket.rule)
  })

  contractTest(open, 'reading a sliding window counts its starts and removes none', async (contract) => {
    const { store, advance } = contract
    const worker = await limited(contract)
    const start = async (): Promise<void> => {
      await store.enqueue([limitedRun(sliding)])
      await worker.settle(await worker.claimOne(), completed)
    }
    await start()
    advance(600)
    await start()
    const both = limitedRun(sliding, { use: { cost: 2 } })
    await store.enqueue([both])
    advance(500)
    // The start of 1,100 ms ago has left the window, the one of 500 ms ago has not.
    const key = { key: '', used: 1, max: 2, waiting: 1, opensInMs: 500 }
    for (let i = 0; i < 2; i++) {
      expect(await store.limiterKeys('sliding', 10)).toMatchObject([key])
      expect(await store.linePlaces(both.id)).toMatchObject([{ ...key, ahead: 0 }])
    }
    advance(500)
    expect((await worker.claimOne()).id).toBe(both.id)
  })

  contractTest(open, 'two numbers set at once are both in force', async (contract) => {
    await limited(contract)
    const changes = [{ refill: 9 }, { max: 7 }, { everyMs: 5_000 }]
    await Promise.all(changes.map((change) => contract.store.setLimiter('bucket', change, byHand())))
    const found = (await contract.store.limiters()).find(({ name }) => name === 'bucket')
    expect(found?.rule).toEqual({ ...bucket.rule, refill: 9, max: 7, everyMs: 5_000 })
  })

  contractTest(open, 'a manual limit holds until it is reset', async (contract) => {
    const worker = await limited(contract)
    await contract.store.enqueue([1, 2, 3].map(() => limitedRun(one)))
    await worker.claimOne()
    const write = byHand({ reason: 'catch up' })
    for (let i = 0; i < 2; i++) {
      expect(await contract.store.setLimiter('one', { max: 3 }, write)).toMatchObject({ max: 3 })
    }
    expect(await worker.claim()).toHaveLength(2)
    // A registration changes the code's rule, not the manual one.
    await limited(contract)
    expect(await contract.store.limiters()).toContainEqual({
      name: 'one',
      rule: { ...one.rule, max: 3 },
      byHand: { by: 'ana', reason: 'catch up', at: contract.now(), code: one.rule },
      keys: 1,
      waiting: 0,
    })
    await contract.store.setLimiter('one', undefined, byHand())
    expect((await contract.store.limiters()).find(({ name }) => name === 'one')).toMatchObject({
      rule: one.rule,
    })
  })

  contractTest(
    open,
    'the rule last first-seen among live workers is in force, whichever worker restarts',
    async (contract) => {
      const { store, advance, worker } = contract
      const ruleInForce = async () =>
        (await store.limiters()).find(({ name }) => name === 'rolling')?.rule.max
      const code = (max: number) => ({
        limiters: [{ name: 'rolling', rule: { ...one.rule, max } }],
        leaseMs: 86_400_000,
      })
      const old = await worker(code(1))
      advance(1_000)
      const fresh = await worker(code(2))
      expect(await ruleInForce()).toBe(2)
      await store.resign(old.lease, [])
      const restarted = await worker(code(1))
      await store.defineLimiters(restarted.lease, code(1).limiters)
      expect(await ruleInForce()).toBe(2)
      await store.resign(fresh.lease, [])
      await store.sweep(100)
      expect(await ruleInForce()).toBe(1)
      // Without other waiters the last one holds.
      await store.resign(restarted.lease, [])
      await store.sweep(100)
      expect(await ruleInForce()).toBe(1)
    },
  )

  contractTest(open, 'wrong numbers, unknown limiters and another kind are refused', async (contract) => {
    await limited(contract)
    const { store } = contract
    await expect(store.setLimiter('none', { max: 1 }, byHand())).rejects.toMatchObject({ code: 'RUN_STATE' })
    await expect(store.setLimiter('one', { max: 0 }, byHand())).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
    })
    await expect(store.setLimiter('one', { everyMs: 5 }, byHand())).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
    })
    const other = { name: 'one', rule: window.rule }
    await expect(contract.worker({ limiters: [other] })).rejects.toMatchObject({ code: 'INVALID_OPTIONS' })
    expect(await store.workers()).toHaveLength(1)
  })
}
