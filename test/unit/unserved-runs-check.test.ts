import { expect, test } from 'vitest'
import type { RunCount } from '../../runtime/store/run-filter.ts'
import type { QueueInfo, WorkerInfo } from '../../runtime/store/store.ts'
import { findUnservedRuns, unservedRunsCheck } from '../../runtime/store/unserved-runs-check.ts'

function queue(name: string, over: Partial<QueueInfo> = {}): QueueInfo {
  const counts = { ready: 2, running: 0, waiting: 0, scheduled: 0, blocked: 0, cancelling: 0 }
  return { name, counts, oldestReadyMs: 90_000, ...over }
}

function ready(queueName: string, count = 2, job = 'pay'): RunCount {
  return { queue: queueName, job, state: 'ready', count }
}

function worker(over: Partial<WorkerInfo> = {}): WorkerInfo {
  const facts = { name: 'w', host: 'h', pid: 1, node: '24', concurrency: 1, running: 0 }
  const times = { startedAt: 0, seenAgoMs: 0, leaseLeftMs: 0 }
  const jobs = [{ name: 'pay', version: 2, queue: 'mail', digest: 'd' }]
  return { ...facts, ...times, queueOrder: 'turns', jobs, draining: false, lost: false, ...over }
}

const mail = [queue('mail')]

test('a job that no live worker has is a fault with its runs', () => {
  for (const workers of [
    [],
    [worker({ lost: true })],
    [worker({ draining: true })],
    [worker({ jobs: [] })],
  ]) {
    const unserved = findUnservedRuns([ready('mail')], [], mail, workers)
    expect(unserved).toEqual([{ queue: 'mail', job: 'pay', runs: 2, why: 'job' }])
    expect(unservedRunsCheck(unserved, mail)).toEqual({
      name: 'queues',
      verdict: 'fault',
      found: "2 runs of job 'pay' are in queue 'mail', and no live worker has that job",
      remedy: expect.stringContaining('start a worker'),
    })
  }
})

test('a queue that no worker with the job serves, and a version newer than theirs, are distinguished', () => {
  const elsewhere = worker({ queues: ['bulk'] })
  expect(findUnservedRuns([ready('mail')], [], mail, [elsewhere])).toEqual([
    { queue: 'mail', job: 'pay', runs: 2, why: 'queue' },
  ])
  const classes = [1, 2, 3].map((version) => ({ queue: 'mail', job: 'pay', version }))
  expect(findUnservedRuns([ready('mail')], classes, mail, [worker()])).toEqual([
    { queue: 'mail', job: 'pay', version: 3, runs: 2, why: 'version' },
  ])
})

test('runs that are served, held, ended or in a paused queue are fine', () => {
  const fine = { name: 'queues', verdict: 'fine', found: '1 in use' }
  const check = (counts: readonly RunCount[], queues: readonly QueueInfo[], workers: readonly WorkerInfo[]) =>
    unservedRunsCheck(findUnservedRuns(counts, [], queues, workers), queues)
  expect(check([ready('mail')], mail, [worker()])).toEqual(fine)
  expect(check([ready('mail')], mail, [worker({ queues: ['mail'] })])).toEqual(fine)
  expect(check([ready('mail')], [queue('mail', { paused: { by: 'ana', at: 1 } })], [])).toEqual(fine)
  for (const state of ['running', 'cancelling', 'completed', 'failed', 'cancelled', 'expired'] as const) {
    expect(check([{ ...ready('mail'), state }], mail, [])).toEqual(fine)
  }
})

test('the first five of many are named', () => {
  const counts = Array.from({ length: 8 }, (_, i) => ready('mail', 1, `job-${i}`))
  const { found } = unservedRunsCheck(findUnservedRuns(counts, [], mail, []), mail)
  expect(found).toMatch(
    /^1 run of job 'job-0' is in .*'job-4' is in queue 'mail', and no live worker has that job; and 3 more$/,
  )
})
