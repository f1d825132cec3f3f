import { beforeEach, describe, expect, test } from 'vitest'
import { encodeValue } from '../../../runtime/model/codec.ts'
import { StoreUnavailableError } from '../../../runtime/model/errors.ts'
import type { Middleware } from '../../../runtime/model/middleware.ts'
import type { RunId } from '../../../runtime/model/run-id.ts'
import type { ClaimedRun, ClaimReply, Settlement, Store } from '../../../runtime/store/store.ts'
import { LeaseSession } from '../../../runtime/worker/lease-session.ts'
import { noRunProtection } from '../../../runtime/worker/run-protection.ts'
import { parseWorkerOptions } from '../../../runtime/worker/worker-options.ts'
import { defineJob } from '../../../sdk/index.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { gate } from '../../support/fixture.ts'

interface HeldClaim {
  readonly n: number
  readonly max: number
  readonly settled: readonly RunId[]
  reply(...runs: readonly RunId[]): Promise<void>
  fail(): Promise<void>
}

/** A store that holds each claim until the test replies. */
class HoldingStore {
  readonly claims: HeldClaim[] = []
  readonly calls: string[] = []
  bodies = 0
  readonly #clock: FakeClock
  /** Runs left behind by each reply. */
  more = true

  constructor(clock: FakeClock) {
    this.#clock = clock
  }

  get store(): Store {
    const store: Partial<Store> = {
      address: 'holding',
      claim: (_, n, { max }, settle) => this.#hold(n, max, settle),
      reconcile: async () => {
        this.calls.push('reconcile')
        return { drop: [] }
      },
      resign: async () => void this.calls.push('resign'),
      onWakeup: () => () => undefined,
    }
    return store as Store
  }

  #hold(n: number, max: number, settle: readonly Settlement[]): Promise<ClaimReply> {
    this.calls.push(`claim ${n}`)
    return new Promise((resolve, reject) => {
      const settled = settle.map(({ run }) => run)
      const reply = (runs: readonly RunId[]): ClaimReply => ({
        ...{ kind: 'claimed', runs: runs.map(claimed), more: this.more, protectedLeft: 0, ask: false },
        settled: settle.map(() => ({ kind: 'settled', state: 'completed' }) as const),
        orders: { drain: false, cancel: [], granted: [] },
      })
      const then = async (act: () => void): Promise<void> => {
        act()
        await this.#clock.settle()
      }
      this.claims.push({
        ...{ n, max, settled },
        reply: (...runs) => then(() => resolve(reply(runs))),
        fail: () => then(() => reject(new StoreUnavailableError('gone'))),
      })
    })
  }
}

function claimed(id: RunId): ClaimedRun {
  return {
    ...{ id, job: 'no-op', version: 1, queue: 'default', fence: 1, attempt: 1, losses: 0, enqueuedAt: 0 },
    ...{ tags: [], headers: {}, input: encodeValue(undefined, 'input', 1_000) },
    ...{ position: 0, journalBytes: 0, journal: { entries: [], more: false } },
  }
}

const ids = (prefix: string, count: number): RunId[] =>
  Array.from({ length: count }, (_, i) => `${prefix}${i}`)

/** R13. With 50 slots or more a claim requests half of them. */
describe('two claims', () => {
  let clock: FakeClock
  let held: HoldingStore
  let session: LeaseSession

  async function begin(concurrency: number, middleware: readonly Middleware[] = []): Promise<void> {
    clock = new FakeClock()
    held = new HoldingStore(clock)
    const noOp = defineJob({ name: 'no-op' }, () => void held.bodies++)
    const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
    const options = { store: 'sqlite:none.db', jobs: [noOp], concurrency, logger: silent, middleware }
    session = new LeaseSession(held.store, parseWorkerOptions(options, clock), {
      ...{ executors: new Map(), protection: noRunProtection },
      ...{ onDrainOrder: () => undefined, onLost: () => undefined },
    })
    session.begin()
    await clock.settle()
  }

  beforeEach(() => begin(100))

  /** Replies to the held calls, so that the session can end. */
  async function end(): Promise<void> {
    held.more = false
    const ended = session.lose()
    for (const { fail } of held.claims) await fail()
    await ended
  }

  test('are in flight at most, the second once the first reply has left runs behind', async () => {
    expect(held.claims.map(({ n, max }) => [n, max])).toEqual([[1, 50]])
    await held.claims[0]?.reply(...ids('a', 50))
    expect(held.claims.slice(1).map(({ n, max, settled }) => [n, max, settled.length])).toEqual([
      [2, 50, 50],
      [3, 50, 0],
    ])
    await held.claims[1]?.reply(...ids('b', 50))
    expect(held.claims.slice(3).map(({ n, max, settled }) => [n, max, settled.length])).toEqual([[4, 50, 50]])
    await end()
  })

  // The newest claim alone says how many slots are idle.
  test('are one while a hook holds the first back: no second one is sent', async () => {
    await end()
    const [held1, hook] = [gate(), gate()]
    let claims = 0
    const slow = async (_: unknown, next: () => Promise<number>): Promise<number> => {
      if (++claims === 2) {
        held1.open()
        await hook.opened
      }
      return next()
    }
    await begin(1, [{ claim: slow }])
    held.more = false
    await held.claims[0]?.reply('a')
    await held1.opened
    session.hint()
    await clock.settle()
    hook.open()
    await clock.settle()
    await clock.settle()
    expect(held.claims.at(-1)).toMatchObject({ max: 1 })
    await end()
  })

  test.each(['lose', 'resign'] as const)('whose replies arrive after %s() execute nothing', async (how) => {
    const ended = session[how]()
    await held.claims[0]?.reply(...ids('a', 50))
    held.more = false
    for (const { reply } of held.claims.slice(1)) await reply()
    await ended
    expect(held.bodies).toBe(0)
  })

  test('share an odd number of slots too', async () => {
    await end()
    await begin(51)
    await held.claims[0]?.reply(...ids('a', 26))
    await held.claims[1]?.reply(...ids('b', 26))
    expect(held.claims.map(({ n, max, settled }) => [n, max, settled.length])).toEqual([
      [1, 26, 0],
      [2, 26, 26],
      [3, 25, 0],
      [4, 26, 26],
    ])
    await end()
  })

  test('whose replies arrive in reverse order start all their runs, and settle each with its own claim', async () => {
    await held.claims[0]?.reply(...ids('a', 50))
    await held.claims[2]?.reply(...ids('c', 50))
    await held.claims[1]?.reply(...ids('b', 50))
    const settled = held.claims.slice(3).flatMap((claim) => claim.settled)
    expect(settled.toSorted()).toEqual([...ids('b', 50), ...ids('c', 50)].toSorted())
    await end()
  })

  test('of which the older gets its reply last wait as long as the newer reply says', async () => {
    await held.claims[0]?.reply(...ids('a', 50))
    held.more = false
    await held.claims[2]?.reply()
    held.more = true
    await held.claims[1]?.reply()
    expect(held.claims.map(({ n }) => n)).toEqual([1, 2, 3])
    await end()
  })

  test('whose replies are lost are both repeated under their numbers, with their settlements', async () => {
    await held.claims[0]?.reply(...ids('a', 50))
    await held.claims[2]?.fail()
    await held.claims[1]?.fail()
    await clock.advance(100)
    const again = held.claims.slice(3, 5).toSorted((a, b) => a.n - b.n)
    expect(again.map(({ n, settled }) => [n, settled.length])).toEqual([
      [2, 50],
      [3, 0],
    ])
    await end()
  })

  test('delay the comparison of held runs, which then precedes a third', async () => {
    await held.claims[0]?.reply(...ids('a', 50))
    await clock.advance(60_000)
    await held.claims[1]?.reply()
    expect(held.calls).not.toContain('reconcile')
    await held.claims[2]?.reply()
    expect(held.calls.slice(3)).toEqual(['reconcile', 'claim 4', 'claim 5'])
    await end()
  })

  test('delay the end of the lease', async () => {
    await held.claims[0]?.reply(...ids('a', 50))
    const resigned = session.resign()
    await clock.settle()
    await held.claims[1]?.reply()
    expect(held.calls).not.toContain('resign')
    await held.claims[2]?.reply()
    await resigned
    expect(held.calls.at(-1)).toBe('resign')
  })
})
