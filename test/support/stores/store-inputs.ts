import { randomUUID } from 'node:crypto'
import { encodeValue } from '../../../runtime/model/codec.ts'
import type { RunWrite } from '../../../runtime/model/expected-run.ts'
import type { ExpectingWrite } from '../../../runtime/model/expecting-write.ts'
import type { FailureMark } from '../../../runtime/model/failure-mark.ts'
import type { JournalRecord } from '../../../runtime/model/journal.ts'
import type { OperatorWrite } from '../../../runtime/model/operator-write.ts'
import type { NewRun } from '../../../runtime/store/new-run.ts'
import type { NewWorker } from '../../../runtime/store/store.ts'

export const leaseMs = 10_000

/** A value as a store keeps it. */
export function encoded(value: unknown): Uint8Array {
  return Uint8Array.from(encodeValue(value, 'value'))
}

let runs = 0

export function newRun(over: Partial<NewRun> = {}): NewRun {
  return {
    id: `run-${++runs}`,
    job: 'job',
    version: 1,
    queue: 'default',
    priority: 0,
    input: encoded({ n: 1 }),
    inputDigest: '',
    tags: [],
    headers: {},
    start: { kind: 'now' },
    ...over,
  }
}

export function newWorker(over: Partial<NewWorker> = {}): NewWorker {
  const lease = randomUUID()
  return {
    lease,
    name: `worker-${lease.slice(0, 8)}`,
    host: 'host',
    pid: process.pid,
    node: process.version,
    concurrency: 10,
    leaseMs,
    jobs: [{ name: 'job', version: 1, queue: 'default', digest: 'first' }],
    draining: false,
    ...over,
  }
}

/** A manual action, each with its own request id. */
export function byHand(over?: Partial<OperatorWrite>): OperatorWrite
export function byHand(over: Partial<RunWrite>): RunWrite
export function byHand(over: Partial<RunWrite> = {}): RunWrite {
  return { by: 'ana', requestId: randomUUID(), ...over }
}

/** A manual action that expects the state that the test saw. */
export function expecting<Expected>(
  expected: Expected,
  over: Partial<OperatorWrite> = {},
): ExpectingWrite<Expected> {
  return { by: 'ana', requestId: randomUUID(), expected, ...over }
}

export const stale = { code: 'STALE_WRITE' } as const

export const plainError = { name: 'Error', message: 'broken' } as const

/** The mark of a failure in the group of `cause`. */
export function mark(cause: string, over: Partial<FailureMark> = {}): FailureMark {
  return { fingerprint: `f1:${cause}`, step: '', name: 'Error', text: cause, version: 1, ...over }
}

type Base = Pick<JournalRecord, 'path' | 'kind' | 'attempt' | 'durationMs'>

function base(path: string, kind: JournalRecord['kind']): Base {
  return { path, kind, attempt: 1, durationMs: 1 }
}

export function done(path: string, value: unknown = path, once = false): JournalRecord {
  return { ...base(path, 'run'), phase: 'done', value: encoded(value), ...(once ? { once } : {}) }
}

export function failed(path: string, once = false): JournalRecord {
  return { ...base(path, 'run'), phase: 'failed', error: plainError, ...(once ? { once } : {}) }
}

/** A failed attempt of a step, marked with its group; with a pause it is retried. */
export function failure(cause: string, pauseMs?: number, over: Partial<FailureMark> = {}): JournalRecord {
  const common = { ...base('pay', 'run'), error: plainError, mark: mark(cause, { step: 'pay', ...over }) }
  return pauseMs === undefined ? { ...common, phase: 'failed' } : { ...common, phase: 'retrying', pauseMs }
}

export function intent(path: string): JournalRecord {
  return { ...base(path, 'run'), phase: 'intent', once: true }
}

export function waiting(path: string, pauseMs: number): JournalRecord {
  return { ...base(path, 'sleep'), phase: 'waiting', pauseMs }
}

export function sleepDone(path: string, waitedAt: number): JournalRecord {
  return { ...base(path, 'sleep'), phase: 'done', value: encoded(undefined), waitedAt }
}
