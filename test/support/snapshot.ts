import { findFindings } from '../../runtime/attention/find-findings.ts'
import type { Finding } from '../../runtime/attention/finding.ts'
import type { FindingKind } from '../../runtime/attention/finding-kind.ts'
import type { Snapshot } from '../../runtime/attention/snapshot.ts'
import type { OperationEvent, OperationName } from '../../runtime/store/events.ts'
import type { FailureGroup } from '../../runtime/store/failures.ts'
import type { Overview } from '../../runtime/store/overview.ts'
import type { ScheduleInfo } from '../../runtime/store/schedules.ts'
import type { QueueInfo, WorkerInfo } from '../../runtime/store/store.ts'

/** 12:00:00 UTC of some day. */
export const now: number = Date.UTC(2026, 0, 1, 12)
export const secondMs = 1_000
export const minuteMs = 60_000
export const hourMs = 3_600_000

/** A snapshot of a healthy store; `over` changes its overview, `rest` the other reads. */
export function snapshot(
  over: Partial<Overview> = {},
  rest: Partial<Omit<Snapshot, 'overview'>> = {},
): Snapshot {
  return {
    overview: {
      ...{
        now,
        epoch: 'e',
        cursor: 'e-0',
        counts: [],
        queues: [],
        workers: [],
        leaders: [],
        limiters: [],
        schedules: [],
      },
      // The log goes back to the store's first event.
      operations: [operation('leader changed', 30 * 24 * hourMs, { cursor: 'e-1' })],
      ...{ failures: [], mutes: [], longestHeld: [], cut: [] },
      statistics: { range: '1h', now, coveredMs: hourMs, jobs: [], points: [], backlogs: [] },
      ...over,
    },
    ...{ checks: [], classes: [], limiterKeys: [], blocked: [], longestUnserved: [], longestUnprotected: [] },
    ...rest,
  }
}

/** The findings of one kind. */
export function found(
  kind: FindingKind,
  over: Partial<Overview>,
  rest?: Partial<Snapshot>,
): readonly Finding[] {
  return findFindings(snapshot(over, rest), [kind])
}

/** The only finding of a kind. */
export function onlyFinding(kind: FindingKind, over: Partial<Overview>, rest?: Partial<Snapshot>): Finding {
  const [first, ...others] = found(kind, over, rest)
  if (first === undefined || others.length > 0)
    throw new Error(`expected one finding, not ${others.length + 1}`)
  return first
}

export function queue(
  name: string,
  over: Partial<QueueInfo> & { ready?: number; waiting?: number; scheduled?: number } = {},
): QueueInfo {
  const { ready = 0, waiting = 0, scheduled = 0, ...rest } = over
  return { name, counts: { scheduled, ready, running: 0, waiting, blocked: 0, cancelling: 0 }, ...rest }
}

/** A live worker with the versions of its jobs. */
export function worker(
  name: string,
  versions: Readonly<Record<string, number>> = {},
  over: Partial<WorkerInfo> = {},
): WorkerInfo {
  const jobs = Object.entries(versions).map(([job, version]) => {
    return { name: job, version, queue: 'default', digest: `${version}` }
  })
  return {
    ...{ name, host: 'host', pid: 1, node: 'v24', concurrency: 10, running: 0, draining: false, lost: false },
    ...{ queueOrder: 'turns', jobs, startedAt: now - hourMs, seenAgoMs: 0, leaseLeftMs: 10_000 },
    ...over,
  }
}

let cursors = 1

export function operation(
  operation: OperationName,
  agoMs: number,
  over: Partial<OperationEvent> = {},
): OperationEvent {
  return { kind: 'operation', cursor: `e-${++cursors}`, at: now - agoMs, operation, ...over }
}

export function failureGroup(over: Partial<FailureGroup> = {}): FailureGroup {
  return {
    ...{
      fingerprint: 'f1:1',
      job: 'pay',
      step: 'charge',
      name: 'TypeError',
      text: 'no sku',
      tries: 3,
      runs: 1,
    },
    ...{ failedNow: 1, firstAt: now - minuteMs, lastAt: now - minuteMs, versions: [1], sample: 'run_1' },
    perMinute: [],
    ...over,
  }
}

export function schedule(over: Partial<ScheduleInfo> = {}): ScheduleInfo {
  const run = {
    job: 'report',
    version: 1,
    queue: 'default',
    priority: 0,
    input: new Uint8Array(),
    inputDigest: '',
    tags: [],
    headers: {},
  }
  return {
    ...{ name: 'nightly', origin: 'code', revision: 1, since: 0, overdueMs: 0, queued: [] },
    spec: { cron: '0 3 * * *', timeZone: 'UTC', missed: 'skip', cap: 1, overlap: 'skip', jitterMs: 0, run },
    ...over,
  }
}
