import { describe, expect, test } from 'vitest'
import { leaderCheck } from '../../runtime/store/leader-check.ts'
import type { WorkerInfo } from '../../runtime/store/store.ts'
import type { LeaderInfo } from '../../runtime/store/terms.ts'

const now = Date.UTC(2026, 0, 1)

function worker(startedAgoMs: number, over: Partial<WorkerInfo> = {}): WorkerInfo {
  const times = { startedAt: now - startedAgoMs, seenAgoMs: 0, leaseLeftMs: 10_000 }
  const process = { host: 'host', pid: 1, node: 'v24', concurrency: 10, running: 0 }
  return {
    name: 'one',
    ...process,
    ...times,
    draining: false,
    lost: false,
    queueOrder: 'turns',
    jobs: [],
    ...over,
  }
}

const led: LeaderInfo = {
  role: 'leader',
  term: 7,
  worker: 'one',
  since: now - 90_000,
  termLeftMs: 9_000,
  duties: {},
}
const { worker: _, ...vacated } = { ...led, since: now - 31_000, termLeftMs: 0 }

describe('the check of leadership', () => {
  test('does not name a dead worker as the leader', () => {
    expect(leaderCheck([led], [worker(90_000, { lost: true })], now)).toEqual({
      name: 'leader',
      verdict: 'fine',
      found: 'none, and no worker to lead',
    })
  })

  test('is fine while a worker leads and all duties succeed', () => {
    const leaders = [{ ...led, duties: { sweep: 60_000, cron: 0 } }]
    expect(leaderCheck(leaders, [worker(90_000)], now)).toMatchObject({
      verdict: 'fine',
      found: 'one, term 7',
    })
  })

  test('finds a leader of any role whose duty is dead, and names both', () => {
    const leaders = [led, { ...led, role: 'reports', worker: 'two', duties: { sweep: 10, cron: 61_000 } }]
    const check = leaderCheck(leaders, [worker(90_000)], now)
    expect(check).toMatchObject({
      name: 'leader',
      verdict: 'fault',
      remedy: expect.stringMatching(/stop it/),
    })
    expect(check.found).toMatch(/two leads 'reports', its duty 'cron' has had no good round for /)
  })

  test('warns when live workers have had no leader for 30 s', () => {
    const workers = [worker(90_000), worker(5_000)]
    expect(leaderCheck([vacated], workers, now)).toMatchObject({
      verdict: 'warning',
      found: expect.stringMatching(/none for 31.0 s/),
      remedy: expect.stringMatching(/--no-leader/),
    })
    expect(leaderCheck([], workers, now)).toMatchObject({ verdict: 'warning' })
  })

  test('waits for newly started workers, and accepts a fleet without any', () => {
    expect(leaderCheck([vacated], [worker(30_000)], now)).toMatchObject({ verdict: 'fine' })
    expect(leaderCheck([{ ...vacated, since: now - 1_000 }], [worker(90_000)], now)).toMatchObject({
      verdict: 'fine',
    })
    expect(leaderCheck([vacated], [], now)).toMatchObject({ verdict: 'fine' })
    const leaving = [worker(90_000, { lost: true }), worker(90_000, { draining: true })]
    expect(leaderCheck([vacated], leaving, now)).toMatchObject({ verdict: 'fine' })
  })
})
