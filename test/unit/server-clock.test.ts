import { describe, expect, test } from 'vitest'
import { ServerClock, type ServerTime } from '../../runtime/store/redis/server-clock.ts'

const hour = 3_600_000
const start = 1_800_000_000_000

/** A server and a client, each with a clock of its own, and a way between them that takes time. */
function pair() {
  let [elapsed, moved, offset, moves] = [0, 0, 0, 0]
  let slept = 0
  let mayReport = true
  let wayMs = 1
  const reports: number[] = []
  const wall = (): number => start + elapsed + moved + frozen
  let frozen = 0
  const answer = (): ServerTime => ({ now: wall() + offset, wall: wall(), moves })
  const clock = new ServerClock(
    {
      ask: async () => {
        elapsed += wayMs
        const time = answer()
        elapsed += wayMs
        return time
      },
      report: async (now, known) => {
        elapsed += wayMs
        if (known === moves) {
          reports.push(Math.round((wall() + offset - now) / 100) * 100)
          offset = now - wall()
          moves++
        }
        const time = answer()
        elapsed += wayMs
        return time
      },
      mayReport: () => mayReport,
    },
    {
      elapsed: () => elapsed,
      uptime: () => elapsed + slept,
    },
  )
  return {
    clock,
    reports,
    /** By how much a call of now would find the store's time wrong; nothing where the caller expects none. */
    error: (): number | undefined => {
      const [, expected = ''] = clock.expectation().split(':')
      return expected === '' ? undefined : Math.abs(wall() + offset - Number(expected))
    },
    pass: (ms: number) => {
      elapsed += ms
    },
    moveServer: (ms: number) => {
      moved += ms
    },
    setWay: (ms: number) => {
      wayMs = ms
    },
    setMayReport: (may: boolean) => {
      mayReport = may
    },
    /** Time passes that this process does not count. */
    freeze: (ms: number) => {
      frozen += ms
    },
    /** The same, and its host's uptime counts it. */
    sleep: (ms: number) => {
      frozen += ms
      slept += ms
    },
    /** Another client was the first to report the move of the server's clock. */
    othersReport: () => {
      offset = start + elapsed - wall()
      moves++
    },
  }
}

describe('a client’s estimate of a server’s clock', () => {
  test('is unknown before its first call', () => {
    expect(pair().error()).toBeUndefined()
  })

  test.each([hour, -hour, 700, -700])(
    'is reported to the server when that was moved by %i ms',
    async (ms) => {
      const { clock, reports, moveServer, pass, error } = pair()
      await clock.agree()
      pass(10_000)
      expect(error()).toBeLessThan(5)
      moveServer(ms)
      expect(error()).toBeGreaterThan(500)
      await clock.refused()
      expect(reports).toEqual([ms])
      expect(error()).toBeLessThan(10)
      expect(Math.abs(clock.shown(start) - start - ms)).toBeLessThan(10)
    },
  )

  test('is the time of the store once another client has reported it', async () => {
    const { clock, reports, moveServer, pass, othersReport, error } = pair()
    await clock.agree()
    pass(1_000)
    moveServer(hour)
    othersReport()
    expect(error()).toBeLessThan(5)
    await clock.agree()
    expect(reports).toEqual([])
    expect(clock.shown(start)).toBe(start + hour)
  })

  test('does not change by a late call; then it expects nothing for a while', async () => {
    const { clock, reports, pass, error, setWay } = pair()
    await clock.agree()
    pass(1_000)
    setWay(3_000)
    await clock.refused()
    expect(reports).toEqual([])
    expect(error()).toBeUndefined()
    setWay(1)
    pass(10_000)
    expect(error()).toBeLessThan(5)
  })

  test('is the server’s time after the client slept', async () => {
    const { clock, reports, sleep, error } = pair()
    await clock.agree()
    sleep(hour)
    await clock.refused()
    expect(reports).toEqual([])
    await clock.agree()
    expect(error() ?? 0).toBeLessThan(5)
  })

  test('of a frozen client is reported: the store distinguishes it from a jump', async () => {
    const { clock, reports, freeze } = pair()
    await clock.agree()
    freeze(hour)
    await clock.refused()
    expect(reports).toEqual([hour])
  })

  test('is retained by a client that has only read, until it writes', async () => {
    const { clock, reports, moveServer, pass, error, setMayReport } = pair()
    setMayReport(false)
    await clock.agree()
    pass(1_000)
    moveServer(hour)
    await clock.refused()
    expect(reports).toEqual([])
    // Its calls are carried out, by the time that the store goes by for now.
    expect(error()).toBeUndefined()
    expect(clock.shown(start)).toBe(start)
    setMayReport(true)
    await clock.mayReportNow()
    expect(reports).toEqual([hour])
    expect(error()).toBeLessThan(10)
    await clock.mayReportNow()
    expect(reports).toEqual([hour])
  })

  test('is the store’s time again for a reading client, once another client has reported it', async () => {
    const { clock, reports, moveServer, othersReport, pass, error, setMayReport } = pair()
    setMayReport(false)
    await clock.agree()
    moveServer(hour)
    await clock.refused()
    othersReport()
    pass(60_000)
    await clock.agree()
    expect(error()).toBeLessThan(5)
    expect(clock.shown(start)).toBe(start + hour)
    expect(reports).toEqual([])
  })

  test('is that of the more precise reply', async () => {
    const { clock, reports, moveServer, setWay, error } = pair()
    setWay(1_000)
    await clock.agree()
    moveServer(300)
    setWay(1)
    await clock.agree()
    expect(error()).toBe(0)
    moveServer(100)
    setWay(1_000)
    await clock.agree()
    expect(error()).toBe(100)
    expect(reports).toEqual([])
  })

  test('is known even after a slow reply, if another client has reported a jump', async () => {
    const { clock, reports, moveServer, othersReport, setWay } = pair()
    await clock.agree()
    moveServer(hour)
    othersReport()
    setWay(1_000)
    await clock.agree()
    expect(clock.shown(start)).toBe(start + hour)
    setWay(1)
    moveServer(2 * hour)
    await clock.agree()
    expect(reports).toEqual([2 * hour])
  })

  test('is requested anew each minute', async () => {
    const { clock, reports, moveServer, pass, error } = pair()
    await clock.agree()
    pass(59_000)
    moveServer(300)
    expect(error()).toBeGreaterThan(290)
    pass(2_000)
    clock.expectation()
    await clock.agree()
    expect(reports).toEqual([300])
    expect(error()).toBeLessThan(5)
  })
})
