import { describe, expect, test } from 'vitest'
import { ClockWatch } from '../../runtime/store/clock-watch.ts'

const hour = 3_600_000

/** A host whose clocks a test moves. */
function host({ uptimeStepMs = 10 } = {}) {
  let [wall, monotonic, uptime, boot] = [1_800_000_000_000, 5_000, 70_000, 'first']
  let uptimeReads = 0
  const watch = new ClockWatch({
    wall: () => Math.round(wall),
    monotonic: () => monotonic,
    uptime: () => {
      uptimeReads++
      return Math.floor(uptime / uptimeStepMs) * uptimeStepMs
    },
    boot: () => boot,
  })
  return {
    watch,
    moved: () => watch.look().movedMs,
    pass: (ms: number, { driftPpm = 0 } = {}) => {
      wall += ms * (1 + driftPpm / 1e6)
      monotonic += ms
      uptime += ms
    },
    setWall: (ms: number) => {
      wall += ms
    },
    suspend: (ms: number) => {
      wall += ms
      uptime += ms
    },
    reboot: () => {
      boot = 'second'
      uptime = 0
    },
    reads: () => uptimeReads,
  }
}

describe('the watch of a clock', () => {
  test('sees how far it was moved, ahead and back, until it begins anew', () => {
    const { moved, pass, setWall, watch } = host()
    expect(moved()).toBe(0)
    pass(10_000)
    setWall(hour)
    pass(2_000)
    expect(moved()).toBe(hour)
    setWall(-2 * hour)
    expect(moved()).toBe(-hour)
    setWall(hour)
    expect(moved()).toBe(0)
    setWall(400)
    watch.restart()
    expect(moved()).toBe(0)
  })

  test('adds small moves up until they are noticed', () => {
    const { moved, pass, setWall } = host()
    for (let i = 1; i <= 5; i++) {
      setWall(60)
      pass(20_000)
      expect(moved()).toBe(i < 5 ? 0 : 300)
    }
  })

  test('takes a suspended host for no moved clock, however coarse its uptime is', () => {
    for (const uptimeStepMs of [10, 1_000]) {
      const { moved, pass, suspend, setWall } = host({ uptimeStepMs })
      pass(1_234)
      suspend(9 * hour + 567)
      pass(50)
      expect(moved()).toBe(0)
      setWall(-hour)
      expect(moved()).toBe(-hour)
    }
  })

  test('separates a move from the suspend that hid it', () => {
    const { moved, suspend, setWall } = host()
    suspend(9 * hour)
    setWall(2 * hour)
    expect(Math.abs(moved() - 2 * hour)).toBeLessThanOrEqual(10)
  })

  test('reports nothing across boots', () => {
    const { moved, setWall, reboot, pass } = host()
    pass(10_000)
    reboot()
    setWall(hour)
    expect(moved()).toBe(0)
    setWall(hour)
    expect(moved()).toBe(hour)
  })

  test('treats clocks that drift apart as sound, even with rare checks', () => {
    const often = host()
    for (let minutes = 0; minutes < 24 * 60; minutes++) {
      often.pass(60_001, { driftPpm: 100 })
      expect(often.moved()).toBe(0)
    }
    const seldom = host()
    seldom.pass(24 * hour, { driftPpm: 100 })
    expect(seldom.moved()).toBe(0)
  })

  test('reads the uptime only when the other clocks disagree', () => {
    const { moved, pass, reads, setWall } = host()
    const before = reads()
    for (let i = 0; i < 50; i++) {
      pass(1_000)
      moved()
    }
    expect(reads()).toBe(before)
    setWall(hour)
    moved()
    expect(reads()).toBe(before + 1)
  })
})

test('a process that was stopped between reading the two clocks reads them again', () => {
  let [elapsed, stopMs] = [0, 0]
  const watch = new ClockWatch({
    wall: () => {
      const shown = 1_800_000_000_000 + elapsed
      elapsed += stopMs
      stopMs = 0
      return shown
    },
    monotonic: () => elapsed,
    uptime: () => elapsed,
    boot: () => 'first',
  })
  stopMs = hour
  expect(watch.look()).toEqual({ wall: 1_800_000_000_000 + hour, movedMs: 0 })
})
