import { beforeEach, describe, expect, test } from 'vitest'
import type { DutyTerm } from '../../../runtime/coordination/duty.ts'
import type { RunningTerm } from '../../../runtime/coordination/elector.ts'
import { type Leading, RoleRunner } from '../../../runtime/coordination/role-runner.ts'
import { SweepDuty } from '../../../runtime/coordination/sweep-duty.ts'
import type { RecountReport } from '../../../runtime/store/recount.ts'
import type { SweepReport } from '../../../runtime/store/store.ts'
import { createLogger } from '../../../runtime/worker/logger.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { abortOf } from '../../support/fixture.ts'

let clock: FakeClock
let logged: string[]
let runner: RoleRunner

beforeEach(() => {
  clock = new FakeClock()
  logged = []
  const log = createLogger({ stream: { write: (line: string) => logged.push(line) } })
  runner = new RoleRunner('reports', { clock, log })
})

/** Serves a term; `end` ends it and waits until its work has settled. */
function serve(fence: number): { end: () => Promise<void> } {
  const ended = new AbortController()
  const term: RunningTerm = { fence, signal: ended.signal }
  const served = runner.serve(term)
  return {
    end: () => {
      ended.abort()
      return served
    },
  }
}

describe('a function passed to onLeader', () => {
  test('is called once for each term, with its number, role and signal', async () => {
    const seen: Leading[] = []
    runner.addListener((leading) => void seen.push(leading))
    await serve(1).end()
    await serve(2).end()
    expect(seen).toMatchObject([
      { fence: 1, role: 'reports' },
      { fence: 2, role: 'reports' },
    ])
    expect(seen.map(({ signal }) => signal.aborted)).toEqual([true, true])
  })

  test('is called at once when it is added during the term', async () => {
    const term = serve(5)
    const seen: number[] = []
    runner.addListener(({ fence }) => void seen.push(fence))
    expect(seen).toEqual([5])
    await term.end()
  })

  test('that throws is logged and called again, with growing pauses, while the term lasts', async () => {
    const calls: number[] = []
    runner.addListener(() => {
      calls.push(clock.elapsed())
      throw new Error('no paper')
    })
    const term = serve(1)
    await clock.advance(100_000)
    expect(calls).toEqual([0, 750, 2_250, 5_250, 11_250, 23_250, 45_750, 68_250, 90_750])
    expect(logged).toHaveLength(calls.length)
    expect(logged[0]).toMatch(/no paper/)
    await term.end()
    await clock.advance(100_000)
    expect(calls).toHaveLength(9)
  })

  test('that throws after its signal aborted has ended normally', async () => {
    runner.addListener(async ({ signal }) => {
      await abortOf(signal)
      signal.throwIfAborted()
    })
    await serve(1).end()
    expect(logged).toEqual([])
  })

  test('is awaited when the term ends', async () => {
    let done = false
    runner.addListener(async ({ signal }) => {
      await abortOf(signal)
      await clock.settle()
      done = true
    })
    await serve(1).end()
    expect(done).toBe(true)
  })

  test('that is removed gets its signal, alone', async () => {
    const signals: AbortSignal[] = []
    const listen = (): (() => void) =>
      runner.addListener(({ signal }) => {
        signals.push(signal)
        return abortOf(signal)
      })
    const [leave] = [listen(), listen()]
    const term = serve(1)
    leave()
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false])
    expect(runner.isVacant).toBe(false)
    await term.end()
    await serve(2).end()
    expect(signals).toHaveLength(3)
  })
})

describe('a duty', () => {
  test('has an age since its last success, or since the term began', async () => {
    const terms: DutyTerm[] = []
    runner.addDuty({
      name: 'count',
      work: async (term) => {
        terms.push(term)
        await abortOf(term.signal)
      },
    })
    expect(runner.dutyAges()).toEqual({})
    const first = serve(1)
    await clock.advance(400)
    expect(runner.dutyAges()).toEqual({ count: 400 })
    terms[0]?.beat()
    await clock.advance(30)
    expect(runner.dutyAges()).toEqual({ count: 30 })
    await first.end()
    expect(runner.dutyAges()).toEqual({})
    const second = serve(2)
    await clock.advance(50)
    // A function that outlasts its term does not affect the next one.
    terms[0]?.beat()
    expect(runner.dutyAges()).toEqual({ count: 50 })
    await second.end()
  })

  test('that fails repeatedly grows old', async () => {
    runner.addDuty({ name: 'count', work: () => Promise.reject(new Error('no paper')) })
    const term = serve(1)
    await clock.advance(90_000)
    expect(runner.dutyAges()).toEqual({ count: 90_000 })
    await term.end()
  })

  test('pauses no longer than its term', async () => {
    runner.addDuty({ name: 'count', work: (term) => term.pause(1_000_000) })
    const term = serve(1)
    await clock.settle()
    await term.end()
    expect(clock.timers).toBe(0)
  })
})

describe('the sweep', () => {
  const report = (pruned: number): SweepReport => ({ pruned, repaired: [] })
  const recount = async (): Promise<RecountReport> => ({ done: true, looked: 0, miscounts: [] })

  test('runs about every 20 s, and continues until nothing is left to prune', async () => {
    const sweeps: number[] = []
    const reports = [report(1_000), report(1_000), report(3), report(0)]
    const store = {
      sweep: async () => {
        sweeps.push(clock.elapsed())
        return reports.shift() ?? report(0)
      },
      recount,
    }
    runner.addDuty(new SweepDuty(store, { clock, log: createLogger({ stream: { write: () => true } }) }))
    const term = serve(1)
    await clock.advance(45_000)
    expect(sweeps).toEqual([20_000, 20_020, 20_040, 40_040])
    expect(runner.dutyAges()).toEqual({ sweep: 4_960 })
    await term.end()
  })

  test('reports the runs it repaired', async () => {
    const store = { sweep: async () => ({ pruned: 0, repaired: ['run-1'] }), recount }
    const log = createLogger({ stream: { write: (line: string) => logged.push(line) } })
    runner.addDuty(new SweepDuty(store, { clock, log }))
    const term = serve(1)
    await clock.advance(20_000)
    expect(logged).toEqual([expect.stringMatching(/run-1/)])
    await term.end()
  })

  test('recounts the runs step by step when the sweep requests it, and reports what was wrong', async () => {
    const miscount = { queue: 'q', job: 'j', state: 'ready', stored: 2, counted: 3 } as const
    const steps: RecountReport[] = [
      { done: false, looked: 500, miscounts: [] },
      { done: true, looked: 3, miscounts: [miscount] },
    ]
    const store = {
      sweep: async () => ({ ...report(0), recountDue: true as const }),
      recount: async () => steps.shift() ?? { done: true, looked: 0, miscounts: [] },
    }
    const log = createLogger({ stream: { write: (line: string) => logged.push(line) } })
    runner.addDuty(new SweepDuty(store, { clock, log }))
    const term = serve(1)
    await clock.advance(20_020)
    expect(steps).toEqual([])
    expect(logged).toEqual([expect.stringMatching(/"counters":1,.*counters of runs were wrong/)])
    await term.end()
  })
})
