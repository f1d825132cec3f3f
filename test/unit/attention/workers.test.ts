import { describe, expect, test } from 'vitest'
import { deadDuty } from '../../../runtime/attention/kinds/dead-duty.ts'
import { lostWorker } from '../../../runtime/attention/kinds/lost-worker.ts'
import { missedTick } from '../../../runtime/attention/kinds/missed-tick.ts'
import { noLeader } from '../../../runtime/attention/kinds/no-leader.ts'
import { oldVersion } from '../../../runtime/attention/kinds/old-version.ts'
import { workerLosses } from '../../../runtime/attention/kinds/worker-losses.ts'
import type { LeaderInfo } from '../../../runtime/store/terms.ts'
import {
  found,
  hourMs,
  minuteMs,
  now,
  onlyFinding,
  operation,
  schedule,
  secondMs,
  worker,
} from '../../support/snapshot.ts'

const leader = (over: Partial<LeaderInfo> = {}): LeaderInfo => ({
  ...{ role: 'leader', term: 3, worker: 'w1', since: now - hourMs, termLeftMs: 5_000, duties: {} },
  ...over,
})
const { worker: _, ...vacant } = leader({ termLeftMs: 0 })

describe('a lost worker', () => {
  const lost = worker('w1', { pay: 1 }, { lost: true, running: 2, seenAgoMs: 12_000 })

  test('that holds runs is critical while no other worker runs, and a warning beside others', () => {
    expect(onlyFinding(lostWorker, { workers: [lost] })).toMatchObject({
      id: 'lost-worker:w1',
      severity: 'critical',
      since: now - 12_000,
      sentence:
        'Worker w1 is dead, last seen 12.0 s ago, and holds 2 runs; no other worker is running to take them over.',
      next: 'durable-jobs work FILE',
      filter: { worker: 'w1' },
    })
    expect(onlyFinding(lostWorker, { workers: [lost, worker('w2')] })).toMatchObject({
      severity: 'warning',
      sentence: expect.stringContaining('other workers take them over'),
      next: 'durable-jobs workers',
    })
  })

  test('is at most a warning if not all workers are shown', () => {
    expect(onlyFinding(lostWorker, { workers: [lost], cut: ['workers'] })).toMatchObject({
      severity: 'warning',
    })
  })

  test('that holds nothing is none', () => {
    expect(found(lostWorker, { workers: [{ ...lost, running: 0 }, worker('w2')] })).toEqual([])
  })

  test('reports the deploy that came with it', () => {
    const startedAt = now - 42 * secondMs
    expect(onlyFinding(lostWorker, { workers: [{ ...lost, startedAt }] })).toMatchObject({
      nearby: "began 11:59:48 UTC, 30.0 s after version 1 of 'pay' started",
    })
  })
})

describe('losses of workers', () => {
  const loss = (agoMs: number, n: number) => operation('worker lost', agoMs, { subject: `w${n}`, count: 2 })

  test('of the last 15 minutes are a notice, from the third on a warning', () => {
    expect(onlyFinding(workerLosses, { operations: [loss(5 * minuteMs, 1)] })).toMatchObject({
      id: 'worker-losses:fleet',
      severity: 'notice',
      since: now - 5 * minuteMs,
      sentence: '1 worker (w1) was lost in the last 15 minutes, with 2 runs in its slots.',
    })
    const operations = [4, 3, 2, 1].map((n) => loss(n * minuteMs, n))
    expect(onlyFinding(workerLosses, { operations: operations.slice(1) })).toMatchObject({
      severity: 'warning',
    })
    expect(onlyFinding(workerLosses, { operations: operations.slice(2) })).toMatchObject({
      severity: 'notice',
    })
    expect(onlyFinding(workerLosses, { operations })).toMatchObject({
      severity: 'warning',
      since: now - 4 * minuteMs,
      sentence:
        '4 workers (w4, w3, w2 and 1 more) were lost in the last 15 minutes, with 8 runs in their slots.',
    })
  })

  test('older than that are none', () => {
    expect(found(workerLosses, { operations: [loss(16 * minuteMs, 1)] })).toEqual([])
  })
})

describe('the leader', () => {
  const workers = [worker('w1'), worker('w2')]

  test('that is missing for 30 s while workers could lead is critical', () => {
    const since = now - 31 * secondMs
    expect(onlyFinding(noLeader, { workers, leaders: [{ ...vacant, since }] })).toMatchObject({
      id: 'no-leader:leader',
      severity: 'critical',
      since,
    })
    expect(found(noLeader, { workers, leaders: [{ ...vacant, since: now - 29 * secondMs }] })).toEqual([])
  })

  test('is not missed if no worker could lead, and while one leads', () => {
    expect(found(noLeader, { leaders: [vacant] })).toEqual([])
    expect(found(noLeader, { workers: [worker('w1', {}, { draining: true })], leaders: [vacant] })).toEqual(
      [],
    )
    expect(found(noLeader, { workers, leaders: [leader()] })).toEqual([])
  })

  test('reports that its predecessor gave up', () => {
    const since = now - minuteMs
    const operations = [operation('leader resigned', 61 * secondMs, { subject: 'leader', by: 'w9' })]
    expect(onlyFinding(noLeader, { workers, leaders: [{ ...vacant, since }], operations })).toMatchObject({
      nearby: 'began 11:59:00 UTC, 1.0 s after: worker w9 resigned as leader',
    })
  })

  test('with a duty that has not succeeded for a minute is critical', () => {
    const leaders = [leader({ duties: { sweep: 61_000, cron: 59_000 } })]
    expect(onlyFinding(deadDuty, { leaders })).toMatchObject({
      id: 'dead-duty:leader/sweep',
      severity: 'critical',
      since: now - 61_000,
      sentence: "w1 leads 'leader', but its duty 'sweep' has not succeeded for 1 min 1 s.",
      next: 'durable-jobs drain w1',
    })
    expect(found(deadDuty, { leaders: [leader({ duties: { cron: 59_000 } })] })).toEqual([])
  })
})

describe('a tick', () => {
  test('that is overdue is critical: after 5 s without a leader, after a minute with one', () => {
    const late = schedule({ nextTick: now - 6_000, overdueMs: 6_000 })
    expect(onlyFinding(missedTick, { schedules: [late], leaders: [vacant] })).toMatchObject({
      id: 'missed-tick:nightly',
      severity: 'critical',
      since: now - 6_000,
      sentence: "The tick of 11:59:54 UTC of schedule 'nightly' is 6.0 s overdue: no worker leads.",
      next: 'durable-jobs doctor',
      filter: { job: 'report' },
    })
    expect(found(missedTick, { schedules: [late], leaders: [leader()] })).toEqual([])
    const later = schedule({ nextTick: now - 61_000, overdueMs: 61_000 })
    expect(onlyFinding(missedTick, { schedules: [later], leaders: [leader()] })).toMatchObject({
      sentence: expect.stringContaining("w1 leads, but doesn't fire"),
    })
  })

  test('of a schedule that no leader has planned is not overdue: a warning after the same times', () => {
    const unplanned = schedule({ overdueMs: 20_800 })
    expect(onlyFinding(missedTick, { schedules: [unplanned], leaders: [vacant] })).toMatchObject({
      id: 'missed-tick:nightly',
      severity: 'warning',
      since: now - 20_800,
      sentence: "Schedule 'nightly' has not been planned for 20.8 s: no worker leads.",
      next: 'durable-jobs doctor',
    })
    expect(found(missedTick, { schedules: [unplanned], leaders: [leader()] })).toEqual([])
    const longer = schedule({ overdueMs: 61_000 })
    expect(onlyFinding(missedTick, { schedules: [longer], leaders: [leader()] })).toMatchObject({
      sentence: "Schedule 'nightly' has not been planned for 1 min 1 s: w1 leads, but doesn't plan it.",
    })
  })

  test('that was missed is a warning, one that fired late a notice; for an hour', () => {
    const line = { n: 7, at: now - minuteMs, tick: now - 10 * minuteMs }
    const skipped = schedule({ last: { ...line, outcome: 'skipped', why: 'missed', count: 3 } })
    expect(onlyFinding(missedTick, { schedules: [skipped] })).toMatchObject({
      severity: 'warning',
      since: now - 10 * minuteMs,
      sentence: "Schedule 'nightly' missed 3 ticks from 11:50:00 UTC on; no worker could fire in time.",
      next: 'durable-jobs schedules ledger nightly',
    })
    const late = schedule({ last: { ...line, outcome: 'caught up', lateMs: 540_000 } })
    expect(onlyFinding(missedTick, { schedules: [late] })).toMatchObject({
      severity: 'notice',
      sentence: "The tick of 11:50:00 UTC of schedule 'nightly' fired 9 min 0 s late.",
    })
    const old = { ...line, at: now - hourMs - 1, outcome: 'skipped', why: 'missed' } as const
    expect(found(missedTick, { schedules: [schedule({ last: old })] })).toEqual([])
  })

  test('that an operator or the code stopped, or that waited for another, is none', () => {
    const line = { n: 7, at: now, tick: now, outcome: 'skipped' } as const
    const schedules = [
      schedule({ overdueMs: hourMs, paused: { by: 'ana', at: now } }),
      schedule({ overdueMs: hourMs, dropped: { worker: 'w1', at: now } }),
      schedule({ last: { ...line, why: 'overlap' } }),
      schedule({ last: { ...line, outcome: 'late', lateMs: 59_000 } }),
    ]
    expect(found(missedTick, { schedules })).toEqual([])
  })

  test('reports the change of leader before it', () => {
    const operations = [operation('leader changed', 8_000, { subject: 'leader', by: 'w2' })]
    const late = schedule({ nextTick: now - 6_000, overdueMs: 6_000 })
    expect(onlyFinding(missedTick, { schedules: [late], operations })).toMatchObject({
      nearby: 'began 11:59:54 UTC, 2.0 s after: worker w2 leads',
    })
  })
})

describe('an old version', () => {
  const old = worker('w1', { pay: 16, mail: 3 }, { startedAt: now - 3 * hourMs })

  test('that runs for 15 minutes beside a newer one is a warning, from the newer one’s start on', () => {
    const newer = worker('w2', { pay: 17, mail: 3 }, { startedAt: now - 16 * minuteMs })
    expect(onlyFinding(oldVersion, { workers: [old, newer] })).toMatchObject({
      id: 'old-version:pay',
      severity: 'warning',
      since: now - 16 * minuteMs,
      sentence: "Version 16 of 'pay' still runs on 1 worker (w1), 16 min 0 s after version 17 started.",
      next: 'durable-jobs drain w1',
      filter: { job: 'pay', worker: 'w1' },
    })
    const restarted = { ...newer, startedAt: now - minuteMs }
    const operations = [operation('worker joined', 20 * minuteMs, { subject: 'w3', details: { pay: 17 } })]
    expect(onlyFinding(oldVersion, { workers: [old, restarted], operations })).toMatchObject({
      since: now - 20 * minuteMs,
    })
  })

  test('is normal during a deploy, and gone with its worker', () => {
    const newer = worker('w2', { pay: 17 }, { startedAt: now - 14 * minuteMs })
    expect(found(oldVersion, { workers: [old, newer] })).toEqual([])
    const longAgo = { ...newer, startedAt: now - hourMs }
    expect(found(oldVersion, { workers: [{ ...old, lost: true }, longAgo] })).toEqual([])
    expect(found(oldVersion, { workers: [old] })).toEqual([])
  })
})
