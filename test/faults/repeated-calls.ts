import type { UniqueClaim } from '../../runtime/model/unique.ts'
import type { ActionKind, NewAction } from '../../runtime/store/actions.ts'
import type { ScriptName } from '../../runtime/store/redis/script.ts'
import type { ClaimedRun, ClaimReply, EnqueueReply, Store } from '../../runtime/store/store.ts'
import {
  byHand,
  done,
  failure,
  intent,
  mark,
  newRun,
  newWorker,
  plainError,
} from '../support/stores/store-inputs.ts'
import { completed, TestWorker } from '../support/stores/test-worker.ts'

/** A call of the store that a fault hits. */
export interface RepeatedCall {
  readonly name: string
  /** The execution that is repeated. */
  readonly script: ScriptName
  /**
   * Prepares the store for the call. The call uses `faulty`; everything else uses `calm`, which is
   * another connection.
   */
  readonly prepare: (calm: Store, faulty: Store) => Promise<Prepared>
  /** The result of a repeat, if the contract has another one. */
  readonly repeatReplies?: (first: unknown) => unknown
}

export interface Prepared {
  readonly call: () => Promise<unknown>
  /** The calls of others after it, which a late repeat must not undo. */
  readonly newer: () => Promise<unknown>
}

interface Held {
  readonly worker: TestWorker
  readonly run: ClaimedRun
}

/** Runs `one` and `two` exist; a worker of the faulty connection, registered over the calm one, holds `one`. */
async function held(calm: Store, faulty: Store): Promise<Held> {
  await calm.enqueue([newRun({ id: 'one' }), newRun({ id: 'two' })])
  const worker = await registered(calm, faulty, 'first')
  return { worker, run: await worker.claimOne() }
}

async function registered(calm: Store, faulty: Store, name: string): Promise<TestWorker> {
  const worker = newWorker({ lease: leaseOf(name), name })
  await calm.register(worker)
  return new TestWorker(faulty, worker)
}

/** As long as real ones; the same in each namespace. */
function leaseOf(name: string): string {
  return name.padEnd(36, '-')
}

async function another(calm: Store): Promise<TestWorker> {
  return registered(calm, calm, 'second')
}

/** A run that has failed. */
async function failedRun(calm: Store, faulty: Store): Promise<Held> {
  const { worker, run } = await held(calm, faulty)
  await worker.append(run, done('a'))
  await worker.settle(run, { kind: 'failed', error: plainError })
  return { worker, run }
}

async function leadingTerm(store: Store): Promise<number> {
  return (await store.leaders())[0]?.term ?? 0
}

/** A repeat did not look whether there is more. */
function askAgain(first: unknown): unknown {
  return { ...(first as ClaimReply), more: true }
}

function keyed(key: string): UniqueClaim {
  return { key, until: 'finished', onDuplicate: 'join' }
}

function action(kind: ActionKind): NewAction {
  return { id: 'act_one', action: kind, target: { kind: 'runs', ids: ['one', 'two'] }, by: 'ana' }
}

const write = (requestId: string) => byHand({ requestId })

export const repeatedCalls: readonly RepeatedCall[] = [
  {
    name: 'enqueue',
    script: 'enqueue',
    // A repeat can't be distinguished from another caller's enqueue of the same run.
    repeatReplies: (first) => (first as EnqueueReply[]).map((answer) => ({ ...answer, outcome: 'joined' })),
    prepare: async (calm, faulty) => ({
      call: () => faulty.enqueue([newRun({ id: 'one', tags: ['eu'] }), newRun({ id: 'two' })]),
      newer: async () => {
        const worker = await another(calm)
        await worker.settle(await worker.claimOne(), completed)
        await calm.remove('one', write('remove'))
      },
    }),
  },
  {
    name: 'enqueue of duplicates',
    script: 'enqueue',
    prepare: async (calm, faulty) => {
      await calm.enqueue([
        newRun({ id: 'one', unique: keyed('a') }),
        newRun({ id: 'two', unique: keyed('b') }),
      ])
      const late = [
        newRun({ id: 'joined', unique: keyed('a') }),
        newRun({ id: 'rejected', unique: { ...keyed('a'), onDuplicate: 'reject' } }),
        newRun({ id: 'replacing', unique: { ...keyed('b'), onDuplicate: 'replace' } }),
      ]
      return {
        call: () => faulty.enqueue(late),
        newer: async () => {
          const worker = await another(calm)
          for (const run of await worker.claim()) await worker.settle(run, completed)
          await calm.remove('one', write('remove'))
          await calm.enqueue([newRun({ id: 'next', unique: keyed('b') })])
        },
      }
    },
  },
  {
    name: 'claim that frees a key',
    script: 'claim',
    repeatReplies: askAgain,
    prepare: async (calm, faulty) => {
      const unique = { ...keyed('a'), until: 'started' } as const
      await calm.enqueue([newRun({ id: 'one', unique })])
      const worker = await registered(calm, faulty, 'first')
      return {
        call: () => faulty.claim(worker.lease, ++worker.n, { max: 1, protected: true, mayAsk: false }, []),
        newer: () => calm.enqueue([newRun({ id: 'two', unique })]),
      }
    },
  },
  {
    name: 'claim, which settles',
    script: 'claim',
    repeatReplies: askAgain,
    prepare: async (calm, faulty) => {
      const { worker, run } = await held(calm, faulty)
      const settlement = worker.settlement(run, completed)
      return {
        call: () =>
          faulty.claim(worker.lease, ++worker.n, { max: 1, protected: true, mayAsk: false }, [settlement]),
        newer: async () => {
          await calm.enqueue([newRun({ id: 'three' }), newRun({ id: 'four' })])
          await calm.claim(worker.lease, ++worker.n, { max: 1, protected: true, mayAsk: false }, [])
        },
      }
    },
  },
  {
    name: 'claim of a worker that has resigned since',
    script: 'claim',
    repeatReplies: askAgain,
    prepare: async (calm, faulty) => {
      const { worker } = await held(calm, faulty)
      return {
        call: () => faulty.claim(worker.lease, ++worker.n, { max: 1, protected: true, mayAsk: false }, []),
        newer: () => calm.resign(worker.lease, []),
      }
    },
  },
  {
    name: 'commit of records',
    script: 'append',
    prepare: async (calm, faulty) => {
      const { worker, run } = await held(calm, faulty)
      const records = [worker.checkpoint(run, done('a')), worker.checkpoint(run, intent('b'))]
      const next = worker.checkpoint(run, done('b', 'b', true))
      return {
        call: () => faulty.commit(worker.lease, records),
        newer: () => calm.commit(worker.lease, [next]),
      }
    },
  },
  {
    name: 'commit of failed attempts',
    script: 'append-failures',
    prepare: async (calm, faulty) => {
      const { worker, run } = await held(calm, faulty)
      const records = [failure('busy', 10), done('a'), failure('busy')].map((one) =>
        worker.checkpoint(run, one),
      )
      const next = worker.checkpoint(run, failure('other'))
      return {
        call: () => faulty.commit(worker.lease, records),
        newer: () => calm.commit(worker.lease, [next]),
      }
    },
  },
  {
    name: 'commit of a record and an end',
    script: 'commit',
    prepare: async (calm, faulty) => {
      const { worker, run } = await held(calm, faulty)
      const other = await worker.claimOne()
      const entries = [worker.checkpoint(other, done('a')), worker.settlement(run, { kind: 'released' })]
      return {
        call: () => faulty.commit(worker.lease, entries),
        newer: async () => {
          const next = await another(calm)
          await next.append(await next.claimOne(), done('b'))
        },
      }
    },
  },
  {
    name: 'settle as failed',
    script: 'commit',
    prepare: async (calm, faulty) => {
      const { worker, run } = await held(calm, faulty)
      await calm.commit(worker.lease, [worker.checkpoint(run, failure('busy'))])
      const outcome = { kind: 'failed', error: plainError, mark: mark('busy', { step: 'pay' }) } as const
      const settlement = worker.settlement(run, outcome)
      return {
        call: () => faulty.commit(worker.lease, [settlement]),
        newer: async () => {
          await calm.retry(run.id, {}, write('retry'))
          await calm.claim(worker.lease, ++worker.n, { max: 1, protected: true, mayAsk: false }, [])
        },
      }
    },
  },
  {
    name: 'register',
    script: 'register',
    prepare: async (calm, faulty) => {
      const { worker, run } = await held(calm, faulty)
      await worker.settle(run, { kind: 'blocked', reason: 'old code', digest: 'first' })
      const jobs = [{ name: 'job', version: 1, queue: 'default', digest: 'new code' }]
      const next = newWorker({ lease: leaseOf('second'), name: 'second', jobs })
      return {
        call: () => faulty.register(next),
        newer: () => calm.resign(next.lease, []),
      }
    },
  },
  {
    name: 'renew',
    script: 'renew',
    prepare: async (calm, faulty) => {
      const { worker } = await held(calm, faulty)
      return {
        call: () => faulty.renew(worker.lease, { draining: false }),
        // Several: a reconnected connection registers by its own renewal.
        newer: async () => {
          for (let i = 0; i < 5; i++) await faulty.renew(worker.lease, { draining: true })
        },
      }
    },
  },
  {
    name: 'renew that reports open steps',
    script: 'renew',
    prepare: async (calm, faulty) => {
      const { worker, run } = await held(calm, faulty)
      const steps = [{ run: run.id, fence: run.fence, path: 'a', openMs: 2_000 }]
      return {
        call: () => faulty.renew(worker.lease, { draining: false, openSteps: { n: 1, agoMs: 0, steps } }),
        newer: () => calm.renew(worker.lease, { draining: false, openSteps: { n: 2, agoMs: 0, steps: [] } }),
      }
    },
  },
  {
    name: 'renew of a lease resigned since',
    script: 'renew',
    prepare: async (calm, faulty) => {
      const { worker } = await held(calm, faulty)
      return {
        call: () => faulty.renew(worker.lease, { draining: false }),
        newer: () => calm.resign(worker.lease, []),
      }
    },
  },
  {
    name: 'resign',
    script: 'resign',
    prepare: async (calm, faulty) => {
      const { worker } = await held(calm, faulty)
      return {
        call: () => faulty.resign(worker.lease, []),
        newer: async () => {
          const next = await another(calm)
          await next.append(await next.claimOne(), done('a'))
        },
      }
    },
  },
  {
    name: 'reconcile',
    script: 'reconcile',
    prepare: async (calm, faulty) => {
      const { worker, run } = await held(calm, faulty)
      const heldRuns = [{ run: run.id, fence: run.fence }]
      return {
        call: () => faulty.reconcile(worker.lease, heldRuns),
        newer: () => worker.claimOne(),
      }
    },
  },
  {
    name: 'cancel of a ready run',
    script: 'cancel',
    prepare: async (calm, faulty) => {
      await calm.enqueue([newRun({ id: 'one' })])
      return {
        call: () => faulty.cancel('one', write('cancel')),
        newer: () => calm.retry('one', {}, write('retry')),
      }
    },
  },
  {
    name: 'cancel of a held run',
    script: 'cancel',
    prepare: async (calm, faulty) => {
      const { worker, run } = await held(calm, faulty)
      return {
        call: () => faulty.cancel(run.id, write('cancel')),
        newer: async () => {
          await worker.settle(run, { kind: 'cancelled' })
          await calm.retry(run.id, {}, write('retry'))
          await (await another(calm)).claim()
        },
      }
    },
  },
  {
    name: 'retry',
    script: 'retry',
    prepare: async (calm, faulty) => {
      const { run } = await failedRun(calm, faulty)
      return {
        call: () => faulty.retry(run.id, { from: 'a' }, write('retry')),
        newer: async () => {
          const next = await another(calm)
          const again = await next.claimOne()
          await next.append(again, done('a'))
          await next.settle(again, { kind: 'failed', error: plainError })
        },
      }
    },
  },
  {
    name: 'remove',
    script: 'remove',
    prepare: async (calm, faulty) => {
      const { run } = await failedRun(calm, faulty)
      return {
        call: () => faulty.remove(run.id, write('remove')),
        newer: () => calm.enqueue([newRun({ id: run.id })]),
      }
    },
  },
  {
    name: 'beginAction',
    script: 'begin-action',
    prepare: async (calm, faulty) => {
      const { run } = await failedRun(calm, faulty)
      return {
        call: () => faulty.beginAction(action('retry')),
        newer: () => calm.applyAction({ action: 'act_one', from: '', next: '1', runs: [{ run: run.id }] }),
      }
    },
  },
  {
    name: 'applyAction, a retry',
    script: 'apply-action',
    prepare: async (calm, faulty) => {
      const { run } = await failedRun(calm, faulty)
      await calm.beginAction(action('retry'))
      return {
        call: () =>
          faulty.applyAction({
            action: 'act_one',
            from: '',
            next: '1',
            runs: [{ run: run.id }, { run: 'two' }],
          }),
        newer: async () => {
          const next = await another(calm)
          for (const again of await next.claim())
            await next.settle(again, { kind: 'failed', error: plainError })
        },
      }
    },
  },
  {
    name: 'applyAction, a cancel that ends it',
    script: 'apply-action',
    prepare: async (calm, faulty) => {
      await held(calm, faulty)
      await calm.beginAction(action('cancel'))
      return {
        call: () =>
          faulty.applyAction({ action: 'act_one', from: '', runs: [{ run: 'one' }, { run: 'two' }] }),
        newer: () => calm.retry('two', {}, write('retry')),
      }
    },
  },
  {
    name: 'applyAction, a remove',
    script: 'apply-action',
    prepare: async (calm, faulty) => {
      const { run } = await failedRun(calm, faulty)
      await calm.beginAction(action('remove'))
      return {
        call: () => faulty.applyAction({ action: 'act_one', from: '', next: '1', runs: [{ run: run.id }] }),
        newer: () => calm.applyAction({ action: 'act_one', from: '1', runs: [{ run: 'two' }] }),
      }
    },
  },
  {
    name: 'endAction',
    script: 'end-action',
    prepare: async (calm, faulty) => {
      await calm.beginAction(action('retry'))
      return {
        call: () => faulty.endAction('act_one', write('end')),
        newer: () => calm.beginAction({ ...action('retry'), id: 'act_two' }),
      }
    },
  },
  {
    name: 'pauseQueue',
    script: 'pause-queue',
    prepare: async (calm, faulty) => ({
      call: () => faulty.pauseQueue('default', write('pause')),
      newer: () => calm.resumeQueue('default', write('resume')),
    }),
  },
  {
    name: 'resumeQueue',
    script: 'pause-queue',
    prepare: async (calm, faulty) => {
      await calm.pauseQueue('default', write('pause'))
      return {
        call: () => faulty.resumeQueue('default', write('resume')),
        newer: () => calm.pauseQueue('default', write('pause again')),
      }
    },
  },
  {
    name: 'muteFinding',
    script: 'mute-finding',
    prepare: async (calm, faulty) => ({
      call: () => faulty.muteFinding('paused-queue:default', 60_000, write('mute')),
      newer: () => calm.unmuteFinding('paused-queue:default', write('unmute')),
    }),
  },
  {
    name: 'unmuteFinding',
    script: 'mute-finding',
    prepare: async (calm, faulty) => {
      await calm.muteFinding('paused-queue:default', 60_000, write('mute'))
      return {
        call: () => faulty.unmuteFinding('paused-queue:default', write('unmute')),
        newer: () => calm.muteFinding('paused-queue:default', 60_000, write('mute again')),
      }
    },
  },
  {
    name: 'drainWorker',
    script: 'drain-worker',
    prepare: async (calm, faulty) => {
      const { worker } = await held(calm, faulty)
      return {
        call: () => faulty.drainWorker(worker.name, write('drain')),
        newer: async () => {
          await calm.resign(worker.lease, [])
          await calm.register(newWorker({ lease: leaseOf('started again'), name: worker.name }))
        },
      }
    },
  },
  {
    name: 'campaign',
    script: 'campaign',
    prepare: async (calm, faulty) => {
      const { worker } = await held(calm, faulty)
      return {
        call: () => faulty.campaign('leader', worker.lease, 15_000),
        newer: async () => calm.resignTerm('leader', await leadingTerm(calm), worker.lease),
      }
    },
  },
  {
    name: 'renewTerm',
    script: 'renew-term',
    prepare: async (calm, faulty) => {
      const { worker } = await held(calm, faulty)
      await calm.campaign('leader', worker.lease, 15_000)
      const term = await leadingTerm(calm)
      return {
        call: () => faulty.renewTerm('leader', term, worker.lease, { sweep: 20 }),
        newer: () => calm.resignTerm('leader', term, worker.lease),
      }
    },
  },
  {
    name: 'resignTerm',
    script: 'resign-term',
    prepare: async (calm, faulty) => {
      const { worker } = await held(calm, faulty)
      await calm.campaign('leader', worker.lease, 15_000)
      const term = await leadingTerm(calm)
      return {
        call: () => faulty.resignTerm('leader', term, worker.lease),
        newer: () => calm.campaign('leader', worker.lease, 15_000, term),
      }
    },
  },
]
