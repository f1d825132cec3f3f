import { describe, expect, test } from 'vitest'
import { type FleetSnapshot, findHindrances, hindranceSentence } from '../../../runtime/describe/hindrance.ts'
import { situation } from '../../../runtime/describe/situation.ts'
import { StepFailedError, StepTimeoutError, StepUnknownError } from '../../../runtime/model/errors.ts'
import type { Run } from '../../../runtime/model/run.ts'
import { toStoredError } from '../../../runtime/model/stored-error.ts'
import type { QueueInfo, WorkerInfo } from '../../../runtime/store/store.ts'

const now = Date.UTC(2026, 0, 1, 12)

function run(of: object): Run {
  const facts = { id: 'r', job: 'pay', version: 2, queue: 'mail', priority: 0, tags: [], headers: {} }
  return {
    ...facts,
    attempt: 1,
    losses: 0,
    enqueuedAt: now,
    changedAt: now,
    position: 0,
    ...of,
  } as unknown as Run
}

function worker(over: Partial<WorkerInfo> = {}): WorkerInfo {
  const facts = { name: 'w', host: 'h', pid: 1, node: '24', concurrency: 2, running: 0 }
  const times = { startedAt: 0, seenAgoMs: 0, leaseLeftMs: 1 }
  const jobs = [{ name: 'pay', version: 2, queue: 'mail', digest: 'd' }]
  return { ...facts, ...times, queueOrder: 'turns', jobs, draining: false, lost: false, ...over }
}

const pausedQueue = {
  name: 'mail',
  counts: {} as QueueInfo['counts'],
  paused: { by: 'ana', reason: 'storm', at: now },
}

describe('why a ready run is not taken', () => {
  const cases: readonly (readonly [string, Partial<FleetSnapshot>])[] = [
    ['queue paused by ana: storm', { queues: [pausedQueue] }],
    ['no live worker', { workers: [worker({ lost: true })] }],
    ['no live worker has the job', { workers: [worker({ jobs: [] })] }],
    [
      'no live worker has version 2',
      { workers: [worker({ jobs: [{ name: 'pay', version: 1, queue: 'mail', digest: 'd' }] })] },
    ],
    ['no live worker serves the queue', { workers: [worker({ queues: ['bulk'] })] }],
    ['its workers are draining', { workers: [worker({ draining: true })] }],
    ['all 2 slots are in use', { workers: [worker({ running: 2 })] }],
    ['', {}],
    ['', { workers: [worker({ running: 2 }), worker()] }],
    ['', { workers: [worker({ running: 3 }), worker({ running: 1 })] }],
  ]
  test.each(cases)('%s', (text, fleet) => {
    expect(situation(run({ state: 'ready' }), now, { queues: [], workers: [worker()], ...fleet })).toBe(text)
  })

  const needing = run({ state: 'ready', protect: true })
  const waits = 'waits for a worker with scale-in protection'
  test.each<[string, readonly WorkerInfo[]]>([
    [waits, [worker()]],
    [waits, [worker({ protectedRuns: 'may ask' })]],
    [waits, [worker({ protectedRuns: 'takes', draining: true }), worker()]],
    ['its workers are draining', [worker({ protectedRuns: 'takes', draining: true })]],
    ['', [worker({ protectedRuns: 'takes' }), worker()]],
    ['all 2 slots are in use', [worker({ protectedRuns: 'takes', running: 2 }), worker()]],
  ])('of a run that needs protection: %s', (text, workers) => {
    expect(situation(needing, now, { queues: [], workers })).toBe(text)
  })

  test('names how many workers may ask for protection, and what blocks the others', () => {
    const sentence = (...workers: WorkerInfo[]): string[] =>
      findHindrances(needing, { queues: [], workers }).map((why) => hindranceSentence(why, needing, now))
    expect(sentence(worker())).toEqual([
      'It waits for a worker with scale-in protection; no worker that could take it has protection or may ask for it now.',
    ])
    const asking = worker({ protectedRuns: 'may ask' })
    expect(sentence(asking, asking, worker({ ...asking, draining: true }), worker())).toEqual([
      "It waits for a worker with scale-in protection; 2 workers that could take it may ask for protection; 1 worker has no protection and doesn't ask for it.",
    ])
  })

  test('is unknown without the fleet', () => {
    expect(situation(run({ state: 'ready' }), now)).toBe('')
  })
})

const declined = new StepFailedError('charge card', 3, new Error('card declined: insufficient funds'))
const timeout = new StepFailedError('render', 1, new StepTimeoutError('render', 5_000))
const rowError = new Error('row 7 has no email', { cause: new TypeError('email is missing') })

function failed(error: Error, escaped?: string): object {
  return { state: 'failed', endedAt: now, error: toStoredError(error), ...(escaped && { escaped }) }
}

test('a run explains its state on one line', () => {
  const error = { name: 'Error', message: 'no', stack: '' }
  const cases: readonly (readonly [string, object])[] = [
    ['due in 3 min 25 s', { state: 'scheduled', dueAt: now + 205_000 }],
    ['due now', { state: 'scheduled', dueAt: now - 1 }],
    ['on w', { state: 'running', worker: 'w' }],
    [
      "on w, in 'charge' for 42.0 s, as of 3.0 s ago",
      { state: 'running', worker: 'w', step: { path: 'charge', openMs: 42_000, toldAgoMs: 3_000 } },
    ],
    ["waits for limiter 'stripe'", { state: 'waiting', waitingFor: { kind: 'limit', name: 'stripe' } }],
    [
      "sleeps in 'nap', due in 2 h 5 min",
      { state: 'waiting', waitingFor: { kind: 'time', name: 'nap', until: now + 7_500_000 } },
    ],
    [
      "next try of 'pay', due in 4.2 s; Error: no",
      { state: 'waiting', waitingFor: { kind: 'retry', name: 'pay', until: now + 4_200 }, error },
    ],
    [
      '4 of 5 losses, next try in 16.0 s',
      { state: 'waiting', waitingFor: { kind: 'retry', until: now + 16_000 }, losses: 4, lossStreak: 4 },
    ],
    [
      '5 of 5 losses, fails as poisoned in 2 min 0 s',
      { state: 'waiting', waitingFor: { kind: 'retry', until: now + 120_000 }, losses: 5, lossStreak: 5 },
    ],
    ['1 of 5 losses', { state: 'ready', losses: 1, lossStreak: 1 }],
    ['the step became a sleep', { state: 'blocked', reason: 'the step became a sleep' }],
    ['took 3 min 25 s', { state: 'completed', startedAt: now - 205_000, endedAt: now }],
    ['took <1 ms', { state: 'completed', startedAt: now, endedAt: now }],
    ['Error: no', { state: 'failed', endedAt: now, error }],
    ['charge card: card declined: insufficient funds', failed(declined, 'charge card')],
    [
      'charge card: card declined: insufficient funds',
      failed(new Error('no', { cause: declined }), 'charge card'),
    ],
    ['charge card: card declined: insufficient funds', failed(declined)],
    ['render: took longer than its timeout of 5.0 s', failed(timeout, 'render')],
    ['read: TypeError: email is missing', failed(new StepFailedError('read', 2, rowError), 'read')],
    ['charge: is atMostOnce and was interrupted', failed(new StepUnknownError('charge'), 'charge')],
    ['ordered by ana: storm, on w', { state: 'cancelling', worker: 'w', by: 'ana', reason: 'storm' }],
    ['by ana', { state: 'cancelled', endedAt: now, by: 'ana' }],
    ['no worker started it in time', { state: 'expired', endedAt: now }],
  ]
  for (const [text, of] of cases) {
    const told = situation(run(of), now)
    expect(told.startsWith('charge: is') ? told.slice(0, text.length) : told).toBe(text)
  }
})
