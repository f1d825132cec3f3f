import { expect } from 'vitest'
import type { LimitUse } from '../../../runtime/model/limit-use.ts'
import { type Limiter, limits } from '../../../runtime/model/limiter.ts'
import type { StepUse, WorkerLimiter } from '../../../runtime/store/limiters.ts'
import type { ClaimedRun } from '../../../runtime/store/store.ts'
import { acquire, ids, limited, one, points, two, use } from '../../support/stores/limit-inputs.ts'
import { byHand, done, newRun } from '../../support/stores/store-inputs.ts'
import type { Open } from '../../support/stores/store-under-test.ts'
import { completed, type TestWorker } from '../../support/stores/test-worker.ts'
import { type Contract, contractTest } from '../contract-test.ts'

/** A step holds a key that another waits for, and a worker with free slots has claimed in vain. */
interface Stage {
  readonly contract: Contract
  /** The idle worker, which must be woken. */
  readonly worker: TestWorker
  /** The worker that holds `holder`: the idle one itself, or another. */
  readonly owner: TestWorker
  readonly holder: ClaimedRun
  readonly turn: StepUse
}

interface Opener {
  readonly name: string
  /** The limits held and waited for, a slot of `one` by default. */
  readonly wants?: LimitUse
  readonly ownedBy?: 'another worker'
  readonly prepare?: (contract: Contract) => Promise<unknown>
  readonly open: (stage: Stage) => Promise<unknown>
  /** The clock opens it after this time, and the worker is notified at once. */
  readonly laterMs?: number
}

const longLease = 86_400_000
const raised = limits.concurrency({ name: one.name, max: 2 })
const [wide, tight] = [2, 1].map((max) => limits.concurrency({ name: 'rolling', max })) as [Limiter, Limiter]
const lastToLeave = { lease: 'last-to-leave'.padEnd(36, '-'), leaseMs: longLease, jobs: [] } as const

function code(...of: Limiter[]): WorkerLimiter[] {
  return of.map(({ name, rule }) => ({ name, rule }))
}

function correct(cost: number): Opener['open'] {
  return ({ worker, turn }) =>
    worker.store.correctCost(worker.lease, { ...turn, limiter: points.name, cost, correction: 1 })
}

/** Every operation that can open a key. */
const openers: readonly Opener[] = [
  {
    name: "the end of the holder's step",
    open: ({ worker, holder }) => worker.send({ ...worker.checkpoint(holder, done('call')), limited: true }),
  },
  { name: 'the end of the holder', open: ({ worker, holder }) => worker.settle(holder, completed) },
  {
    name: 'an acquire that ends the use before it',
    open: ({ worker, holder }) => acquire(worker, holder, 'call', [use(two)], 2, 2),
  },
  {
    name: 'closeKeys, at its end',
    open: ({ worker, turn }) => worker.store.closeKeys(worker.lease, { ...turn, closedMs: 100 }),
    laterMs: 100,
  },
  { name: 'correctCost', wants: use(points, { cost: 10 }), open: correct(0) },
  {
    name: 'correctCost that lets the clock open it sooner',
    wants: use(points, { cost: 10 }),
    open: correct(1),
    laterMs: 1_000,
  },
  {
    name: 'defineLimiters with a raised limit',
    open: ({ worker }) => worker.store.defineLimiters(worker.lease, code(raised)),
  },
  {
    name: 'a registration with a raised limit',
    open: ({ contract }) => contract.worker({ limiters: code(raised), jobs: [] }),
  },
  {
    name: 'a sweep after the worker with the tighter limit has left',
    wants: use(tight),
    prepare: async (contract) => {
      await contract.worker({
        ...{ limiters: code(wide), leaseMs: longLease },
        ...{ name: 'wide', jobs: [] },
      })
      contract.advance(1)
      await contract.worker({ ...lastToLeave, limiters: code(tight) })
    },
    open: async ({ contract }) => {
      await contract.store.resign(lastToLeave.lease, [])
      await contract.store.sweep(1)
    },
  },
  { name: 'setLimiter', open: ({ worker }) => worker.store.setLimiter(one.name, { max: 2 }, byHand()) },
  {
    name: 'setLimiter that reverts a lower number',
    wants: use(two),
    prepare: ({ store }) => store.setLimiter(two.name, { max: 1 }, byHand()),
    open: ({ worker }) => worker.store.setLimiter(two.name, undefined, byHand()),
  },
  {
    name: 'the end of a lease',
    ownedBy: 'another worker',
    open: ({ owner }) => owner.store.resign(owner.lease, []),
  },
  {
    name: 'the loss of a lease',
    ownedBy: 'another worker',
    open: async ({ contract, worker }) => {
      const bodyLog = await contract.worker({ leaseMs: longLease, jobs: [] })
      await contract.letLeaseExpire(worker)
      await bodyLog.claim(0)
    },
  },
  {
    name: 'a worker that holds less than the store knows',
    ownedBy: 'another worker',
    open: ({ owner }) => owner.store.reconcile(owner.lease, []),
  },
]

export function openedKeysContract(open: Open): void {
  for (const opener of openers) {
    for (const waiter of ['a run on the waitlist', 'a step in a slot'] as const) {
      contractTest(open, `${opener.name}: ${waiter} is woken, by its own worker too`, async (contract) => {
        const { stage, waiting } = await closedKey(contract, opener, waiter)
        const { worker } = stage
        const woken = Promise.withResolvers<void>()
        const stop = contract.store.onWakeup(worker.lease, () => woken.resolve())
        await opener.open(stage)
        await woken.promise
        const first = await worker.claimReply()
        contract.advance(opener.laterMs ?? 0)
        const second = await worker.claimReply()
        const told = [first, second].flatMap(({ runs, orders }) => [...ids(runs), ...orders.granted])
        expect(told).toContain(waiting)
        stop()
      })
    }
  }
}

/** Nothing of this wakes the worker: it is idle only at the end. */
async function closedKey(
  contract: Contract,
  { wants = use(one), ownedBy, prepare }: Opener,
  waiter: 'a run on the waitlist' | 'a step in a slot',
): Promise<{ readonly stage: Stage; readonly waiting: string }> {
  const { store } = contract
  const worker = await limited(contract, { leaseMs: longLease })
  const owner = ownedBy === undefined ? worker : await limited(contract)
  await prepare?.(contract)
  contract.advance(1)
  await store.enqueue([newRun()])
  const holder = await owner.claimOne()
  expect(await acquire(owner, holder, 'call', [wants])).toEqual({ kind: 'granted' })
  const run = newRun(waiter === 'a run on the waitlist' ? { limits: [wants] } : {})
  await store.enqueue([run])
  if (waiter === 'a step in a slot') {
    expect(await acquire(worker, await worker.claimOne(), 'call', [wants])).toMatchObject({ kind: 'closed' })
  }
  expect(await worker.claim()).toEqual([])
  const turn = { run: holder.id, fence: holder.fence, path: 'call', turn: 1 }
  return { stage: { contract, worker, owner, holder, turn }, waiting: run.id }
}
