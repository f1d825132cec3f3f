import { beforeEach, describe, expect, test } from 'vitest'
import { encodeValue } from '../../../runtime/model/codec.ts'
import { StoreUnavailableError } from '../../../runtime/model/errors.ts'
import type { RunId } from '../../../runtime/model/run-id.ts'
import type { ClaimedRun, ClaimReply, Store } from '../../../runtime/store/store.ts'
import { LeaseSession } from '../../../runtime/worker/lease-session.ts'
import { noRunProtection } from '../../../runtime/worker/run-protection.ts'
import { parseWorkerOptions } from '../../../runtime/worker/worker-options.ts'
import { defineJob } from '../../../sdk/index.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const orders = { drain: false, cancel: [], granted: [] }

/** A store with the test's replies, which records claims and comparisons in order. */
class ScriptedStore {
  readonly calls: string[] = []
  readonly claims: (() => ClaimReply)[] = []
  wake: (why: 'look' | 'reconnected') => void = () => undefined

  get store(): Store {
    const store: Partial<Store> = {
      address: 'scripted',
      claim: async () => {
        this.calls.push('claim')
        return this.claims.shift()?.() ?? nothing
      },
      commit: async () => ({ answers: [{ kind: 'gone' }], orders }),
      reconcile: async (_, held) => {
        this.calls.push(`reconcile ${held.map(({ run }) => run).join()}`)
        return { drop: [] }
      },
      onWakeup: (_, listener) => {
        this.wake = listener
        return () => undefined
      },
      resign: async () => undefined,
    }
    return store as Store
  }

  take(): string[] {
    return this.calls.splice(0)
  }
}

const nothing = {
  kind: 'claimed',
  runs: [],
  settled: [],
  orders,
  more: false,
  protectedLeft: 0,
  ask: false,
} as const

function claimed(id: RunId): ClaimReply {
  const run: ClaimedRun = {
    ...{ id, job: 'steps', version: 1, queue: 'default', fence: 1, attempt: 1, losses: 0, enqueuedAt: 0 },
    ...{ tags: [], headers: {}, input: encodeValue(undefined, 'input', 1_000) },
    ...{ position: 0, journalBytes: 0, journal: { entries: [], more: false } },
  }
  return { ...nothing, runs: [run] }
}

/** R14: a worker compares its held runs with the store every 10 s; these are the moments that don't wait for that. */
describe('held runs are compared with the store at once', () => {
  let clock: FakeClock
  let scripted: ScriptedStore
  let session: LeaseSession

  beforeEach(async () => {
    clock = new FakeClock()
    scripted = new ScriptedStore()
    const steps = defineJob({ name: 'steps' }, ({ step }) => step.run('one', () => 1))
    const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
    const config = parseWorkerOptions({ store: 'sqlite:none.db', jobs: [steps], logger: silent }, clock)
    session = new LeaseSession(scripted.store, config, {
      executors: new Map(),
      protection: noRunProtection,
      onDrainOrder: () => undefined,
      onLost: () => undefined,
    })
    session.begin()
    await clock.advance(100)
    expect(scripted.take()).toEqual(['claim'])
    return () => session.lose()
  })

  test('after a reconnect, before any other call', async () => {
    scripted.wake('reconnected')
    await clock.advance(100)
    expect(scripted.take()).toEqual(['reconcile ', 'claim'])
  })

  test('not after a mere wake-up', async () => {
    scripted.wake('look')
    await clock.advance(100)
    expect(scripted.take()).toEqual(['claim'])
  })

  test('after a claim that first got no reply from the store', async () => {
    scripted.claims.push(() => {
      throw new StoreUnavailableError('gone')
    })
    scripted.wake('look')
    await clock.advance(500)
    expect(scripted.take()).toEqual(['claim', 'claim', 'reconcile '])
  })

  test('after a worker lost a run: others of its lease may be lost too', async () => {
    scripted.claims.push(() => claimed('gone'))
    scripted.wake('look')
    // A run is decoded, replayed, executed and given up between two timers.
    for (let i = 0; i < 20; i++) await clock.advance(5)
    expect(scripted.take()).toEqual(['claim', 'reconcile '])
  })
})
