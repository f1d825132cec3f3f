import { expect } from 'vitest'
import { byHand, done, encoded, newRun } from '../../support/stores/store-inputs.ts'
import type { Open } from '../../support/stores/store-under-test.ts'
import { completed } from '../../support/stores/test-worker.ts'
import { contractTest } from '../contract-test.ts'

const job = { name: 'job', version: 1, queue: 'default', digest: 'first' }

export function claimContract(open: Open): void {
  contractTest(open, 'higher priority first, then the older run', async ({ store, worker }) => {
    const [low, old, young, high] = [newRun({ priority: -1 }), newRun(), newRun(), newRun({ priority: 7 })]
    await store.enqueue([low, old, young, high])
    const runs = await (await worker()).claim()
    expect(runs.map(({ id }) => id)).toEqual([high.id, old.id, young.id, low.id])
  })

  contractTest(open, 'a claimed run carries all that its worker needs', async ({ store, worker, now }) => {
    const run = newRun({ tags: ['eu'], headers: { trace: 't1' }, queue: 'mail', timeoutMs: 60_000 })
    await store.enqueue([run])
    const claimed = await (await worker()).claimOne()
    expect(claimed).toMatchObject({
      ...{ id: run.id, job: 'job', version: 1, queue: 'mail', attempt: 1, losses: 0, enqueuedAt: now() },
      ...{ tags: ['eu'], headers: { trace: 't1' }, position: 0, journalBytes: 0, deadlineInMs: 60_000 },
      journal: { entries: [], more: false },
    })
    expect(claimed.input).toEqual(run.input)
    expect(claimed.fence).toBeGreaterThan(0)
    expect(await store.run(run.id)).toMatchObject({ state: 'running', startedAt: now() })
  })

  contractTest(open, 'runs claimed together each get their own input', async ({ store, worker }) => {
    // Small and large ones, which a store may keep in different places.
    const inputs = ['a', 'b'.repeat(2_000), '', 'c'.repeat(100_000), 'ü'.repeat(90)].map(encoded)
    const runs = inputs.map((input, i) => newRun({ input, headers: i % 2 === 0 ? {} : { trace: `${i}` } }))
    await store.enqueue(runs)
    const claimed = await (await worker()).claim()
    expect(claimed.map(({ id, input, headers }) => ({ id, input, headers }))).toEqual(
      runs.map(({ id, input, headers }) => ({ id, input, headers })),
    )
  })

  contractTest(
    open,
    'no run is claimed twice, and `more` says whether runs are left',
    async ({ store, worker }) => {
      await store.enqueue([newRun(), newRun(), newRun()])
      const [first, second] = [await worker(), await worker()]
      const answer = await first.claimReply(2)
      expect(answer.runs).toHaveLength(2)
      expect(answer.more).toBe(true)
      const rest = await second.claimReply(5)
      expect(rest.runs).toHaveLength(1)
      expect(rest.more).toBe(false)
      expect(new Set([...answer.runs, ...rest.runs].map(({ id }) => id)).size).toBe(3)
    },
  )

  contractTest(
    open,
    'a repeated claim returns the same runs with the same fences',
    async ({ store, worker }) => {
      await store.enqueue([newRun(), newRun(), newRun()])
      const first = await worker()
      const { runs } = await first.claimReply(2, [], 1)
      const again = await first.claimReply(2, [], 1)
      expect(again.runs).toEqual(runs)
    },
  )

  contractTest(open, 'R13: of two claims in flight each can be repeated', async ({ store, worker }) => {
    await store.enqueue([newRun(), newRun(), newRun(), newRun()])
    const first = await worker()
    const one = await first.claimReply(2, [], 1)
    const two = await first.claimReply(1, [], 2)
    expect([one.runs.length, two.runs.length]).toEqual([2, 1])
    for (const [n, { runs }] of [[1, one] as const, [2, two] as const, [1, one] as const]) {
      expect((await first.claimReply(2, [], n)).runs).toEqual(runs)
    }
    const three = await first.claimReply(1, [], 3)
    expect(three.runs).toHaveLength(1)
    expect((await first.claimReply(2, [], 1)).runs).toEqual([])
    expect((await first.claimReply(1, [], 2)).runs).toEqual(two.runs)
  })

  contractTest(
    open,
    'R13: a claim that arrives after its successor settles what it carries and claims nothing',
    async ({ store, worker }) => {
      await store.enqueue([newRun(), newRun()])
      const first = await worker()
      const run = await first.claimOne()
      await first.claimReply(0, [], 3)
      const late = await first.claimReply(2, [first.settlement(run, completed)], 2)
      expect(late).toMatchObject({ runs: [], settled: [{ kind: 'settled', state: 'completed' }] })
      expect((await first.claimReply(2, [], 4)).runs).toHaveLength(1)
      expect((await first.claimReply(2, [], 2)).runs).toEqual([])
    },
  )

  contractTest(
    open,
    'R13: only the newest claim sets the number of free slots, whichever arrives last',
    async ({ store, worker }) => {
      const first = await worker()
      await first.claimReply(0, [], 2)
      await first.claimReply(5, [], 1)
      const woken: string[] = []
      store.onWakeup(first.lease, (why) => woken.push(why))
      await store.enqueue([newRun()])
      // A worker with no free slot is not woken, but finds the run by the next claim.
      expect((await first.claimReply(1, [], 3)).runs).toHaveLength(1)
    },
  )

  contractTest(open, 'a repeated claim leaves out runs settled since', async ({ store, worker }) => {
    await store.enqueue([newRun(), newRun()])
    const first = await worker()
    const { runs } = await first.claimReply(2, [], 1)
    const [one, two] = runs
    if (one === undefined || two === undefined) throw new Error('two runs were to be claimed')
    await first.settle(one, completed)
    expect((await first.claimReply(2, [], 1)).runs.map(({ id }) => id)).toEqual([two.id])
  })

  contractTest(open, 'a claim of zero runs only settles', async ({ store, worker }) => {
    await store.enqueue([newRun(), newRun()])
    const first = await worker()
    const run = await first.claimOne()
    const answer = await first.claimReply(0, [first.settlement(run, completed)])
    expect(answer).toMatchObject({ runs: [], settled: [{ kind: 'settled', state: 'completed' }] })
  })

  contractTest(open, 'a worker claims only its jobs, of its version and older', async ({ store, worker }) => {
    const [older, same, newer, unknown] = [
      newRun({ version: 1 }),
      newRun({ version: 2 }),
      newRun({ version: 3 }),
      newRun({ job: 'unknown' }),
    ]
    await store.enqueue([older, same, newer, unknown])
    const runs = await (await worker({ jobs: [{ ...job, version: 2 }] })).claim()
    expect(runs.map(({ id }) => id).sort()).toEqual([older.id, same.id].sort())
    expect(await store.run(newer.id)).toMatchObject({ state: 'ready' })
  })

  contractTest(open, 'a worker with named queues claims only from them', async ({ store, worker }) => {
    const [mail, other] = [newRun({ queue: 'mail' }), newRun({ queue: 'other' })]
    await store.enqueue([mail, other])
    const runs = await (await worker({ queues: ['mail'] })).claim()
    expect(runs.map(({ id }) => id)).toEqual([mail.id])
  })

  contractTest(open, 'queues take turns, whatever waits in each', async ({ store, worker }) => {
    const a = Array.from({ length: 6 }, () => newRun({ queue: 'a', priority: 10 }))
    const b = Array.from({ length: 6 }, () => newRun({ queue: 'b' }))
    await store.enqueue([...a, ...b])
    const first = await worker()
    const four = await first.claim(4)
    expect(four.map(({ queue }) => queue).sort()).toEqual(['a', 'a', 'b', 'b'])
    const singles = [await first.claimOne(), await first.claimOne()]
    expect(singles.map(({ queue }) => queue).sort()).toEqual(['a', 'b'])
  })

  contractTest(
    open,
    'in strict order a later queue gets the slots that an earlier one leaves',
    async ({ store, worker }) => {
      const urgent = Array.from({ length: 3 }, () => newRun({ queue: 'urgent' }))
      const bulk = Array.from({ length: 3 }, () => newRun({ queue: 'bulk', priority: 10 }))
      const aside = newRun({ queue: 'aside', priority: 20 })
      await store.enqueue([...bulk, aside, ...urgent])
      const first = await worker({ queues: ['urgent', 'bulk', 'urgent'], queueOrder: 'strict' })
      const queuesOf = async (max: number): Promise<readonly string[]> =>
        (await first.claim(max)).map(({ queue }) => queue)
      expect(await queuesOf(2)).toEqual(['urgent', 'urgent'])
      expect(await queuesOf(2)).toEqual(['urgent', 'bulk'])
      await store.enqueue([newRun({ queue: 'urgent' })])
      const answer = await first.claimReply(2)
      expect(answer.runs.map(({ queue }) => queue)).toEqual(['urgent', 'bulk'])
      expect(answer.more).toBe(true)
      expect((await first.claimReply(2, [], first.n)).runs).toEqual(answer.runs)
      expect(await queuesOf(5)).toEqual(['bulk'])
      expect(await store.run(aside.id)).toMatchObject({ state: 'ready' })
    },
  )

  contractTest(open, 'in strict order a paused queue does not block the next', async ({ store, worker }) => {
    const [urgent, bulk] = [newRun({ queue: 'urgent' }), newRun({ queue: 'bulk' })]
    await store.enqueue([urgent, bulk])
    await store.pauseQueue('urgent', byHand())
    const first = await worker({ queues: ['urgent', 'bulk'], queueOrder: 'strict' })
    expect((await first.claim()).map(({ id }) => id)).toEqual([bulk.id])
    expect(await store.workers()).toMatchObject([{ queues: ['urgent', 'bulk'], queueOrder: 'strict' }])
    await worker({ queues: ['bulk'] })
    expect((await store.workers()).map(({ queueOrder }) => queueOrder).sort()).toEqual(['strict', 'turns'])
  })

  contractTest(open, 'a paused queue yields nothing until it is resumed', async ({ store, worker }) => {
    const [paused, unpaused] = [newRun({ queue: 'paused' }), newRun({ queue: 'open' })]
    await store.enqueue([paused, unpaused])
    await store.pauseQueue('paused', byHand())
    const first = await worker()
    expect((await first.claim()).map(({ id }) => id)).toEqual([unpaused.id])
    await store.resumeQueue('paused', byHand())
    expect((await first.claim()).map(({ id }) => id)).toEqual([paused.id])
  })

  contractTest(open, 'each claim of a run raises its fence', async ({ store, worker }) => {
    await store.enqueue([newRun()])
    const first = await worker()
    let last = 0
    for (let i = 0; i < 5; i++) {
      const run = await first.claimOne()
      expect(run.fence).toBeGreaterThan(last)
      last = run.fence
      await first.settle(run, { kind: 'released' })
    }
  })

  contractTest(open, 'a worker that never registered has no lease', async ({ store }) => {
    expect(await store.claim('nobody', 1, { max: 1, protected: true, mayAsk: false }, [])).toEqual({
      kind: 'lost',
    })
  })

  contractTest(open, 'a resumed run keeps its position', async ({ store, worker }) => {
    const [old, young] = [newRun(), newRun()]
    await store.enqueue([old, young])
    const first = await worker()
    const run = await first.claimOne()
    await first.append(run, done('one'))
    await first.settle(run, { kind: 'released' })
    expect((await first.claimOne()).id).toBe(old.id)
  })

  contractTest(open, 'two connections see the same runs', async ({ store, another, worker }) => {
    const other = await another()
    await other.enqueue([newRun()])
    expect(await (await worker()).claim()).toHaveLength(1)
    expect((await other.runs({ states: ['running'], limit: 5 })).runs).toHaveLength(1)
    expect((await store.runs({ states: ['ready'], limit: 5 })).runs).toEqual([])
  })
}
