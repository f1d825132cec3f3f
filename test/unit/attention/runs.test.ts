import { describe, expect, test } from 'vitest'
import { blockedRuns } from '../../../runtime/attention/kinds/blocked-runs.ts'
import { failingJob } from '../../../runtime/attention/kinds/failing-job.ts'
import { longRun } from '../../../runtime/attention/kinds/long-run.ts'
import { newFailure } from '../../../runtime/attention/kinds/new-failure.ts'
import { poisonedRuns } from '../../../runtime/attention/kinds/poisoned-runs.ts'
import { storeFault } from '../../../runtime/attention/kinds/store-fault.ts'
import type { BlockedSample } from '../../../runtime/attention/snapshot.ts'
import type { Overview } from '../../../runtime/store/overview.ts'
import type { RecentEnds } from '../../../runtime/store/statistics.ts'
import {
  failureGroup,
  found,
  hourMs,
  minuteMs,
  now,
  onlyFinding,
  operation,
  snapshot,
  worker,
} from '../../support/snapshot.ts'

describe('a long run', () => {
  /** `count` executions, each of 512 to 1,024 ms. */
  const statistics = (count: number): Overview['statistics'] => {
    const none = { sumMs: 0, buckets: [] }
    const run = { sumMs: 800 * count, buckets: [...Array<number>(10).fill(0), count] }
    const counts = { started: count, completed: count, failed: 0, cancelled: 0, expired: 0, enqueued: count }
    const jobs = ['a', 'b'].map((queue) => ({ queue, job: 'pay', ...counts, wait: none, run, total: none }))
    return { ...snapshot().overview.statistics, jobs }
  }
  const held = (run: string, heldMs: number, job = 'pay') => ({
    ...{ run, job, queue: 'a', version: 1, worker: 'w1', heldMs },
  })

  test('takes 10 times the 95th percentile and at least 30 s, over all queues of the job', () => {
    const longestHeld = [
      held('r1', 90_000),
      held('r2', 40_000),
      held('r3', 29_000),
      held('r4', 90_000, 'mail'),
    ]
    expect(onlyFinding(longRun, { longestHeld, statistics: statistics(25) })).toMatchObject({
      id: 'long-run:pay',
      severity: 'warning',
      since: now - 90_000,
      sentence:
        "A run of 'pay' has been running for 1 min 30 s on w1 (run r1), and 1 other of the job; 95 % of its executions take less than ~998 ms.",
      next: 'durable-jobs explain r1',
      filter: { job: 'pay', states: ['running'], minAgeMs: 30_000 },
    })
  })

  test('is unknown for a job with fewer than 50 executions', () => {
    expect(found(longRun, { longestHeld: [held('r1', hourMs)], statistics: statistics(24) })).toEqual([])
  })

  test('below 10 times the usual duration is none', () => {
    const slow = statistics(25)
    const jobs = slow.jobs.map((job) => ({
      ...job,
      run: { sumMs: 1, buckets: [...Array<number>(14).fill(0), 25] },
    }))
    expect(found(longRun, { longestHeld: [held('r1', 120_000)], statistics: { ...slow, jobs } })).toEqual([])
  })
})

describe('blocked runs', () => {
  const counts = [
    { queue: 'a', job: 'pay', state: 'blocked', count: 2 },
    { queue: 'b', job: 'pay', state: 'blocked', count: 1 },
    { queue: 'a', job: 'pay', state: 'ready', count: 9 },
  ] as const
  const sample = (complete: boolean): BlockedSample => ({
    ...{ job: 'pay', complete },
    runs: [
      { id: 'r2', changedAt: now - minuteMs, reason: "step 'charge' is stored as 'sleep'" },
      { id: 'r1', changedAt: now - 2 * minuteMs, reason: 'another' },
    ] as unknown as BlockedSample['runs'],
  })

  test('are a warning per job, with the reason of the newest, since the first of them', () => {
    expect(onlyFinding(blockedRuns, { counts }, { blocked: [sample(true)] })).toMatchObject({
      id: 'blocked:pay',
      severity: 'warning',
      since: now - 2 * minuteMs,
      sentence: "3 runs of 'pay' are blocked: step 'charge' is stored as 'sleep' (run r2).",
      next: 'durable-jobs explain r2',
      filter: { job: 'pay', states: ['blocked'] },
    })
  })

  test('that were read in part began then or before', () => {
    const finding = onlyFinding(blockedRuns, { counts }, { blocked: [sample(false)] })
    expect(finding).toMatchObject({ since: now - 2 * minuteMs, sinceAtLeast: true })
    expect(onlyFinding(blockedRuns, { counts })).toMatchObject({
      ...{ since: now, sinceAtLeast: true },
      next: 'durable-jobs runs --state blocked --job pay',
    })
  })

  test('name the version that blocked them', () => {
    const workers = [worker('w1', { pay: 17 }, { startedAt: now - 160_000 })]
    expect(onlyFinding(blockedRuns, { counts, workers }, { blocked: [sample(true)] })).toMatchObject({
      nearby: "began 11:58:00 UTC, 40.0 s after version 17 of 'pay' started",
    })
  })

  test('are none if no run is blocked', () => {
    expect(found(blockedRuns, { counts: [counts[2]] })).toEqual([])
  })
})

describe('poisoned runs', () => {
  const poison = failureGroup({ name: 'RunPoisonedError', code: 'RUN_POISONED', step: '' })

  test('are critical while they are failed', () => {
    expect(onlyFinding(poisonedRuns, { failures: [poison] })).toMatchObject({
      id: 'poisoned:pay',
      severity: 'critical',
      since: now - minuteMs,
      next: 'durable-jobs explain run_1',
      filter: { fingerprint: 'f1:1' },
    })
    expect(found(poisonedRuns, { failures: [{ ...poison, failedNow: 0 }, failureGroup()] })).toEqual([])
  })

  test('of a group with earlier ones began with the last at least', () => {
    const failures = [{ ...poison, runs: 5, firstAt: now - hourMs }]
    expect(onlyFinding(poisonedRuns, { failures })).toMatchObject({
      since: now - minuteMs,
      sinceAtLeast: true,
    })
  })
})

describe('a new failure', () => {
  const workers = [worker('w1', { pay: 17 }, { startedAt: now - 2 * minuteMs })]

  test('since the last deploy of its job is a warning, from its first time on', () => {
    expect(onlyFinding(newFailure, { workers, failures: [failureGroup()] })).toEqual({
      id: 'new-failure:f1:1',
      kind: 'new-failure',
      severity: 'warning',
      since: now - minuteMs,
      sentence:
        "New since version 17 of 'pay': step 'charge': TypeError: no sku; 1 run failed, 3 failed tries.",
      next: 'durable-jobs explain run_1',
      filter: { fingerprint: 'f1:1' },
      nearby: "began 11:59:00 UTC, 1 min 0 s after version 17 of 'pay' started",
    })
  })

  test('is not blamed on an action: the log doesn’t show the jobs of its runs', () => {
    const operations = [
      operation('worker joined', hourMs, { details: { pay: 17 } }),
      operation('begin action', 2 * minuteMs, { subject: 'a1', by: 'ana', details: { kind: 'cancel' } }),
    ]
    expect(onlyFinding(newFailure, { operations, failures: [failureGroup()] })).not.toHaveProperty('nearby')
  })

  test('without a failed run is a notice while it continues', () => {
    const retried = failureGroup({ failedNow: 0 })
    expect(onlyFinding(newFailure, { workers, failures: [retried] })).toMatchObject({ severity: 'notice' })
    const before = { firstAt: now - hourMs, lastAt: now - 16 * minuteMs }
    const old = [worker('w1', { pay: 17 }, { startedAt: now - 2 * hourMs })]
    expect(found(newFailure, { workers: old, failures: [{ ...retried, ...before }] })).toEqual([])
  })

  test('is none if it predates the deploy, is older than a day, or is poison', () => {
    const day = 24 * hourMs
    const old = [worker('w1', { pay: 17 }, { startedAt: now - 2 * day })]
    expect(found(newFailure, { workers, failures: [failureGroup({ firstAt: now - 3 * minuteMs })] })).toEqual(
      [],
    )
    expect(found(newFailure, { workers: old, failures: [failureGroup({ firstAt: now - day - 1 })] })).toEqual(
      [],
    )
    expect(found(newFailure, { workers, failures: [failureGroup({ code: 'RUN_POISONED' })] })).toEqual([])
  })

  test('is not blamed on a restart', () => {
    const operations = Array.from({ length: 100 }, (_, i) =>
      operation('worker joined', (200 - i) * 1_000, { subject: `w${i}`, details: { pay: 17 } }),
    )
    const failures = [failureGroup()]
    expect(found(newFailure, { operations, failures })).toEqual([])
    const deployed = [operation('worker joined', 300_000, { details: { pay: 16 } }), ...operations.slice(1)]
    expect(found(newFailure, { operations: deployed, failures })).toHaveLength(1)
  })

  test('of the first version is new in a store whose first event is an enqueue', () => {
    const joined = { cursor: 'e-2', subject: 'w1', details: { pay: 17 } }
    const operations = [operation('worker joined', 2 * minuteMs, joined)]
    expect(found(newFailure, { workers, operations, failures: [failureGroup()] })).toHaveLength(1)
  })

  test('is none if the log began late: an earlier version of the package wrote none', () => {
    const joined = { cursor: 'e-1', subject: 'w1', details: { pay: 17 } }
    const operations = [operation('worker joined', 2 * minuteMs, joined)]
    const failures = [failureGroup()]
    const earlier = failureGroup({ fingerprint: 'f1:2', firstAt: now - hourMs })
    expect(found(newFailure, { workers, operations, failures: [...failures, earlier] })).toEqual([])
    const point = { enqueued: 0, started: 1, completed: 1, failed: 0 }
    const worked = { ...snapshot().overview.statistics, points: [{ ...point, at: now - 4 * minuteMs }] }
    expect(found(newFailure, { workers, operations, failures, statistics: worked })).toEqual([])
    const older = [worker('w0', { mail: 1 }, { startedAt: now - hourMs })]
    expect(found(newFailure, { workers: older, operations, failures })).toEqual([])
  })
})

describe('a failing job', () => {
  const none = { sumMs: 0, buckets: [] }
  const minutes = (...recent: RecentEnds[]): Partial<Overview> => {
    const counts = { started: 900, completed: 800, failed: 6, cancelled: 0, expired: 0, enqueued: 900 }
    const job = { queue: 'default', job: 'pay', ...counts, wait: none, run: none, total: none, recent }
    return { statistics: { ...snapshot().overview.statistics, jobs: [job] } }
  }
  /** Known for long, so that it is not new. */
  const failures = [failureGroup({ firstAt: now - 3 * hourMs })]
  const at = now - 2 * minuteMs

  test('is found whether its cause is new or not, with the deploy just before it', () => {
    const workers = [worker('w1', { pay: 17 }, { startedAt: now - 90_000 })]
    const over = {
      ...minutes({ at, ended: 8, failed: 4 }, { at: at + minuteMs, ended: 4, failed: 2 }),
      failures,
    }
    expect(found(newFailure, over)).toEqual([])
    expect(onlyFinding(failingJob, { ...over, workers })).toEqual({
      id: 'failing-job:pay',
      kind: 'failing-job',
      severity: 'warning',
      since: now - minuteMs,
      sinceAtLeast: true,
      sentence:
        "6 of 12 runs of 'pay' that ended in the last 5 minutes failed, seen last: step 'charge': TypeError: no sku.",
      next: 'durable-jobs failures --job pay',
      filter: { job: 'pay', states: ['failed'] },
      nearby: "first seen 11:59:00 UTC, 30.0 s after version 17 of 'pay' started",
    })
  })

  test('is none with few failures, or a small share', () => {
    expect(found(failingJob, minutes({ at, ended: 4, failed: 4 }))).toEqual([])
    expect(found(failingJob, minutes({ at, ended: 13, failed: 6 }))).toEqual([])
    expect(found(failingJob, minutes())).toEqual([])
  })
})

describe('a fault of the store', () => {
  test('is critical for a failed check, else a warning; with what to do', () => {
    const checks = [
      { name: 'disk', verdict: 'warning', found: '400 MiB free', remedy: 'free disk space' },
      { name: 'scripts', verdict: 'fault', found: 'no permission' },
    ] as const
    expect(found(storeFault, {}, { checks })).toMatchObject([
      { id: 'store-fault:scripts', severity: 'critical', since: now, sinceAtLeast: true },
      {
        id: 'store-fault:disk',
        severity: 'warning',
        sentence: "The store's check 'disk' says: 400 MiB free; to do: free disk space.",
        next: 'durable-jobs doctor',
      },
    ])
  })

  test('excludes its configuration, unless that is a fault, and checks with a kind of their own', () => {
    const checks = [
      { name: 'memory', verdict: 'warning', found: 'no limit', setup: true },
      { name: 'workers', verdict: 'fault', found: '1 dead' },
      { name: 'server', verdict: 'fine', found: 'Redis 7' },
    ] as const
    expect(found(storeFault, {}, { checks })).toEqual([])
    const evicts = { name: 'eviction', verdict: 'fault', found: 'allkeys-lru', setup: true } as const
    expect(found(storeFault, {}, { checks: [evicts] })).toHaveLength(1)
  })
})
