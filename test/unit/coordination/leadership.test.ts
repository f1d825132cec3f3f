import { beforeEach, describe, expect, test } from 'vitest'
import type { Duty } from '../../../runtime/coordination/duty.ts'
import { termTimes } from '../../../runtime/coordination/elector.ts'
import { Leadership } from '../../../runtime/coordination/leadership.ts'
import { createLogger } from '../../../runtime/worker/logger.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { abortOf } from '../../support/fixture.ts'
import { ScriptedTerms } from './scripted-terms.ts'

const log = createLogger({ stream: { write: () => true } })
const never = new AbortController().signal
const duty: Duty = { name: 'sweep', work: async ({ signal }) => void (await abortOf(signal)) }

let clock: FakeClock
let store: ScriptedTerms

beforeEach(() => {
  clock = new FakeClock()
  store = new ScriptedTerms(clock)
})

function leadership(campaigns = true): Leadership {
  return new Leadership({ clock, log, campaigns, times: termTimes })
}

/** The calls, without the times. */
function asked(): string[] {
  return store.take().map((call) => call.replace(/^\d+ /, ''))
}

describe('the roles of a worker', () => {
  test('are the default one, and those with a listener', async () => {
    const roles = leadership()
    const seen: unknown[] = []
    const listening = async ({
      role,
      fence,
      signal,
    }: {
      role: string
      fence: number
      signal: AbortSignal
    }) => {
      seen.push([role, fence])
      await abortOf(signal)
    }
    roles.listen('reports', listening)
    roles.open(store, [duty])
    expect(roles.leader).toEqual({ isLeading: false, fence: undefined })
    roles.begin('lease')
    await clock.settle()
    expect(asked()).toEqual(['campaign reports lease', 'campaign leader lease'])
    expect(roles.leader).toEqual({ isLeading: true, fence: 102 })
    roles.listen('bills', listening)
    await clock.settle()
    expect(asked()).toEqual(['campaign bills lease'])
    expect(seen).toEqual([
      ['reports', 101],
      ['bills', 103],
    ])
  })

  test('are resigned without a listener, except the default one', async () => {
    const roles = leadership()
    roles.open(store, [duty])
    roles.begin('lease')
    const leave = roles.listen('reports', ({ signal }) => abortOf(signal))
    const leaveDefault = roles.listen('leader', ({ signal }) => abortOf(signal))
    await clock.settle()
    asked()
    leave()
    leave()
    leaveDefault()
    await clock.settle()
    expect(asked()).toEqual(['resign 102'])
    expect(roles.leader.isLeading).toBe(true)
    roles.listen('reports', ({ signal }) => abortOf(signal))
    await clock.settle()
    expect(asked()).toEqual(['campaign reports lease after 102'])
  })

  test('end with the lease and are campaigned for under the next', async () => {
    const roles = leadership()
    roles.open(store, [duty])
    roles.listen('reports', ({ signal }) => abortOf(signal))
    roles.begin('lease')
    await clock.settle()
    roles.lose()
    expect(roles.leader.isLeading).toBe(false)
    await clock.settle()
    asked()
    roles.begin('next')
    await clock.settle()
    expect(asked().sort()).toEqual(['campaign leader next', 'campaign reports next'])
    expect(roles.leader.isLeading).toBe(true)
  })

  test('are all resigned, and none is taken again', async () => {
    const roles = leadership()
    roles.open(store, [duty])
    roles.listen('reports', ({ signal }) => abortOf(signal))
    roles.begin('lease')
    await clock.settle()
    asked()
    await roles.resign(5_000, never)
    expect(asked().sort()).toEqual(['resign 101', 'resign 102'])
    roles.begin('next')
    roles.listen('bills', () => undefined)
    await clock.advance(20_000)
    expect(asked()).toEqual([])
    expect(clock.timers).toBe(0)
  })

  test('delay a stop no longer than allowed', async () => {
    const roles = leadership()
    roles.open(store, [])
    roles.listen('reports', () => new Promise(() => undefined))
    roles.begin('lease')
    await clock.settle()
    let resigned = false
    void roles.resign(1_000, never).then(() => {
      resigned = true
    })
    await clock.advance(999)
    expect(resigned).toBe(false)
    await clock.advance(1)
    await clock.settle()
    expect(resigned).toBe(true)
  })

  test('are none if the worker does not lead', async () => {
    const roles = leadership(false)
    roles.open(store, [duty])
    roles.listen('reports', () => undefined)
    roles.begin('lease')
    await clock.advance(20_000)
    expect(asked()).toEqual([])
    await roles.resign(5_000, never)
  })

  test('have text as names and functions as listeners', () => {
    const roles = leadership()
    expect(() => roles.listen('', () => undefined)).toThrow(/onLeader: write a role/)
    expect(() => roles.listen('reports', undefined as never)).toThrow(/onLeader: give a function/)
  })

  test('show a dead duty while its worker leads', async () => {
    const roles = leadership()
    roles.open(store, [duty])
    roles.begin('lease')
    await clock.advance(60_000)
    expect(roles.hasDeadDuty).toBe(false)
    await clock.advance(1)
    expect(roles.hasDeadDuty).toBe(true)
    roles.lose()
    expect(roles.hasDeadDuty).toBe(false)
  })
})
