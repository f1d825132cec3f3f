import { describe, expect, test } from 'vitest'
import { carryOut } from '../../../runtime/client/actions/carry-out.ts'
import { Pacer, parseRate } from '../../../runtime/client/actions/pacer.ts'
import {
  type ActionInfo,
  type ActionKind,
  type ActionTarget,
  maxChunkRuns,
} from '../../../runtime/store/actions.ts'
import type { RunFilter } from '../../../runtime/store/run-filter.ts'
import type { Store } from '../../../runtime/store/store.ts'
import { defineJob, type Jobs, limits, StoreUnavailableError } from '../../../sdk/index.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { type Fixture, openFixture } from '../../support/fixture.ts'
import { bothStores } from '../../support/stores/both-stores.ts'

/** Aborts never. */
const never = new AbortController().signal

const gateway = limits.concurrency({ name: 'gateway', max: 100 })

/** Fails until the test brings the bank back. */
function chargeJob(bank: { back: boolean }) {
  return defineJob<{ once?: boolean }>(
    { name: 'charge', retry: false, limits: [{ limiter: gateway }] },
    async ({ input, step }) => {
      await step.run('read', () => 1)
      const pay = () => {
        if (!bank.back) throw new Error('the bank is down')
      }
      if (input.once) await step.run('pay', pay, { atMostOnce: true })
      else await step.run('pay', pay, { retry: false })
    },
  )
}

async function failedCharges(fixture: Fixture, inputs: readonly { once?: boolean }[]) {
  const bank = { back: false }
  const charge = chargeJob(bank)
  const worker = await fixture.work(charge, { concurrency: 20 })
  const results = await fixture.jobs.enqueueMany(charge, inputs)
  const handles = results.map((result) => {
    if (result.outcome === 'rejected') throw result.error
    return result.handle
  })
  await Promise.allSettled(handles.map((handle) => handle.result({ timeout: '2m' })))
  const retries = async () =>
    (await Promise.all(handles.map(({ id }) => fixture.jobs.inspector.history(id)))).map(
      (lines) => lines.filter(({ kind }) => kind === 'retry').length,
    )
  return { bank, worker, handles, retries }
}

function charges(count: number): { once?: boolean }[] {
  return Array.from({ length: count }, () => ({}))
}

const failedOnes: ActionTarget = { kind: 'filter', filter: { job: 'charge' } }

describe.each(bothStores)('%s', (_, storeOptions) => {
  test('a plan counts runs and lists repeated steps, obstacles and limiters', async () => {
    const fixture = await openFixture(await storeOptions())
    const { retries } = await failedCharges(fixture, [...charges(3), { once: true }])
    const { actions } = fixture.jobs
    const expected = {
      action: 'retry',
      matching: { runs: 4, exact: true },
      sample: 4,
      states: [{ state: 'failed', runs: 4 }],
      runsAgain: [{ step: 'pay', runs: 3 }],
      inTheWay: [{ step: 'pay', runs: 1 }],
      limiters: [{ limiter: 'gateway', runs: 3, waiting: 0 }],
      refused: [],
    }
    expect(await actions.plan('retry', failedOnes)).toEqual(expected)
    expect(await actions.plan('retry', failedOnes, { runAgain: ['pay'] })).toMatchObject({
      runsAgain: [{ step: 'pay', runs: 4 }],
      inTheWay: [],
      refused: [],
    })
    const [group] = await fixture.jobs.inspector.failures({ limit: 1 })
    const sameCause: ActionTarget = { kind: 'filter', filter: { fingerprint: group?.fingerprint ?? '' } }
    expect(await actions.plan('retry', sameCause)).toMatchObject({
      matching: { runs: group?.failedNow, exact: true },
    })
    expect(await actions.plan('cancel', failedOnes)).toMatchObject({
      matching: { runs: 0, exact: true },
      sample: 0,
    })
    expect(await retries()).toEqual([0, 0, 0, 0])
  })

  test('a retry by filter retries each run once, in chunks, and reports its progress', async () => {
    const fixture = await openFixture(await storeOptions())
    const count = maxChunkRuns + 20
    const { bank, handles, retries } = await failedCharges(fixture, charges(count))
    bank.back = true
    const told: number[] = []
    const seen = new Set<string>()
    const ended = await fixture.jobs.actions.run('retry', failedOnes, {
      by: 'ana',
      reason: 'the bank is back',
      onProgress: ({ action, runs }) => {
        told.push(action.done)
        for (const id of runs) seen.add(id)
      },
    })
    expect(ended).toMatchObject({
      action: 'retry',
      by: 'ana',
      done: count,
      refused: 0,
      endedAt: expect.any(Number),
    })
    expect(ended.cursor).toBeUndefined()
    expect(told).toEqual([0, maxChunkRuns, count])
    expect(seen).toEqual(new Set(handles.map(({ id }) => id)))
    await Promise.all(handles.map((handle) => handle.result({ timeout: '2m' })))
    expect(new Set(await retries())).toEqual(new Set([1]))
    expect(await fixture.jobs.actions.list()).toEqual([ended])
  })

  test('a run whose state the caller did not see is left alone, also by a cancel', async () => {
    const fixture = await openFixture(await storeOptions())
    const charge = chargeJob({ back: false })
    const [moved, same] = [await fixture.jobs.enqueue(charge, {}), await fixture.jobs.enqueue(charge, {})]
    // Without a worker its limiter grants nothing.
    const seen = { [moved.id]: 'running', [same.id]: 'waiting' } as const
    const target = { kind: 'runs', ids: [moved.id, same.id], seen } as const
    const { done, refusals } = await fixture.jobs.actions.run('cancel', target)
    expect(done).toBe(1)
    expect(refusals).toEqual([{ run: moved.id, reason: 'it became waiting after it was chosen' }])
    expect(await moved.status()).toMatchObject({ state: 'waiting' })
    const wrong = { ...target, seen: { [same.id]: 'gone' as never } }
    await expect(fixture.jobs.actions.run('cancel', wrong)).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
    })
  })

  test('a request id makes a repeated write harmless, and an expectation must hold', async () => {
    const fixture = await openFixture(await storeOptions())
    const { handles, worker, retries } = await failedCharges(fixture, charges(1))
    await worker.stop({ timeout: 0 })
    const [handle] = handles
    if (handle === undefined) throw new Error('one run was to fail')
    const { changedAt = 0 } = (await fixture.jobs.inspector.run(handle.id)) ?? {}
    const other = { states: ['failed'], changedAt: changedAt - 10 } as const
    await expect(handle.retry({ expected: other })).rejects.toThrow('became failed again since it was read')
    const write = { requestId: 'mine', expected: { states: ['failed'], changedAt } } as const
    const first = await handle.retry(write)
    expect(await handle.retry(write)).toEqual(first)
    expect(await retries()).toEqual([1])
    await expect(handle.cancel({ expected: { states: [] } })).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
    })
    await expect(handle.cancel({ requestId: '' })).rejects.toMatchObject({ code: 'INVALID_OPTIONS' })
  })

  test('an action stops at a limit and by a signal, and continues elsewhere', async () => {
    const fixture = await openFixture(await storeOptions())
    const { retries } = await failedCharges(fixture, charges(12))
    const { actions } = fixture.jobs
    const first = await actions.run('retry', failedOnes, { limit: 5 })
    expect(first).toMatchObject({ done: 5, cursor: expect.any(String) })
    const stop = new AbortController()
    const second = await actions.continue(first.id, {
      limit: 3,
      signal: stop.signal,
      onProgress: () => stop.abort(),
    })
    expect(second).toEqual(first)
    const other: Jobs = await fixture.connect()
    const both = await Promise.all([actions.continue(first.id), other.actions.continue(first.id)])
    expect(both.map(({ done }) => done)).toEqual([12, 12])
    expect(await retries()).toEqual(Array(12).fill(1))
    expect(await actions.continue(first.id)).toEqual(both[0])
  })

  test('between two chunks the process handles other events, such as the key or signal that stops it', async () => {
    const fixture = await openFixture(await storeOptions())
    await failedCharges(fixture, charges(2 * maxChunkRuns + 1))
    const stop = new AbortController()
    const stopped = await fixture.jobs.actions.run('retry', failedOnes, {
      signal: stop.signal,
      onProgress: ({ action }) => {
        if (action.done > 0) setImmediate(() => stop.abort())
      },
    })
    expect(stopped).toMatchObject({ done: maxChunkRuns, cursor: expect.any(String) })
  })

  test('the same id continues the same action', async () => {
    const fixture = await openFixture(await storeOptions())
    const { retries } = await failedCharges(fixture, charges(4))
    const id = 'act_nightly-2026-01-01'
    await fixture.jobs.actions.run('retry', failedOnes, { id, limit: 1 })
    expect(await fixture.jobs.actions.run('retry', failedOnes, { id })).toMatchObject({ id, done: 4 })
    expect(await retries()).toEqual([1, 1, 1, 1])
  })

  test('cancel and remove by filter and by id', async () => {
    const { jobs } = await openFixture(await storeOptions())
    const job = defineJob({ name: 'report' }, () => undefined)
    const results = await jobs.enqueueMany(job, Array(5).fill(undefined), { tags: ['old'] })
    const ids = results.map((result) => (result.outcome === 'rejected' ? result.id : result.handle.id))
    const tagged: ActionTarget = { kind: 'filter', filter: { tag: 'old' } }
    const byId: ActionTarget = { kind: 'runs', ids: [ids[0] ?? '', ids[0] ?? '', 'none'] }
    expect(await jobs.actions.run('cancel', byId)).toMatchObject({
      target: { kind: 'runs', ids: [ids[0], 'none'] },
      ...{ done: 1, refused: 1, refusals: [{ run: 'none', reason: expect.stringContaining('no such run') }] },
    })
    expect(await jobs.actions.run('cancel', tagged)).toMatchObject({ done: 4, refused: 0 })
    const all = { kind: 'filter', filter: { job: undefined } as unknown as RunFilter, all: true } as const
    expect(await jobs.actions.run('remove', all)).toMatchObject({ done: 5, refused: 0 })
    expect((await jobs.inspector.runs({ limit: 10 })).runs).toEqual([])
  })
})

test('a plan takes the number of matching runs from counters, or gives at least the number found', async () => {
  const { jobs } = await openFixture()
  const count = 5_100
  await jobs.enqueueMany(
    defineJob({ name: 'report' }, () => undefined),
    Array(count).fill(undefined),
  )
  const planned = (filter: RunFilter) => jobs.actions.plan('cancel', { kind: 'filter', filter })
  const counted = await planned({ job: 'report' })
  expect(counted).toMatchObject({ matching: { runs: count, exact: true }, sample: 200 })
  expect(counted.states).toEqual([{ state: 'ready', runs: 200 }])
  expect(await planned({ text: 'report' })).toMatchObject({
    matching: { runs: 5_000, exact: false },
    sample: 200,
  })
})

test('the count of a group is that of its exact fingerprint', async () => {
  const fixture = await openFixture()
  await failedCharges(fixture, charges(2))
  const [group] = await fixture.jobs.inspector.failures({ limit: 1 })
  const counted = async (fingerprint = ''): Promise<number | undefined> =>
    (await fixture.jobs.actions.run('retry', { kind: 'filter', filter: { fingerprint } })).matching
  expect(await counted(group?.fingerprint.slice(0, -1))).toBeUndefined()
  expect(await counted(group?.fingerprint)).toBe(2)
})

test('a long outage ends the call at once, a short one is waited out for 30 s', async () => {
  const calls = async (kind: 'login' | 'unreachable'): Promise<number> => {
    const clock = new FakeClock()
    let calls = 0
    const runs = (): never => {
      calls++
      throw new StoreUnavailableError('no store', { kind })
    }
    const action = { id: 'act_x', target: failedOnes, cursor: '', done: 3 } as ActionInfo
    const course = { perMs: undefined, limit: 1, onProgress: undefined, signal: never }
    const carried = carryOut({ store: { runs } as unknown as Store, clock }, action, course)
    const failed = expect(carried).rejects.toThrow(
      /had done 3 runs; jobs.actions.continue\('act_x'\) continues it/,
    )
    await clock.advance(40_000)
    await failed
    return calls
  }
  expect(await calls('login')).toBe(1)
  expect(await calls('unreachable')).toBeGreaterThan(10)
})

test('a signal ends the wait for a store in an outage', async () => {
  const clock = new FakeClock()
  const runs = (): never => {
    throw new StoreUnavailableError('no store', { kind: 'unreachable' })
  }
  const action = { id: 'act_x', target: failedOnes, cursor: '', done: 3 } as ActionInfo
  const stop = new AbortController()
  const course = { perMs: undefined, limit: 1, onProgress: undefined, signal: stop.signal }
  const carried = carryOut({ store: { runs } as unknown as Store, clock }, action, course)
  await clock.advance(5_000)
  stop.abort()
  expect(await carried).toEqual(action)
})

test('an action that another caller ends stops', async () => {
  const fixture = await openFixture()
  await failedCharges(fixture, charges(3))
  const { actions } = fixture.jobs
  const begun = await actions.run('retry', failedOnes, { limit: 1 })
  const ended = await actions.end(begun.id, { by: 'ben' })
  expect(ended).toMatchObject({ done: 1, endedAt: expect.any(Number) })
  expect(await actions.continue(begun.id)).toEqual(ended)
  await expect(actions.continue('act_none')).rejects.toMatchObject({ code: 'UNKNOWN_ACTION' })
})

test('wrong options are refused by name, and nothing begins', async () => {
  const { jobs } = await openFixture()
  const target: ActionTarget = { kind: 'runs', ids: ['one'] }
  const filter = (states: string[]): ActionTarget => ({ kind: 'filter', filter: { states } }) as ActionTarget
  const refusals: [RegExp, Promise<unknown>][] = [
    [/^rate: '20' is not a rate/, jobs.actions.run('retry', target, { rate: '20' as never })],
    [/^rate: '0\/s' is not a rate/, jobs.actions.run('retry', target, { rate: '0/s' })],
    [/^limit: 0 is not a number of runs/, jobs.actions.run('retry', target, { limit: 0 })],
    [/^action: 'pause' is not an action/, jobs.actions.run('pause' as ActionKind, target)],
    [/^runAgain: a cancel runs no step/, jobs.actions.run('cancel', target, { runAgain: ['pay'] })],
    [/^target.ids: name 1 to 1000 runs, not 0/, jobs.actions.run('retry', { kind: 'runs', ids: [] })],
    [/^target.ids: 'a b' can't name a run/, jobs.actions.run('retry', { kind: 'runs', ids: ['a b'] })],
    [
      /^target.filter.states: runs in state ready or completed can't be retried; use blocked, failed/,
      jobs.actions.run('retry', filter(['ready', 'completed'])),
    ],
    [/^runs: minAgeMs is -1/, jobs.actions.run('retry', { kind: 'filter', filter: { minAgeMs: -1 } })],
    [/^target.filter.states is empty; name at least one of/, jobs.actions.plan('remove', filter([]))],
    [
      /unknown option 'state'/,
      jobs.actions.run('retry', { kind: 'filter', filter: { state: 'failed' } as never }),
    ],
    [/^target.filter is empty; select runs/, jobs.actions.plan('cancel', { kind: 'filter', filter: {} })],
    ...[undefined, null, ''].map((job): [RegExp, Promise<unknown>] => [
      /^target.filter.job has no value/,
      jobs.actions.run('cancel', { kind: 'filter', filter: { job, states: ['ready'] } as RunFilter }),
    ]),
    [
      /^target.all: set it to true with an empty filter/,
      jobs.actions.run('cancel', { kind: 'filter', filter: { job: 'a' }, all: true }),
    ],
    [
      /^target: unknown option 'state'/,
      jobs.actions.run('cancel', { kind: 'filter', filter: { job: 'a' }, state: 'ready' } as ActionTarget),
    ],
    [/^id: 'retry-1' can't name an action/, jobs.actions.run('retry', target, { id: 'retry-1' })],
  ]
  for (const [message, refused] of refusals) {
    await expect(refused).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      message: expect.stringMatching(message),
    })
  }
  expect(await jobs.actions.list()).toEqual([])
})

describe('rate', () => {
  test.each([
    ['20/s', 5, 250],
    ['1000/s', maxChunkRuns, 25],
    ['30/m', 1, 2_000],
  ])('%s: chunks of %i, the next one after %i ms', async (rate, runs, ms) => {
    const clock = new FakeClock()
    const pacer = new Pacer(clock, parseRate(rate))
    expect(pacer.chunkRuns).toBe(runs)
    await pacer.turn(never)
    pacer.count(runs)
    let turned = false
    const turn = pacer.turn(never).then(() => {
      turned = true
    })
    await clock.advance(ms - 1)
    expect(turned).toBe(false)
    await clock.advance(1)
    await turn
  })

  test('an abort ends the wait', async () => {
    const clock = new FakeClock()
    const pacer = new Pacer(clock, parseRate('1/h'))
    pacer.count(1)
    const stop = new AbortController()
    const turn = pacer.turn(stop.signal)
    stop.abort()
    await turn
    expect(clock.timers).toBe(0)
  })
})
