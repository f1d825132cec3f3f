import { expect, test } from 'vitest'
import { findFindings } from '../../../runtime/attention/find-findings.ts'
import { unprotectedRuns } from '../../../runtime/attention/kinds/unprotected-runs.ts'
import type { ReadySample } from '../../../runtime/attention/snapshot.ts'
import { remedyOf } from '../../../runtime/describe/protection-text.ts'
import type { ProtectionState } from '../../../runtime/model/protection.ts'
import type { Run } from '../../../runtime/model/run.ts'
import type { WorkerInfo } from '../../../runtime/store/store.ts'
import {
  found,
  minuteMs,
  now,
  onlyFinding,
  operation,
  queue,
  secondMs,
  snapshot,
  worker,
} from '../../support/snapshot.ts'

function saying(state: ProtectionState, over: Partial<WorkerInfo> = {}): WorkerInfo {
  const protection = { mode: 'required', state, users: 0, protectedForMs: 0 } as const
  return worker('w', { charge: 1 }, { protection, ...over })
}

const refused = (code: string, over: Partial<WorkerInfo> = {}): WorkerInfo =>
  saying({ kind: 'refused', code, detail: 'no role', retryInMs: 45_000 }, over)
const denied = refused('AccessDeniedException')
const idle: ProtectionState = { kind: 'idle' }

function readyRun(id: string, agoMs: number, over: Partial<Run> = {}): Run {
  const run = { id, job: 'charge', version: 1, queue: 'default', protect: true, changedAt: now - agoMs }
  return { ...run, state: 'ready', ...over } as Run
}

function sample(runs: readonly Run[], over: Partial<ReadySample> = {}): ReadySample {
  return { queue: 'default', job: 'charge', runs, complete: true, ...over }
}

const [first, second] = [readyRun('first', 5 * minuteMs), readyRun('second', minuteMs)]
const both = { longestUnprotected: [sample([first, second])] }
const one = { longestUnprotected: [sample([first])] }
const severityWith = (...workers: readonly WorkerInfo[]): string | undefined =>
  found(unprotectedRuns, { workers }, one)[0]?.severity

test('runs for which every worker is refused protection are critical, with cause, cure and the run to explain', () => {
  expect(onlyFinding(unprotectedRuns, { workers: [denied, denied] }, both)).toEqual({
    id: 'unprotected:charge/default',
    kind: 'unprotected',
    severity: 'critical',
    since: now - 5 * minuteMs,
    sentence:
      "2 runs of job 'charge' in queue 'default' wait for a worker with scale-in protection, the oldest for 5 min 0 s; " +
      `2 workers were refused protection by ECS (AccessDeniedException: no role${remedyOf('AccessDeniedException')}; next try in 45.0s).`,
    next: 'durable-jobs explain first',
    filter: { job: 'charge', queue: 'default', states: ['ready'] },
  })
  const { sentence } = onlyFinding(unprotectedRuns, { workers: [denied] }, one)
  expect(sentence).toContain('1 run of job')
  expect(sentence).toContain('waits for a worker with scale-in protection, for 5 min 0 s; 1 worker was')
})

test('a wait within a back-off is no finding', () => {
  const ready = (agoMs: number) => ({ longestUnprotected: [sample([readyRun('run', agoMs)])] })
  expect(found(unprotectedRuns, { workers: [denied] }, ready(69 * secondMs))).toEqual([])
  expect(found(unprotectedRuns, { workers: [denied] }, ready(70 * secondMs))).toHaveLength(1)
})

test('a refusal that ends with the task or its rest is a warning', () => {
  expect(severityWith(refused('TASK_NOT_VALID'))).toBe('critical')
  expect(severityWith(refused('no answer'))).toBe('critical')
  expect(severityWith(worker('w', { charge: 1 }))).toBe('critical')
  expect(severityWith(saying({ kind: 'asking', forMs: 10_000, keepsSlot: false }))).toBe('critical')
  expect(severityWith(denied, refused('DEPLOYMENT_BLOCKED'))).toBe('warning')
  expect(severityWith(saying({ kind: 'closing', cause: 'newer revision' }))).toBe('warning')
  expect(severityWith(saying({ kind: 'resting', forMs: 1 }))).toBe('warning')
})

test('if a worker may ask or is asking, the finding needs another that was refused with a free slot', () => {
  expect(severityWith(saying(idle))).toBeUndefined()
  expect(severityWith(saying({ kind: 'asking', forMs: 9_999, keepsSlot: true }))).toBeUndefined()
  expect(severityWith(worker('w', { charge: 1 }, { protectedRuns: 'may ask' }))).toBeUndefined()
  expect(severityWith(denied, saying(idle, { running: 10 }))).toBeUndefined()
  const finding = onlyFinding(unprotectedRuns, { workers: [denied, saying(idle)] }, one)
  expect(finding).toMatchObject({ severity: 'critical', since: now - 5 * minuteMs, sinceAtLeast: true })
})

test('a worker that takes such runs, a paused queue, a missing worker and a draining one give no finding', () => {
  expect(severityWith(denied, saying({ kind: 'held' }, { protectedRuns: 'takes' }))).toBeUndefined()
  const paused = queue('default', { paused: { by: 'ana', at: now } })
  expect(found(unprotectedRuns, { workers: [denied], queues: [paused] }, one)).toEqual([])
  expect(severityWith(worker('w', { other: 1 }))).toBeUndefined()
  expect(severityWith({ ...denied, draining: true })).toBeUndefined()
})

test('only runs that need protection count, and only those that a worker could claim otherwise', () => {
  const { protect: _, ...ordinary } = readyRun('ordinary', 9 * minuteMs)
  const newer = readyRun('newer', 8 * minuteMs, { version: 2 })
  const longestUnprotected = [sample([ordinary as Run, newer, first, second], { complete: false })]
  expect(onlyFinding(unprotectedRuns, { workers: [denied] }, { longestUnprotected })).toMatchObject({
    since: now - 5 * minuteMs,
    sentence: expect.stringMatching(/^At least 2 runs of job 'charge' .* wait for/),
    next: 'durable-jobs explain first',
  })
})

test('a finding names a worker that joined or left near its begin', () => {
  const operations = [operation('worker left', 6 * minuteMs, { subject: 'w1' })]
  const [finding] = findFindings(snapshot({ workers: [denied], operations }, one), [unprotectedRuns])
  expect(finding).toMatchObject({ nearby: 'began 11:55:00 UTC, 1 min 0 s after: worker w1 left' })
})
