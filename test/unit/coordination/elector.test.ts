import { beforeEach, describe, expect, test } from 'vitest'
import { Elector, type RoleWork, type RunningTerm, termTimes } from '../../../runtime/coordination/elector.ts'
import type { AbortedError } from '../../../runtime/model/errors.ts'
import { StoreUnavailableError } from '../../../runtime/model/errors.ts'
import type { CampaignReply } from '../../../runtime/store/terms.ts'
import { createLogger } from '../../../runtime/worker/logger.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { abortOf, gate } from '../../support/fixture.ts'
import { ScriptedTerms } from './scripted-terms.ts'

const log = createLogger({ stream: { write: () => true } })
const seconds = 1_000

/** Serves each term until its signal, or as long as `holds` says. */
class Work implements RoleWork {
  readonly role = 'leader'
  readonly terms: RunningTerm[] = []
  holds: Promise<unknown> = Promise.resolve()

  async serve(term: RunningTerm): Promise<void> {
    this.terms.push(term)
    await abortOf(term.signal)
    await this.holds
  }

  dutyAges() {
    return { sweep: 7 }
  }

  /** Why each term ended, or that it runs. */
  get ends(): unknown[] {
    return this.terms.map(({ signal }) =>
      signal.aborted ? (signal.reason as AbortedError).reason : 'running',
    )
  }
}

let clock: FakeClock
let store: ScriptedTerms
let work: Work
let elector: Elector

beforeEach(() => {
  clock = new FakeClock()
  store = new ScriptedTerms(clock)
  work = new Work()
  elector = new Elector(work, { store, clock, log, times: termTimes })
})

async function elected(): Promise<void> {
  elector.begin('lease')
  await clock.settle()
  expect(store.take()).toEqual([`${clock.elapsed()} campaign leader lease`])
  expect(elector.fence).toBe(101)
}

const never = <T>(): Promise<T> => new Promise<T>(() => undefined)
const down = async (): Promise<never> => {
  throw new StoreUnavailableError('the store is away')
}

/** Lets time pass, then replies. */
const answerAfter =
  <T>(ms: number, value: T) =>
  (): Promise<T> =>
    new Promise((resolve) => clock.after(ms, () => resolve(value)))

describe('an elector that leads', () => {
  test('renews every 5 s and reports the state of its duties', async () => {
    await elected()
    await clock.advance(12 * seconds)
    expect(store.take()).toEqual(['5000 renew 101', '10000 renew 101'])
    expect(store.ages).toEqual({ sweep: 7 })
    expect(work.ends).toEqual(['running'])
    expect(elector.fence).toBe(101)
  })

  test('holds its term as long as renewals succeed', async () => {
    await elected()
    await clock.advance(600 * seconds)
    expect(work.ends).toEqual(['running'])
    expect(store.take()).toHaveLength(120)
  })

  test('is cut off 10 s after sending the campaign if no renewal gets a reply', async () => {
    store.renewals = never
    store.resignations = never
    await elected()
    await clock.advance(10 * seconds - 1)
    expect(work.ends).toEqual(['running'])
    await clock.advance(1)
    expect(work.ends).toEqual(['term over'])
    expect(elector.fence).toBeUndefined()
  })

  test('is cut off 10 s after sending the last good renewal, not after its reply', async () => {
    store.renewals = answerAfter(3 * seconds, 'held')
    store.resignations = never
    await elected()
    await clock.advance(8 * seconds)
    store.renewals = never
    await clock.advance(7 * seconds - 1)
    expect(store.take()).toEqual(['5000 renew 101', '10000 renew 101'])
    expect(work.ends).toEqual(['running'])
    await clock.advance(1)
    expect(work.ends).toEqual(['term over'])
  })

  test('does not trust its term after a stop, before any timer has fired', async () => {
    await elected()
    clock.stopFor(10 * seconds)
    expect(work.ends).toEqual(['running'])
    expect(elector.fence).toBeUndefined()
  })

  test('does not revive what was cut off during a stop, although the store would', async () => {
    await elected()
    clock.stopFor(10 * seconds)
    // The timer of the renewal is the first to fire.
    await clock.advance(0)
    expect(work.ends).toEqual(['term over', 'running'])
    expect(store.take()).toEqual(['10000 resign 101', '10000 campaign leader lease after 101'])
  })

  test('does not revive it by a renewal sent in time with a late reply either', async () => {
    await elected()
    store.renewals = async () => {
      clock.stopFor(5 * seconds)
      return 'held'
    }
    await clock.advance(5 * seconds)
    expect(work.ends[0]).toBe('term over')
    expect(store.take().slice(0, 2)).toEqual(['5000 renew 101', '10000 resign 101'])
  })

  test('renews again after a second if the store can’t be reached, and holds on until the cut-off', async () => {
    store.renewals = down
    await elected()
    await clock.advance(7 * seconds)
    expect(store.take()).toEqual(['5000 renew 101', '6000 renew 101', '7000 renew 101'])
    store.renewals = async () => 'held'
    await clock.advance(5 * seconds)
    expect(work.ends).toEqual(['running'])
    store.renewals = down
    await clock.advance(6 * seconds - 1)
    expect(work.ends).toEqual(['running'])
    await clock.advance(1)
    expect(work.ends[0]).toBe('term over')
  })

  test('ends a lost term at once, resigns nothing, and campaigns again', async () => {
    await elected()
    store.renewals = async () => 'lost'
    await clock.advance(5 * seconds)
    expect(store.take()).toEqual(['5000 renew 101', '5000 campaign leader lease'])
    expect(work.ends).toEqual(['term over', 'running'])
    expect(elector.fence).toBe(102)
  })

  test('resigns the old term after a cut-off before it campaigns, even if that takes long', async () => {
    store.renewals = never
    store.resignations = down
    await elected()
    await clock.advance(20 * seconds)
    expect(store.take().filter((call) => call.includes('campaign'))).toEqual([])
    store.resignations = async () => undefined
    await clock.advance(2 * seconds)
    const calls = store.take().map((call) => call.replace(/^\d+ /, ''))
    expect(calls.slice(-2)).toEqual(['resign 101', 'campaign leader lease after 101'])
    expect(elector.fence).toBe(102)
  })

  test('waits for the work of its term before it campaigns again', async () => {
    const held = gate()
    work.holds = held.opened
    await elected()
    store.renewals = async () => 'lost'
    await clock.advance(9 * seconds)
    expect(store.take()).toEqual(['5000 renew 101'])
    held.open()
    await clock.settle()
    expect(store.take()).toEqual(['9000 campaign leader lease'])
  })
})

describe('an elector that is ended', () => {
  test('aborts at once and resigns after its work has settled', async () => {
    const held = gate()
    work.holds = held.opened
    await elected()
    await clock.advance(2 * seconds)
    const ended = elector.end('draining')
    expect(work.ends).toEqual(['draining'])
    expect(elector.fence).toBeUndefined()
    await clock.advance(3 * seconds)
    expect(store.take()).toEqual([])
    held.open()
    await ended
    expect(store.take()).toEqual(['5000 resign 101'])
    expect(clock.timers).toBe(0)
  })

  test('resigns 5 s after the signal although its work continues', async () => {
    work.holds = never()
    await elected()
    const ended = elector.end('draining')
    await clock.advance(5 * seconds - 1)
    expect(store.take()).toEqual([])
    await clock.advance(1)
    await ended
    expect(store.take()).toEqual(['5000 resign 101'])
  })

  test('resigns a term won by a campaign in flight, and begins nothing of it', async () => {
    const answer = gate<CampaignReply>()
    store.campaigns = () => answer.opened
    elector.begin('lease')
    await clock.settle()
    const ended = elector.end('draining')
    answer.open({ kind: 'leading', term: 7 })
    await ended
    expect(store.take()).toEqual(['0 campaign leader lease', '0 resign 7'])
    expect(work.terms).toEqual([])
  })

  test('by the loss of its lease writes nothing, and campaigns anew under the next', async () => {
    await elected()
    const ended = elector.end('lease lost')
    expect(work.ends).toEqual(['lease lost'])
    elector.begin('next lease')
    await ended
    await clock.settle()
    expect(store.take()).toEqual(['0 campaign leader next lease'])
    expect(elector.fence).toBe(102)
  })

  test('does not end the candidacy that follows', async () => {
    await elected()
    void elector.end('lease lost')
    elector.begin('next lease')
    await clock.advance(20 * seconds)
    expect(work.ends).toEqual(['lease lost', 'running'])
  })
})

describe('an elector that does not lead', () => {
  test.each([
    [2, 5_000],
    [4, 10_000],
    [5_000, 15_000],
  ])('with %i workers campaigns about every %i ms', async (workers, everyMs) => {
    store.campaigns = async () => ({ kind: 'following', leader: 'other', termLeftMs: 16_000, workers })
    elector.begin('lease')
    await clock.advance(4 * everyMs)
    expect(store.take()).toEqual([0, 1, 2, 3, 4].map((i) => `${i * everyMs} campaign leader lease`))
    expect(elector.fence).toBeUndefined()
    const ended = elector.end('draining')
    await ended
    expect(store.take()).toEqual([])
  })

  const following = (termLeftMs: number) => async () =>
    ({ kind: 'following', leader: 'other', termLeftMs, workers: 2 }) as const

  test('campaigns again when the current term is over', async () => {
    store.campaigns = following(1_300)
    elector.begin('lease')
    await clock.advance(1_400)
    expect(store.take()).toEqual(['0 campaign leader lease', '1301 campaign leader lease'])
  })

  test('campaigns at once when it hears of a vacancy', async () => {
    store.campaigns = following(14_000)
    elector.begin('lease')
    await clock.advance(700)
    store.campaigns = async () => ({ kind: 'leading', term: 9 })
    expect(store.tellVacancy()).toBe(1)
    await clock.advance(10)
    expect(store.take()).toEqual(['0 campaign leader lease', '701 campaign leader lease'])
    expect(elector.fence).toBe(9)
  })

  test('misses no vacancy announced while its campaign is under way', async () => {
    store.campaigns = answerAfter(100, await following(14_000)())
    elector.begin('lease')
    await clock.advance(50)
    store.tellVacancy()
    await clock.advance(60)
    expect(store.take()).toEqual(['0 campaign leader lease', '101 campaign leader lease'])
  })

  test('stops listening once its candidacy is over', async () => {
    store.campaigns = following(14_000)
    elector.begin('lease')
    await clock.settle()
    await elector.end('draining')
    expect(store.tellVacancy()).toBe(0)
    expect(clock.timers).toBe(0)
  })

  test('keeps campaigning while the store can’t be reached', async () => {
    store.campaigns = down
    elector.begin('lease')
    await clock.advance(10 * seconds)
    expect(store.take().length).toBeGreaterThan(5)
    store.campaigns = async () => ({ kind: 'leading', term: 9 })
    await clock.advance(2 * seconds)
    expect(elector.fence).toBe(9)
  })

  test('resigns a term whose grant came too late to be trusted', async () => {
    store.campaigns = answerAfter(10 * seconds, { kind: 'leading', term: 7 } as const)
    elector.begin('lease')
    await clock.advance(10 * seconds)
    expect(store.take().slice(0, 2)).toEqual(['0 campaign leader lease', '10000 resign 7'])
    expect(work.terms).toEqual([])
  })

  test('stops campaigning under a lease that has ended', async () => {
    store.campaigns = async () => ({ kind: 'lost' })
    elector.begin('lease')
    await clock.advance(20 * seconds)
    expect(store.take()).toEqual(['0 campaign leader lease'])
  })
})
