import { expect, test } from 'vitest'
import type { QueueInfo, WorkerInfo } from '../../runtime/store/store.ts'
import { unservedQueues } from '../../runtime/store/unserved-queues-check.ts'

function queue(name: string, over: Partial<QueueInfo> = {}): QueueInfo {
  const counts = { ready: 2, running: 0, waiting: 0, scheduled: 0, blocked: 0, cancelling: 0 }
  return { name, counts, oldestReadyMs: 90_000, ...over }
}

function worker(over: Partial<WorkerInfo> = {}): WorkerInfo {
  return {
    ...{
      name: 'w',
      host: 'h',
      pid: 1,
      node: '24',
      concurrency: 1,
      running: 0,
      queueOrder: 'turns',
      jobs: [],
    },
    ...{ draining: false, lost: false, startedAt: 0, seenAgoMs: 0, leaseLeftMs: 0 },
    ...over,
  }
}

test('a queue with ready runs that no live worker takes is a warning with its oldest age', () => {
  const mails = worker({ queues: ['mails'] })
  const warning = {
    name: 'queues',
    verdict: 'warning',
    found: "no live worker takes 'bulk' (2 ready, the oldest for 1 m 30 s)",
    remedy: expect.stringContaining('--queues'),
  }
  expect(unservedQueues([queue('mails'), queue('bulk')], [mails])).toEqual(warning)
  for (const gone of [worker({ lost: true }), worker({ draining: true })])
    expect(unservedQueues([queue('mails'), queue('bulk')], [mails, gone])).toEqual(warning)
})

test('served, paused and idle queues are fine', () => {
  const fine = { name: 'queues', verdict: 'fine', found: '1 in use' }
  expect(unservedQueues([queue('bulk')], [worker()])).toEqual(fine)
  expect(unservedQueues([queue('bulk')], [worker({ queues: ['bulk'] })])).toEqual(fine)
  expect(unservedQueues([queue('bulk', { paused: { by: 'ana', at: 1 } })], [])).toEqual(fine)
  const idle = queue('bulk')
  expect(unservedQueues([{ ...idle, counts: { ...idle.counts, ready: 0 } }], [])).toEqual(fine)
})

test('of many queues the first five are named', () => {
  const { found } = unservedQueues(
    Array.from({ length: 7 }, (_, i) => queue(`q${i}`)),
    [],
  )
  expect(found).toMatch(/^no live worker takes 'q0' .*'q4' \(.*\) and 2 more$/)
})
