import { expect, test } from 'vitest'
import { pausedQueuesCheck } from '../../runtime/store/paused-queues-check.ts'
import type { QueueInfo } from '../../runtime/store/store.ts'

const idle = { ready: 0, running: 0, waiting: 0, scheduled: 0, blocked: 0, cancelling: 0 }
const pause = { by: 'ana', reason: 'storm', at: 0 }

function queue(counts: Partial<QueueInfo['counts']>, paused?: QueueInfo['paused']): QueueInfo {
  return { name: 'mail', counts: { ...idle, ...counts }, ...(paused === undefined ? {} : { paused }) }
}

test('a paused queue with runs is a warning with author, reason and time', () => {
  for (const state of ['ready', 'waiting', 'scheduled', 'blocked'] as const) {
    expect(pausedQueuesCheck([queue({ [state]: 2 }, pause)], 90_000)).toEqual({
      name: 'paused',
      verdict: 'warning',
      found: expect.stringMatching(/^queue 'mail' holds 2 runs, paused by ana \(storm\) 1 ?m.*30 ?s ago$/),
      remedy: 'when its cause is gone: durable-jobs resume mail',
    })
  }
})

test('a paused queue without runs, or only with runs that continue, is fine', () => {
  expect(pausedQueuesCheck([queue({}, pause), queue({ running: 3 }, pause)], 1)).toEqual({
    name: 'paused',
    verdict: 'fine',
    found: '2, without runs',
  })
  expect(pausedQueuesCheck([queue({ ready: 1 })], 1)).toEqual({
    name: 'paused',
    verdict: 'fine',
    found: 'none',
  })
})
