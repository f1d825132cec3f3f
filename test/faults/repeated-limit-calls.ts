import type { Limiter } from '../../runtime/model/limiter.ts'
import { limits } from '../../runtime/model/limiter.ts'
import type { ClaimedRun, Store } from '../../runtime/store/store.ts'
import { acquire, one, points, use } from '../support/stores/limit-inputs.ts'
import { byHand, done, newRun, newWorker } from '../support/stores/store-inputs.ts'
import { TestWorker } from '../support/stores/test-worker.ts'
import type { RepeatedCall } from './repeated-calls.ts'

const tighter = limits.concurrency({ name: 'one', max: 3 })
const write = (requestId: string) => byHand({ requestId })

interface Step {
  /** Of the faulty connection, registered over the calm one. */
  readonly worker: TestWorker
  readonly calmly: TestWorker
  readonly run: ClaimedRun
  readonly other: ClaimedRun
}

function told(...limiters: Limiter[]) {
  return limiters.map(({ name, rule }) => ({ name, rule }))
}

function worker(name: string) {
  return newWorker({ lease: name.padEnd(36, '-'), name, limiters: told(one, points) })
}

/** A worker holds two runs, whose steps want the same limits. */
async function twoHeld(calm: Store, faulty: Store): Promise<Step> {
  await calm.enqueue([newRun({ id: 'one' }), newRun({ id: 'two' })])
  await calm.register(worker('first'))
  // A reconnected connection renews: this must not be the first renewal.
  await calm.renew(worker('first').lease, { draining: false })
  const calmly = new TestWorker(calm, worker('first'))
  const [run, other] = await calmly.claim(2)
  if (run === undefined || other === undefined) throw new Error('there were no two runs to claim')
  return { worker: new TestWorker(faulty, worker('first')), calmly, run, other }
}

/** The step ends, and the other run's step takes the released limit. */
async function stepEnds({ calmly, run, other }: Step): Promise<void> {
  await calmly.send({ ...calmly.checkpoint(run, done('call')), limited: true })
  await acquire(calmly, other, 'call', [use(one)])
}

export const repeatedLimitCalls: readonly RepeatedCall[] = [
  {
    name: 'granted acquire',
    script: 'acquire',
    prepare: async (calm, faulty) => {
      const step = await twoHeld(calm, faulty)
      return {
        call: () => acquire(step.worker, step.run, 'call', [use(one), use(points, { cost: 4 })]),
        newer: () => stepEnds(step),
      }
    },
  },
  {
    name: 'refused acquire',
    script: 'acquire',
    prepare: async (calm, faulty) => {
      const step = await twoHeld(calm, faulty)
      const { worker, calmly, run, other } = step
      await acquire(calmly, other, 'call', [use(one)])
      const uses = [use(one), use(points, { cost: 4 })]
      return {
        call: () => acquire(worker, run, 'call', uses),
        newer: () => acquire(calmly, run, 'call', uses, 2),
      }
    },
  },
  {
    name: 'closeKeys',
    script: 'close-keys',
    prepare: async (calm, faulty) => {
      const { worker, calmly, run } = await twoHeld(calm, faulty)
      const turn = { run: run.id, fence: run.fence, path: 'call', turn: 1 }
      const uses = [use(points, { cost: 4 })]
      await acquire(calmly, run, 'call', uses)
      return {
        call: () => faulty.closeKeys(worker.lease, { ...turn, closedMs: 5_000 }),
        newer: async () => {
          await acquire(calmly, run, 'call', uses, 2)
          await calm.closeKeys(worker.lease, { ...turn, turn: 2, closedMs: 1 })
          await acquire(calmly, run, 'call', uses, 3)
        },
      }
    },
  },
  {
    name: 'correctCost',
    script: 'correct-cost',
    prepare: async (calm, faulty) => {
      const { worker, calmly, run } = await twoHeld(calm, faulty)
      const turn = { run: run.id, fence: run.fence, path: 'call', turn: 1, limiter: points.name }
      await acquire(calmly, run, 'call', [use(points, { cost: 4 })])
      return {
        call: () => faulty.correctCost(worker.lease, { ...turn, cost: 9, correction: 1 }),
        newer: () => calm.correctCost(worker.lease, { ...turn, cost: 2, correction: 2 }),
      }
    },
  },
  {
    name: 'setLimiter',
    script: 'set-limiter',
    prepare: async (calm, faulty) => {
      await calm.register(worker('first'))
      return {
        call: () => faulty.setLimiter('one', { max: 5 }, write('set')),
        newer: () => calm.setLimiter('one', undefined, write('take back')),
      }
    },
  },
  {
    name: 'defineLimiters',
    script: 'define-limiters',
    prepare: async (calm, faulty) => {
      await calm.register(worker('first'))
      await calm.renew(worker('first').lease, { draining: false })
      return {
        call: () => faulty.defineLimiters(worker('first').lease, told(tighter)),
        newer: async () => {
          await calm.register({ ...worker('second'), limiters: told(one) })
          await calm.resign(worker('first').lease, [])
        },
      }
    },
  },
]
