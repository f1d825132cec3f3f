import { describe, expect, test } from 'vitest'
import { ReconnectPace } from '../../../runtime/store/redis/reconnect-pace.ts'
import { FakeClock } from '../../support/fake-clock.ts'

/** The delays of so many connections that end as soon as they are open. */
function delays(pace: ReconnectPace, count: number, meanwhile: () => void = () => undefined): number[] {
  return Array.from({ length: count }, () => {
    meanwhile()
    return pace.nextConnectionMs()
  })
}

describe('the pace of reconnects', () => {
  test('the first one is immediate, each further one later, up to a bound', () => {
    const pace = new ReconnectPace(new FakeClock())
    expect(delays(pace, 9)).toEqual([15, 30, 60, 120, 240, 480, 960, 1_500, 1_500])
  })

  test('a successful handshake proves nothing: the pace continues from there', () => {
    const pace = new ReconnectPace(new FakeClock())
    expect(delays(pace, 4, () => pace.ready())).toEqual([15, 30, 60, 120])
  })

  test('a completed call ends the series of failures', () => {
    const pace = new ReconnectPace(new FakeClock())
    delays(pace, 6)
    pace.ready()
    pace.succeeded('renew')
    expect(delays(pace, 2)).toEqual([15, 30])
  })

  test('so does a connection that lasted long without calls: servers end idle ones', () => {
    const clock = new FakeClock()
    const pace = new ReconnectPace(clock)
    for (let i = 0; i < 10; i++) {
      pace.ready()
      clock.stopFor(300_000)
      expect(pace.nextConnectionMs()).toBe(15)
    }
  })

  test('differs between workers: half of each delay is jitter', () => {
    const clock = new FakeClock()
    let random = 0
    clock.random = () => random
    const least = delays(new ReconnectPace(clock), 10)
    random = 0.999
    const most = delays(new ReconnectPace(clock), 10)
    for (const [i, ms] of most.entries()) expect(ms / (least[i] ?? 0)).toBeCloseTo(2, 1)
  })

  describe('to a server that refuses writes', () => {
    /** How often a connection is replaced when a call is refused every 10 ms for this long. */
    function replacements(
      pace: ReconnectPace,
      clock: FakeClock,
      ms: number,
      meanwhile: () => void = () => undefined,
    ): number {
      let count = 0
      for (let i = 0; i < ms; i += 10) {
        if (pace.mayReplace('claim')) count++
        meanwhile()
        clock.stopFor(10)
      }
      return count
    }

    test('the connection is replaced at once, then less and less often', () => {
      const clock = new FakeClock()
      const pace = new ReconnectPace(clock)
      expect(replacements(pace, clock, 10)).toBe(1)
      expect(replacements(pace, clock, 2_000)).toBe(5)
      expect(replacements(pace, clock, 60_000)).toBe(40)
    })

    test('successful reads there change nothing', () => {
      const clock = new FakeClock()
      const pace = new ReconnectPace(clock)
      const count = replacements(pace, clock, 60_000, () => pace.succeeded('read-runs'))
      expect(count).toBeLessThan(50)
    })

    test('a refused call that later succeeds ends it', () => {
      const clock = new FakeClock()
      const pace = new ReconnectPace(clock)
      replacements(pace, clock, 60_000)
      pace.succeeded('claim')
      expect(pace.mayReplace('claim')).toBe(true)
    })
  })
})
