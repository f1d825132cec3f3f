import { describe, expect, test } from 'vitest'
import { growingBacklog } from '../../../runtime/attention/kinds/growing-backlog.ts'
import { limiter } from '../../../runtime/attention/kinds/limiter.ts'
import { pausedQueue } from '../../../runtime/attention/kinds/paused-queue.ts'
import { unservedRuns } from '../../../runtime/attention/kinds/unserved-runs.ts'
import type { LimiterInfo, LimiterKeyInfo } from '../../../runtime/store/limiters.ts'
import {
  found,
  hourMs,
  minuteMs,
  now,
  onlyFinding,
  operation,
  queue,
  secondMs,
  snapshot,
  worker,
} from '../../support/snapshot.ts'

describe('a paused queue', () => {
  const paused = { by: 'ana', reason: 'provider is down', at: now - 10 * minuteMs }

  test('with ready runs is a warning, from the pause on', () => {
    const waiting = queue('mail', { paused, ready: 3, oldestReadyMs: hourMs })
    expect(onlyFinding(pausedQueue, { queues: [waiting] })).toEqual({
      id: 'paused-queue:mail',
      kind: 'paused-queue',
      severity: 'warning',
      since: paused.at,
      sentence:
        "Queue 'mail' is paused by ana (provider is down) and holds 3 runs, the oldest ready for 1 h 0 min.",
      next: 'durable-jobs resume mail',
      filter: { queue: 'mail', states: ['ready'] },
    })
  })

  test('that got its work later has waited since then', () => {
    const waiting = queue('mail', { paused, ready: 1, oldestReadyMs: minuteMs })
    expect(onlyFinding(pausedQueue, { queues: [waiting] })).toMatchObject({ since: now - minuteMs })
  })

  test('names a deploy of its own jobs, and of no other', () => {
    const counts = [
      { queue: 'mail', job: 'send', state: 'ready', count: 1 },
      { queue: 'else', job: 'other', state: 'ready', count: 1 },
    ] as const
    const startedAt = paused.at - minuteMs
    const overviewWith = (job: string) => ({
      ...{ counts, queues: [queue('mail', { paused, ready: 1, oldestReadyMs: hourMs })] },
      workers: [worker('w1', { [job]: 17 }, { startedAt })],
    })
    expect(onlyFinding(pausedQueue, overviewWith('send'))).toMatchObject({
      nearby: "began 11:50:00 UTC, 1 min 0 s after version 17 of 'send' started",
    })
    expect(onlyFinding(pausedQueue, overviewWith('other'))).not.toHaveProperty('nearby')
  })

  test('with only future runs is a notice; an empty or an open one is none', () => {
    expect(onlyFinding(pausedQueue, { queues: [queue('mail', { paused, scheduled: 2 })] })).toMatchObject({
      severity: 'notice',
      filter: { states: ['waiting', 'scheduled'] },
    })
    expect(found(pausedQueue, { queues: [queue('a', { paused }), queue('b', { ready: 5 })] })).toEqual([])
  })
})

describe('a limiter', () => {
  const info = (over: Partial<LimiterInfo> = {}): LimiterInfo => ({
    ...{ name: 'stripe', rule: { kind: 'concurrency', max: 2, everyMs: 0, refill: 0 }, keys: 1, waiting: 3 },
    ...over,
  })
  const key = (over: Partial<LimiterKeyInfo> = {}): LimiterKeyInfo => ({
    ...{ limiter: 'stripe', key: 'a', used: 2, max: 2, waiting: 3 },
    ...over,
  })

  test('that is full with waiters is a notice with a minimum age', () => {
    expect(onlyFinding(limiter, { limiters: [info()] }, { limiterKeys: [key()] })).toEqual({
      id: 'limiter:stripe',
      kind: 'limiter',
      severity: 'notice',
      since: now,
      sinceAtLeast: true,
      beginUnknown: true,
      sentence: "Limiter 'stripe' is full for key 'a', 2 of 2 in use; 3 runs or steps wait for it.",
      next: 'durable-jobs limits stripe',
      filter: { limiter: 'stripe' },
    })
  })

  test('began with the longest wait at the head of a waitlist, or before; the first waiter shows the holder', () => {
    const limiterKeys = [
      key({ first: { run: 'r1', waitingSince: now - minuteMs } }),
      key({ key: 'b', first: { run: 'r2', waitingSince: now - hourMs } }),
      key({ key: 'c', first: { run: 'r3' } }),
    ]
    const finding = onlyFinding(limiter, { limiters: [info()] }, { limiterKeys })
    expect(finding).toMatchObject({
      ...{ since: now - hourMs, sinceAtLeast: true },
      next: 'durable-jobs explain r1',
    })
    expect(finding).not.toHaveProperty('beginUnknown')
  })

  test('is a warning with numbers set by an operator, and when a provider closed it', () => {
    const byHand = {
      by: 'ana',
      reason: 'calm down',
      at: now - hourMs,
      code: { kind: 'concurrency', max: 9, everyMs: 0, refill: 0 },
    } as const
    const set = onlyFinding(limiter, { limiters: [info({ byHand })] }, { limiterKeys: [key({ key: '' })] })
    expect(set).toMatchObject({ severity: 'warning' })
    expect(set.sentence).toContain("'stripe' is full, 2 of 2 in use, as set by ana (calm down); 3 runs")
    const closed = onlyFinding(
      limiter,
      { limiters: [info({ waiting: 1 })] },
      { limiterKeys: [key({ used: 0, closedMs: 90_000, waiting: 1 })] },
    )
    expect(closed).toMatchObject({ severity: 'warning' })
    expect(closed.sentence).toContain(
      "is closed for key 'a' for another 1 min 30 s, as a provider requested; 1 run or step",
    )
  })

  test('that is closed is reported without its keys, too', () => {
    const closed = { ...info(), closedMs: 60_000 }
    expect(onlyFinding(limiter, { limiters: [closed] }).sentence).toBe(
      "Limiter 'stripe' is closed for another 1 min 0 s, as a provider requested; 3 runs or steps wait for it.",
    )
  })

  test('without waiters, or with room for them, is none', () => {
    expect(found(limiter, { limiters: [info({ waiting: 0 })] }, { limiterKeys: [key()] })).toEqual([])
    expect(found(limiter, { limiters: [info()] }, { limiterKeys: [key({ used: 1 })] })).toEqual([])
  })

  test('names a change of its numbers shortly before, and of no other limiter’s', () => {
    const operations = [
      operation('change limiter', 2 * minuteMs, { subject: 'stripe/a', by: 'ana', reason: 'calm down' }),
      operation('change limiter', minuteMs, { subject: 'other', by: 'ben' }),
    ]
    expect(onlyFinding(limiter, { limiters: [info()], operations }, { limiterKeys: [key()] })).toMatchObject({
      nearby: "first seen 12:00:00 UTC, 2 min 0 s after: limiter 'stripe/a' changed by ana: 'calm down'",
    })
  })
})

describe('a backlog', () => {
  const grows = (tenAgo: number, fiveAgo: number, runs: number, over: object = {}) => ({
    statistics: {
      ...snapshot().overview.statistics,
      backlogs: [
        {
          queue: 'mail',
          now: runs,
          recent: [
            { at: now - 10 * minuteMs, count: tenAgo },
            { at: now - 5 * minuteMs, count: fiveAgo },
          ],
        },
      ],
    },
    ...over,
  })

  test('that grew in both halves of 10 minutes is a warning with a minimum age', () => {
    expect(onlyFinding(growingBacklog, grows(100, 150, 200))).toMatchObject({
      id: 'growing-backlog:mail',
      severity: 'warning',
      since: now - 10 * minuteMs,
      sinceAtLeast: true,
      sentence: "Queue 'mail' is growing: from 100 to 200 live runs in 10 min 0 s.",
      filter: { queue: 'mail' },
    })
  })

  test('that grew little, has peaked, or has no such history is none', () => {
    expect(found(growingBacklog, grows(0, 10, 19))).toEqual([])
    expect(found(growingBacklog, grows(1_000, 1_050, 1_199))).toEqual([])
    expect(found(growingBacklog, grows(0, 500, 400))).toEqual([])
    expect(found(growingBacklog, grows(500, 400, 900))).toEqual([])
    const statistics = {
      ...snapshot().overview.statistics,
      backlogs: [{ queue: 'mail', now: 900, before: 0 }],
    }
    expect(found(growingBacklog, { statistics })).toEqual([])
  })

  test('of a paused queue belongs to the pause’s finding', () => {
    const paused = { by: 'ana', at: now - hourMs }
    expect(found(growingBacklog, grows(0, 100, 200, { queues: [queue('mail', { paused })] }))).toEqual([])
  })

  test('names a deploy of one of its jobs', () => {
    const counts = [{ queue: 'mail', job: 'send', state: 'ready', count: 200 }] as const
    const startedAt = now - 11 * minuteMs
    const workers = [
      worker('w1', { send: 17 }, { startedAt }),
      worker('w2', { other: 3 }, { startedAt: startedAt + secondMs }),
    ]
    expect(onlyFinding(growingBacklog, grows(0, 100, 200, { counts, workers }))).toMatchObject({
      nearby: "first seen 11:50:00 UTC, 1 min 0 s after version 17 of 'send' started",
    })
  })
})

describe('runs that no worker takes', () => {
  const counts = [{ queue: 'mail', job: 'send', state: 'ready', count: 2 }] as const
  const classes = [{ queue: 'mail', job: 'send', version: 3 }]
  const queues = [queue('mail', { ready: 2, oldestReadyMs: 40_000 })]

  test('for lack of the job are critical, as long as the queue’s oldest is ready', () => {
    expect(onlyFinding(unservedRuns, { counts, queues }, { classes })).toMatchObject({
      id: 'unserved:send/mail',
      severity: 'critical',
      since: now - 40_000,
      sentence: "2 runs of job 'send' are in queue 'mail', and no live worker has that job.",
      next: 'durable-jobs work FILE',
      filter: { job: 'send', queue: 'mail' },
    })
  })

  test('for lack of the version, or of the queue', () => {
    const older = { counts, queues, workers: [worker('w1', { send: 2 })] }
    expect(onlyFinding(unservedRuns, older, { classes })).toMatchObject({
      id: 'unserved:send/mail/3',
      sinceAtLeast: true,
      sentence: expect.stringContaining("job 'send', version 3, are ready"),
    })
    const elsewhere = { counts, queues, workers: [worker('w1', { send: 3 }, { queues: ['other'] })] }
    expect(onlyFinding(unservedRuns, elsewhere, { classes })).toMatchObject({
      next: 'durable-jobs work FILE --queues mail',
    })
  })

  test('are not reported if not all workers are shown', () => {
    expect(found(unservedRuns, { counts, queues, cut: ['workers'] }, { classes })).toEqual([])
    expect(found(unservedRuns, { counts, queues, cut: ['limiters'] }, { classes })).toHaveLength(1)
  })

  test('that are not ready yet are a notice; those that a worker claims are none', () => {
    const scheduled = [{ ...counts[0], state: 'scheduled' }] as const
    expect(onlyFinding(unservedRuns, { counts: scheduled, queues: [] })).toMatchObject({ severity: 'notice' })
    expect(
      found(unservedRuns, { counts, queues, workers: [worker('w1', { send: 4 })] }, { classes }),
    ).toEqual([])
  })

  test('beside ready runs of another job have existed for at least as long as they are seen', () => {
    const both = [...counts, { queue: 'mail', job: 'other', state: 'ready', count: 1 }] as const
    const workers = [worker('w1', { other: 1 })]
    const seen = { counts: both, queues, workers }
    expect(onlyFinding(unservedRuns, seen, { classes })).toMatchObject({
      ...{ since: now, sinceAtLeast: true, beginUnknown: true },
    })
    const longestUnserved = [
      { queue: 'mail', job: 'other', since: now - hourMs },
      { queue: 'mail', job: 'send', since: now - minuteMs },
    ]
    const dated = onlyFinding(unservedRuns, seen, { classes, longestUnserved })
    expect(dated).toMatchObject({ since: now - minuteMs })
    expect(dated).not.toHaveProperty('sinceAtLeast')
  })

  test('that wait for a time are a notice since the first of them does', () => {
    const waiting = [{ ...counts[0], state: 'waiting' }] as const
    const longestUnserved = [{ queue: 'mail', job: 'send', since: now - hourMs }]
    expect(onlyFinding(unservedRuns, { counts: waiting }, { longestUnserved })).toMatchObject({
      ...{ severity: 'notice', since: now - hourMs },
    })
  })

  test('name the worker that left, and began when it did', () => {
    const operations = [
      operation('worker joined', hourMs, { subject: 'w1', details: { send: 3 } }),
      operation('worker joined', hourMs, { subject: 'w2', details: { other: 3 } }),
      operation('worker left', minuteMs, { subject: 'w1' }),
      operation('worker left', 10 * secondMs, { subject: 'w2' }),
    ]
    const longReady = [queue('mail', { ready: 2, oldestReadyMs: hourMs })]
    expect(onlyFinding(unservedRuns, { counts, queues: longReady, operations }, { classes })).toMatchObject({
      since: now - minuteMs,
      nearby: 'began 11:59:00 UTC, at the same time: worker w1 left',
    })
    expect(onlyFinding(unservedRuns, { counts, queues, operations }, { classes })).toMatchObject({
      since: now - 40_000,
      nearby: 'began 11:59:20 UTC, 20.0 s after: worker w1 left',
    })
  })
})
