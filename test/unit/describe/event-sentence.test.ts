import { expect, test } from 'vitest'
import { eventSentence } from '../../../runtime/describe/event-sentence.ts'
import { runStates, runTransitions } from '../../../runtime/model/run.ts'
import { type OperationEvent, operationNames, type RunEvent } from '../../../runtime/store/events.ts'

const base = { cursor: 'a-1', at: 0 } as const
const by = { by: 'ana', reason: 'storm' } as const

function operation(over: Omit<OperationEvent, 'kind' | 'cursor' | 'at'>): OperationEvent {
  return { ...base, kind: 'operation', ...over }
}

const sentences: readonly [Parameters<typeof operation>[0], string][] = [
  [{ operation: 'pause queue', subject: 'mail', ...by }, "queue 'mail' paused by ana: 'storm'"],
  [{ operation: 'resume queue', subject: 'mail', by: 'ana' }, "queue 'mail' resumed by ana"],
  [
    { operation: 'cancel run', subject: 'r1', ...by, details: { job: 'send', queue: 'mail' } },
    "run r1 of 'send' told to stop by ana: 'storm'",
  ],
  [
    { operation: 'begin action', subject: 'a1', by: 'ana', count: 400, details: { kind: 'retry' } },
    'action a1 (retry) begun with 400 runs by ana',
  ],
  [{ operation: 'end action', subject: 'a1', by: 'ana', count: 1 }, 'action a1 ended, 1 run done by ana'],
  [
    {
      ...{ operation: 'change limiter', subject: 'api', by: 'ana' },
      details: { kind: 'fixedWindow', max: 10, everyMs: 60_000, refill: 0 },
    },
    `limiter 'api' changed to limit 10, window 1 min 0 s by ana`,
  ],
  [
    { operation: 'reset limiter', subject: 'api', by: 'ana', details: { kind: 'concurrency', max: 3 } },
    "limiter 'api' reset to the numbers of its code: max 3 by ana",
  ],
  [
    { operation: 'trigger schedule', subject: 'nightly', ...by, details: { run: 'r1' } },
    "schedule 'nightly' triggered by ana: 'storm', as run r1",
  ],
  [
    { operation: 'trigger schedule', subject: 'nightly', by: 'ana', details: { duplicateOf: 'r0' } },
    "schedule 'nightly' triggered by ana; no run was created, as run r0 exists",
  ],
  [
    { operation: 'worker joined', subject: 'w:1', details: { send: 17, sort: 3 } },
    "worker w:1 joined: 'send' version 17, 'sort' version 3",
  ],
  [
    { operation: 'worker joined', subject: 'w:1', details: { a: 1, b: 1, c: 1, d: 1, e: 1, f: 1, g: 1 } },
    "worker w:1 joined: 'a' version 1, 'b' version 1, 'c' version 1, 'd' version 1, 'e' version 1 and 2 more jobs",
  ],
  [{ operation: 'worker left', subject: 'w:1' }, 'worker w:1 left'],
  [
    { operation: 'worker lost', subject: 'w:1', count: 3, details: { cause: 'exit' } },
    'worker w:1 lost: its process died, it held 3 runs',
  ],
  [
    { operation: 'worker lost', subject: 'w:1', count: 0, details: { cause: 'lease' } },
    'worker w:1 lost: its lease expired, it held 0 runs',
  ],
  [
    {
      operation: 'loss explained',
      subject: 'w:1',
      count: 1,
      reason: 'stopped by scale-in, SIGKILL after 30 s',
    },
    "lost worker w:1: stopped by scale-in, SIGKILL after 30 s; the loss of its 1 run doesn't count",
  ],
  [
    { operation: 'loss explained', subject: 'w:1', count: 0, reason: 'out of memory' },
    'lost worker w:1: out of memory',
  ],
  [{ operation: 'leader changed', subject: 'leader', by: 'w:1' }, 'worker w:1 leads'],
  [{ operation: 'leader resigned', subject: 'leader', by: 'w:1' }, 'worker w:1 resigned as leader'],
  [{ operation: 'leader changed', subject: 'billing', by: 'w:1' }, "worker w:1 took the role 'billing'"],
]

test.each(sentences)('%o becomes a sentence', (what, sentence) => {
  expect(eventSentence(operation(what))).toBe(sentence)
})

test('every operation and every transition becomes a sentence, whatever details are unknown', () => {
  for (const name of operationNames) {
    const sentence = eventSentence(operation({ operation: name, subject: 'x', by: 'ana' }))
    expect(sentence).not.toMatch(/undefined|null|\[object/)
  }
  const run = { kind: 'run', run: 'r1', job: 'send', queue: 'mail' } as const
  for (const from of runStates) {
    for (const [transition, state] of Object.entries(runTransitions[from])) {
      const event = { ...base, ...run, transition, state } as RunEvent
      expect(eventSentence(event)).toMatch(/^run r1 of 'send' in queue 'mail' [a-z']/)
      expect(eventSentence(event)).toContain(state)
    }
  }
  const claim = { ...base, ...run, transition: 'claim', state: 'running' } as const
  expect(eventSentence(claim)).toBe("run r1 of 'send' in queue 'mail' claimed, now running")
  const end = { ...base, ...run, transition: 'complete', state: 'completed' } as const
  expect(eventSentence(end)).toBe("run r1 of 'send' in queue 'mail' completed")
})
