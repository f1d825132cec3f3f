import { expect } from 'vitest'
import { findFindings } from '../../../runtime/attention/find-findings.ts'
import { SnapshotReader } from '../../../runtime/attention/snapshot-reader.ts'
import { systemClock } from '../../../runtime/model/clock.ts'
import { agedAfter } from '../../../runtime/store/limiters.ts'
import type { NewRun } from '../../../runtime/store/new-run.ts'
import { askPauseMs, maxProtectedLeft } from '../../../runtime/store/protection-level.ts'
import type { ClaimedRun, Store } from '../../../runtime/store/store.ts'
import { ids, limited, limitedRun, one, two, use } from '../../support/stores/limit-inputs.ts'
import { byHand, done, newRun, plainError } from '../../support/stores/store-inputs.ts'
import type { Open } from '../../support/stores/store-under-test.ts'
import { completed, type TestWorker } from '../../support/stores/test-worker.ts'
import { type Contract, contractTest } from '../contract-test.ts'

const longLease = 86_400_000

function protectedRun(over: Partial<NewRun> = {}): NewRun {
  return newRun({ protect: true, ...over })
}

/** Runs that need scale-in protection: which workers take them, what blocks them, which worker is woken for them. */
export function protectContract(open: Open): void {
  claimsOfProtectedRuns(open)
  askersOfProtectedRuns(open)
  marksOfRuns(open)
  wakeUpsForProtectedRuns(open)
  limitsOfProtectedRuns(open)
  attentionToProtectedRuns(open)
}

function claimsOfProtectedRuns(open: Open): void {
  contractTest(
    open,
    'a claim without protection leaves runs that need it, and counts them',
    async (contract) => {
      const { store, worker } = contract
      const [first, plain, second] = [protectedRun({ priority: 9 }), newRun(), protectedRun()]
      await store.enqueue([first, plain, second])
      const claimer = await worker()
      const left = await claimer.claimAs('none')
      expect(ids(left.runs)).toEqual([plain.id])
      expect(left).toMatchObject({ more: false, protectedLeft: 2 })
      expect(left.runs[0]).not.toHaveProperty('protect')
      expect(await claimer.claimAs('may ask')).toMatchObject({ runs: [], more: false, protectedLeft: 2 })
      expect(await store.run(first.id)).toMatchObject({ state: 'ready', protect: true, version: 1 })
      expect(await store.run(plain.id)).not.toHaveProperty('protect')
      const taken = await claimer.claimAs('takes')
      expect(ids(taken.runs)).toEqual([first.id, second.id])
      expect(taken.runs).toMatchObject([
        { protect: true, version: 1 },
        { protect: true, version: 1 },
      ])
      expect(taken).toMatchObject({ more: false, protectedLeft: 0 })
    },
  )

  contractTest(
    open,
    'with protection all runs are claimed in one order, by priority, then by age',
    async (contract) => {
      const runs = [
        newRun(),
        protectedRun(),
        newRun({ priority: 5 }),
        protectedRun({ priority: 5 }),
        newRun(),
      ]
      await contract.store.enqueue(runs)
      const { runs: taken, more } = await (await contract.worker()).claimAs('takes', 4)
      expect(ids(taken)).toEqual([runs[2], runs[3], runs[0], runs[1]].map((run) => run?.id))
      expect(more).toBe(true)
    },
  )

  contractTest(open, 'only runs that the worker could claim are counted as left', async (contract) => {
    const { store, worker } = contract
    await store.enqueue([
      protectedRun({ queue: 'paused' }),
      protectedRun({ queue: 'not served' }),
      protectedRun({ version: 3 }),
      protectedRun({ job: 'unknown' }),
    ])
    await store.pauseQueue('paused', byHand())
    const job = { name: 'job', version: 2, queue: 'default', digest: 'first' }
    const claimer = await worker({ queues: ['paused', 'default'], jobs: [job] })
    expect(await claimer.claimAs('may ask')).toMatchObject({ runs: [], more: false, protectedLeft: 0 })
    await store.enqueue([protectedRun({ version: 2 }), protectedRun()])
    expect(await claimer.claimAs('may ask')).toMatchObject({ protectedLeft: 2 })
    await store.resumeQueue('paused', byHand())
    expect(await claimer.claimAs('may ask')).toMatchObject({ protectedLeft: 3 })
    await store.drainWorker(claimer.name, byHand())
    expect(await claimer.claimAs('may ask')).toMatchObject({ protectedLeft: 0 })
  })

  contractTest(
    open,
    'the count of runs left is bounded, and absent for a claim of none',
    async (contract) => {
      await contract.store.enqueue(Array.from({ length: maxProtectedLeft + 30 }, () => protectedRun()))
      const claimer = await contract.worker()
      expect(await claimer.claimAs('none')).toMatchObject({ protectedLeft: maxProtectedLeft })
      expect(await claimer.claimAs('none', 0)).toMatchObject({ protectedLeft: 0 })
    },
  )

  contractTest(
    open,
    'a repeated claim and the one before it return the same count, an older one none',
    async (contract) => {
      await contract.store.enqueue([protectedRun(), newRun()])
      const claimer = await contract.worker()
      const { runs } = await claimer.claimReply(5, [], 1, 'may ask')
      await contract.store.enqueue([protectedRun()])
      expect(await claimer.claimReply(5, [], 1, 'may ask')).toMatchObject({ runs, protectedLeft: 1 })
      expect(await claimer.claimReply(5, [], 2, 'may ask')).toMatchObject({ runs: [], protectedLeft: 2 })
      expect(await claimer.claimReply(5, [], 1, 'may ask')).toMatchObject({ runs, protectedLeft: 1 })
      expect(await claimer.claimReply(5, [], 3, 'may ask')).toMatchObject({ runs: [], protectedLeft: 2 })
      expect(await claimer.claimReply(5, [], 1, 'may ask')).toMatchObject({ runs: [], protectedLeft: 0 })
    },
  )

  contractTest(open, 'a repeat with other flags changes nothing', async (contract) => {
    await contract.store.enqueue([protectedRun()])
    const claimer = await contract.worker()
    expect(await claimer.claimReply(5, [], 1, 'none')).toMatchObject({ runs: [], protectedLeft: 1 })
    expect(await claimer.claimReply(5, [], 1, 'takes')).toMatchObject({ runs: [], protectedLeft: 1 })
    expect((await contract.store.workers())[0]).not.toHaveProperty('protectedRuns')
  })

  contractTest(
    open,
    'a due run that the worker may not claim makes it ask no sooner again',
    async (contract) => {
      const { store, worker, advance } = contract
      await store.enqueue([protectedRun({ start: { kind: 'in', ms: 500 } })])
      const claimer = await worker()
      expect(await claimer.claimAs('none')).toMatchObject({ nextDueInMs: 500, protectedLeft: 0 })
      advance(500)
      const answer = await claimer.claimAs('none')
      expect(answer).toMatchObject({ runs: [], more: false, protectedLeft: 1 })
      expect(answer).not.toHaveProperty('nextDueInMs')
    },
  )

  contractTest(
    open,
    'in strict order such runs of an earlier queue don’t block a later one',
    async (contract) => {
      const [urgent, bulk] = [protectedRun({ queue: 'urgent' }), newRun({ queue: 'bulk' })]
      await contract.store.enqueue([urgent, bulk])
      const claimer = await contract.worker({ queues: ['urgent', 'bulk'], queueOrder: 'strict' })
      const answer = await claimer.claimAs('none')
      expect(ids(answer.runs)).toEqual([bulk.id])
      expect(answer).toMatchObject({ more: false, protectedLeft: 1 })
    },
  )

  contractTest(
    open,
    'a poison suspect that needs protection is left, and counts once at most',
    async (contract) => {
      const { store, worker } = contract
      const bodyLog = await worker({ leaseMs: longLease })
      const runs = [protectedRun(), protectedRun()]
      await store.enqueue(runs)
      await loseTwice(contract, bodyLog)
      expect(await bodyLog.claimAs('none')).toMatchObject({ runs: [], more: false, protectedLeft: 1 })
      const [suspect] = (await bodyLog.claimAs('takes')).runs
      expect(suspect).toMatchObject({ losses: 2, protect: true })
      // It holds one: a lease takes no other.
      expect(await bodyLog.claimAs('none')).toMatchObject({ runs: [], protectedLeft: 0 })
      expect(await (await worker()).claimAs('none')).toMatchObject({ runs: [], protectedLeft: 1 })
    },
  )

  contractTest(open, 'readers show it', async (contract) => {
    const { store, worker } = contract
    await store.enqueue([protectedRun({ version: 2 }), newRun({ version: 2 }), newRun()])
    expect(await store.readyClasses()).toEqual([
      { queue: 'default', job: 'job', version: 1 },
      { queue: 'default', job: 'job', version: 2 },
      { queue: 'default', job: 'job', version: 2, protect: true },
    ])
    const { runs } = await store.runs({ states: ['ready'], limit: 5 })
    expect(runs.map(({ protect, version }) => ({ protect, version }))).toEqual([
      { protect: undefined, version: 1 },
      { protect: undefined, version: 2 },
      { protect: true, version: 2 },
    ])
    const claimer = await worker({ jobs: [{ name: 'job', version: 2, queue: 'default', digest: 'first' }] })
    const shown = async () => (await store.workers())[0]?.protectedRuns
    expect(await shown()).toBeUndefined()
    for (const how of ['may ask', 'takes', 'none'] as const) {
      await claimer.claimAs(how, 1)
      expect(await shown()).toBe(how === 'none' ? undefined : how)
    }
    const { longestHeld, workers } = await store.overview({ range: '1h' })
    expect(longestHeld.map(({ version }) => version)).toEqual([2, 2, 1])
    expect(workers).toEqual(await store.workers())
  })
}

function askersOfProtectedRuns(open: Open): void {
  contractTest(open, 'as many polling workers are told to ask as there are runs', async (contract) => {
    const workers = await idleWorkers(contract, 'may ask', 6)
    const asking = async (): Promise<number> => {
      const answers = await Promise.all(workers.map((worker) => worker.claimAs('may ask')))
      expect(answers.every(({ protectedLeft }) => protectedLeft === 2)).toBe(true)
      return answers.filter(({ ask }) => ask).length
    }
    await contract.store.enqueue([protectedRun(), protectedRun()])
    expect(await asking()).toBe(2)
    expect(await asking()).toBe(0)
    // They were refused.
    contract.advance(askPauseMs)
    expect(await asking()).toBe(2)
  })

  contractTest(open, 'with more runs, more workers ask at once', async (contract) => {
    const [first, second, third] = await idleWorkers(contract, 'may ask', 3)
    await contract.store.enqueue([protectedRun()])
    expect(await first?.claimAs('may ask')).toMatchObject({ protectedLeft: 1, ask: true })
    await contract.store.enqueue([protectedRun()])
    expect(await second?.claimAs('may ask')).toMatchObject({ protectedLeft: 2, ask: true })
    expect(await third?.claimAs('may ask')).toMatchObject({ protectedLeft: 2, ask: false })
  })

  contractTest(open, 'a worker that may not ask, or has protection, is not told to', async (contract) => {
    const claimer = await contract.worker()
    await contract.store.enqueue([protectedRun(), protectedRun()])
    expect(await claimer.claimAs('none')).toMatchObject({ protectedLeft: 2, ask: false })
    expect(await claimer.claimAs('takes', 1)).toMatchObject({ protectedLeft: 0, ask: false })
    expect(await claimer.claimAs('may ask', 0)).toMatchObject({ protectedLeft: 0, ask: false })
    const told = await claimer.claimAs('may ask')
    expect(told).toMatchObject({ protectedLeft: 1, ask: true })
    const again = await claimer.claimReply(10, [], claimer.n, 'may ask')
    expect(again).toMatchObject({ protectedLeft: 1, ask: true })
  })
}

function marksOfRuns(open: Open): void {
  contractTest(
    open,
    'a run stays marked through a loss, a hand-over, a retry and new code',
    async (contract) => {
      const { store, worker } = contract
      const run = protectedRun()
      await store.enqueue([run])
      const bodyLog = await worker({ leaseMs: longLease })
      const isLeft = async (): Promise<void> => {
        expect(await bodyLog.claimAs('none')).toMatchObject({ runs: [], protectedLeft: 1 })
      }
      await (await worker()).claimOne()
      await contract.letLeaseExpire(bodyLog)
      await isLeft()
      const holder = await worker({ leaseMs: longLease })
      await holder.claimOne()
      await store.resign(holder.lease, [])
      await isLeft()
      await bodyLog.settle(await bodyLog.claimOne(), { kind: 'failed', error: plainError })
      await store.retry(run.id, {}, byHand())
      await isLeft()
      await bodyLog.settle(await bodyLog.claimOne(), { kind: 'blocked', reason: 'why', digest: 'first' })
      await worker({ jobs: [{ name: 'job', version: 1, queue: 'default', digest: 'second' }] })
      await isLeft()
      const again = await bodyLog.claimOne()
      expect(again).toMatchObject({ id: run.id, protect: true, version: 1, losses: 1 })
      await bodyLog.settle(again, completed)
      expect(await store.run(run.id)).toMatchObject({ state: 'completed', protect: true, version: 1 })
    },
  )

  contractTest(open, 'a settlement can mark a run: ready at once, no attempt spent', async (contract) => {
    const { store, worker } = contract
    const run = newRun()
    await store.enqueue([run])
    const finder = await worker()
    const [claimed] = (await finder.claimAs('none')).runs as [ClaimedRun]
    await finder.append(claimed, done('before'))
    const settlement = finder.settlement(claimed, { kind: 'released', protect: true })
    // The worker has no protection: it does not take it again with the same call.
    const answer = await finder.claimReply(5, [settlement], ++finder.n, 'none')
    expect(answer).toMatchObject({
      runs: [],
      settled: [{ kind: 'settled', state: 'ready' }],
      protectedLeft: 1,
    })
    expect(await finder.send(settlement)).toEqual([{ kind: 'settled', state: 'ready' }])
    expect(await store.run(run.id)).toMatchObject({ protect: true, attempt: 1, losses: 0, position: 1 })
    expect(await store.history(run.id)).toMatchObject([
      { kind: 'released', worker: finder.name, reason: 'a step of it needs scale-in protection' },
    ])
    const [again] = (await finder.claimAs('takes')).runs as [ClaimedRun]
    expect(again).toMatchObject({ id: run.id, protect: true, position: 1 })
    // Marked already: only handed over.
    await finder.settle(again, { kind: 'released', protect: true })
    expect((await store.history(run.id)).at(-1)).not.toHaveProperty('reason')
    expect(ids((await finder.claimAs('takes')).runs)).toEqual([run.id])
  })

  contractTest(open, 'a settlement of a lost execution marks nothing', async (contract) => {
    const { store, worker } = contract
    await store.enqueue([newRun()])
    const [older, newer] = [await worker(), await worker()]
    const run = await older.claimOne()
    await older.settle(run, { kind: 'released' })
    await newer.claimOne()
    await older.settle(run, { kind: 'released', protect: true })
    expect(await store.run(run.id)).not.toHaveProperty('protect')
  })

  contractTest(open, 'the same id with and without protection is the same run', async ({ store }) => {
    const run = protectedRun()
    const { protect: _, ...plain } = run
    expect(await store.enqueue([run, plain])).toMatchObject([{ outcome: 'created' }, { outcome: 'joined' }])
    expect(await store.run(run.id)).toMatchObject({ protect: true })
  })
}

function wakeUpsForProtectedRuns(open: Open): void {
  contractTest(open, 'a worker with protection is woken before workers that may ask', async (contract) => {
    const { store, worker } = contract
    const askers = await idleWorkers(contract, 'may ask', 10)
    const holder = await worker()
    await holder.claimAs('takes')
    const woken = await wokenBy(contract, [...askers, holder], 1, () =>
      store.enqueue([protectedRun(), protectedRun(), protectedRun()]),
    )
    expect(woken).toEqual([holder.name])
  })

  contractTest(open, 'as many workers are woken to ask as there are runs', async (contract) => {
    const askers = await idleWorkers(contract, 'may ask', 12)
    const others = await idleWorkers(contract, 'none', 3)
    const woken = await wokenBy(contract, [...askers, ...others], 3, () =>
      contract.store.enqueue([protectedRun(), protectedRun(), protectedRun()]),
    )
    expect(woken).toHaveLength(3)
    expect(askers.map(({ name }) => name)).toEqual(expect.arrayContaining(woken))
  })

  contractTest(
    open,
    'workers are woken to ask for runs beyond the free slots of others',
    async (contract) => {
      const { store, worker } = contract
      const askers = await idleWorkers(contract, 'may ask', 5)
      const holder = await worker()
      await holder.claimAs('takes', 1)
      const woken = await wokenBy(contract, [...askers, holder], 2, () =>
        store.enqueue([protectedRun(), protectedRun()]),
      )
      expect(woken).toHaveLength(2)
      expect(woken).toContain(holder.name)
    },
  )

  contractTest(open, 'a worker that lost its protection is not woken', async (contract) => {
    const [former] = await idleWorkers(contract, 'takes', 1)
    await former?.claimAs('none')
    const askers = await idleWorkers(contract, 'may ask', 1)
    const woken = await wokenBy(contract, [former as TestWorker, ...askers], 1, () =>
      contract.store.enqueue([protectedRun(), protectedRun()]),
    )
    expect(woken).toEqual(askers.map(({ name }) => name))
  })

  contractTest(open, 'the workers’ flags don’t matter for other runs', async (contract) => {
    const [idle] = await idleWorkers(contract, 'none', 1)
    const woken = await wokenBy(contract, [idle as TestWorker], 1, () => contract.store.enqueue([newRun()]))
    expect(woken).toEqual([idle?.name])
  })

  contractTest(open, 'a worker whose reply counts a due run is not woken for it', async (contract) => {
    const { store, worker, advance } = contract
    const [asker, second] = await idleWorkers(contract, 'may ask', 2)
    await store.enqueue([protectedRun({ start: { kind: 'in', ms: 3_000 } })])
    advance(3_000)
    // No other worker is either: the worker that was told of the run counts as one that requests protection.
    const bodyLog = await worker()
    const woken = await wokenBy(contract, [asker, second, bodyLog] as TestWorker[], 0, async () => {
      expect(await asker?.claimAs('may ask')).toMatchObject({ protectedLeft: 1, ask: true, more: false })
    })
    expect(woken).toEqual([])
  })
}

function limitsOfProtectedRuns(open: Open): void {
  contractTest(
    open,
    'an open key is reserved for such a run while its worker backs off',
    async (contract) => {
      const worker = await limited(contract, { leaseMs: longLease })
      await worker.claimAs('may ask')
      await worker.claimAs('none')
      const [first, other] = [limitedRun(one, { priority: 10, protect: true }), limitedRun(one)]
      await contract.store.enqueue([first])
      await contract.store.enqueue([other])
      expect(await worker.claimAs('none')).toMatchObject({ runs: [], protectedLeft: 1 })
      expect(await contract.store.run(other.id)).toMatchObject({ state: 'waiting' })
      expect(ids((await worker.claimAs('takes')).runs)).toEqual([first.id])
    },
  )

  contractTest(
    open,
    'a key that opens is reserved for such a run while its worker backs off',
    async (contract) => {
      const worker = await limited(contract, { leaseMs: longLease })
      await worker.claimAs('may ask')
      await contract.store.enqueue([limitedRun(one)])
      const held = await worker.claimOne()
      const [first, other] = [limitedRun(one, { priority: 10, protect: true }), limitedRun(one)]
      await contract.store.enqueue([first, other])
      await worker.claimAs('none')
      await worker.settle(held, completed)
      expect(await worker.claimAs('none')).toMatchObject({ runs: [], protectedLeft: 1 })
      expect(ids((await worker.claimAs('takes')).runs)).toEqual([first.id])
    },
  )

  contractTest(open, 'a key is not reserved for such a run if no worker claims any', async (contract) => {
    const worker = await limited(contract, { leaseMs: longLease })
    await worker.claimAs('none')
    const [first, other] = [limitedRun(one, { priority: 10, protect: true }), limitedRun(one)]
    await contract.store.enqueue([first])
    await contract.store.enqueue([other])
    expect(ids((await worker.claimAs('none')).runs)).toEqual([other.id])
  })

  contractTest(open, 'an aged waiter keeps others out only while a worker may claim it', async (contract) => {
    const all = use(two, { cost: 2 })
    const first = await limited(contract, { leaseMs: longLease })
    await contract.store.enqueue([limitedRun(one), newRun({ limits: [all] })])
    const [held] = (await first.claimAs('none')).runs as [ClaimedRun]
    // Until its first claim it counts as one that takes such runs.
    const second = await limited(contract, { leaseMs: longLease })
    const aged = protectedRun({ limits: [use(one), all] })
    const younger = limitedRun(one)
    await contract.store.enqueue([aged, younger])
    contract.advance(agedAfter.waitedMs)
    await first.settle(held, completed)
    expect((await first.claimAs('none')).runs).toEqual([])
    expect(ids((await second.claimAs('none')).runs)).toEqual([younger.id])
  })
}

/** Has all ready runs become poison suspects, and ready again. */
async function loseTwice(contract: Contract, bodyLog: TestWorker): Promise<void> {
  for (let losses = 0; losses < 2; losses++) {
    await (await contract.worker()).claim()
    await contract.letLeaseExpire(bodyLog)
    await bodyLog.claim(0)
  }
  contract.advance(1_000)
  await bodyLog.claim(0)
}

async function idleWorkers(
  { worker }: Contract,
  says: 'takes' | 'may ask' | 'none',
  count: number,
): Promise<TestWorker[]> {
  const workers = await Promise.all(Array.from({ length: count }, () => worker()))
  for (const idle of workers) await idle.claimAs(says)
  return workers
}

/** Names of the workers that a change wakes; at least this many are woken. */
async function wokenBy(
  { store, worker }: Contract,
  workers: readonly TestWorker[],
  atLeast: number,
  change: () => Promise<unknown>,
): Promise<string[]> {
  const last = await worker({ queues: ['of nobody else'] })
  const woken = new Set<string>()
  const heard = Promise.withResolvers<void>()
  const later = Promise.withResolvers<void>()
  const listen = (of: TestWorker, listener: () => void): ReturnType<Store['onWakeup']> =>
    store.onWakeup(of.lease, listener)
  const stops = [
    ...workers.map((idle) =>
      listen(idle, () => {
        woken.add(idle.name)
        if (woken.size >= atLeast) heard.resolve()
      }),
    ),
    listen(last, () => later.resolve()),
  ]
  if (atLeast === 0) heard.resolve()
  await change()
  await heard.promise
  // This order comes after every wake-up of the change.
  await store.drainWorker(last.name, byHand())
  await later.promise
  for (const stop of stops) stop()
  return [...woken]
}

function attentionToProtectedRuns(open: Open): void {
  contractTest(open, 'runs for which every worker is refused protection need attention', async (contract) => {
    const { store, worker, advance, now } = contract
    const findings = async () =>
      findFindings(await new SnapshotReader(store, systemClock).read()).filter(
        ({ kind }) => kind === 'unprotected',
      )
    const [code, detail] = ['AccessDeniedException', 'no role']
    const refused = { kind: 'refused', code, detail, retryInMs: 60_000 } as const
    const protection = { mode: 'required', state: refused, users: 0, protectedForMs: 0 } as const
    const report = { n: 1, agoMs: 0, protection }
    const [first, second] = [
      await worker({ leaseMs: longLease, report }),
      await worker({ leaseMs: longLease, report }),
    ]
    const runs = [protectedRun(), newRun(), protectedRun()]
    const begun = now()
    await store.enqueue(runs)
    expect(ids((await first.claimAs('none')).runs)).toEqual([runs[1]?.id])
    await second.claimAs('none')
    expect(await findings()).toEqual([])
    advance(5 * 60_000)
    expect(await findings()).toMatchObject([
      {
        id: 'unprotected:job/default',
        ...{ severity: 'critical', since: begun, next: `durable-jobs explain ${runs[0]?.id}` },
        sentence: expect.stringMatching(/^2 runs of job 'job' .* 2 workers were refused protection by ECS /),
      },
    ])
    await second.claimAs('takes', 1)
    expect(await findings()).toEqual([])
  })
}
