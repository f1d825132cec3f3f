import { describe, expect, test } from 'vitest'
import { drainCauseText, drainSentence, workerStateText } from '../../../runtime/describe/worker-text.ts'
import type { WorkerDrain } from '../../../runtime/store/worker-drain.ts'

const times = { agoMs: 13_000, leftMs: 12_000 } as const
const signal: WorkerDrain = { cause: 'signal', signal: 'SIGTERM', ...times }
const order: WorkerDrain = { cause: 'order', by: 'ana', reason: 'new kernel', ...times }

describe('the state of a worker', () => {
  test.each([
    [{ lost: false, draining: false }, 'working'],
    [{ lost: false, draining: true }, 'draining'],
    [{ lost: false, draining: true, drain: signal }, 'draining, 12.0s left'],
    [{ lost: true, draining: true, drain: signal }, 'lost'],
    [{ lost: false, draining: true, drain: { cause: 'order', agoMs: 5 } as const }, 'draining'],
  ])('%j', (worker, text) => {
    expect(workerStateText(worker)).toBe(text)
  })
})

test.each([
  [signal, 'SIGTERM', 'its process got SIGTERM'],
  [order, 'ana: new kernel', 'ordered by ana (new kernel)'],
  [{ cause: 'order', ...times }, 'newer version of the store', 'a newer version has changed the store'],
  [{ cause: 'program', ...times }, 'its program', 'its program stopped it'],
  [{ cause: 'lease thread', ...times }, 'lease thread gone', 'its lease thread is gone'],
] as const)('a drain by %j', (drain, cause, sentence) => {
  expect(drainCauseText(drain)).toBe(cause)
  expect(drainSentence(drain, 0)).toBe(`draining for 13.0s: ${sentence}; it holds no more runs`)
})

describe('the plan for the runs that it holds', () => {
  test('they have the remaining time', () => {
    expect(drainSentence(signal, 3)).toBe(
      'draining for 13.0s: its process got SIGTERM; 12.0s left for 3 runs it still holds to end a step, then it hands over the rest',
    )
  })

  test('none is left', () => {
    expect(drainSentence({ ...signal, leftMs: 0 }, 1)).toMatch(
      /; its time is over, and 1 run it still holds is being handed over$/,
    )
  })

  test('nothing yet: it has not acted on the order', () => {
    expect(drainSentence({ cause: 'order', by: 'ana', agoMs: 2_000 }, 3)).toBe(
      'ordered by ana 2.0s ago; it has not begun yet',
    )
  })
})
