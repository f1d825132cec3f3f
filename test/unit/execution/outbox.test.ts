import { expect, test } from 'vitest'
import { entryBytes, Outbox } from '../../../runtime/execution/outbox.ts'
import { systemClock } from '../../../runtime/model/clock.ts'
import { toStoredError } from '../../../runtime/model/stored-error.ts'
import type { Checkpoint, CommitReply, Settlement } from '../../../runtime/store/store.ts'

type Entry = Checkpoint | Settlement

function entry(run: string, position: number): Checkpoint {
  const record = { path: `step ${position}`, kind: 'run', attempt: 1, durationMs: 1, phase: 'done' } as const
  return { kind: 'checkpoint', run, fence: 1, position, record: { ...record, value: new Uint8Array([1]) } }
}

/** A store that holds each call until the test replies. */
function heldStore() {
  const calls: { readonly names: string; answer(): void; fail(): void }[] = []
  let called = Promise.withResolvers<void>()
  const commit = (_: string, entries: readonly Entry[]): Promise<CommitReply> => {
    const { promise, resolve, reject } = Promise.withResolvers<CommitReply>()
    const names = entries.map(({ run, position }) => `${run}${position}`).join(' ')
    const answers = entries.map(() => ({ kind: 'stored' }) as const)
    calls.push({
      names,
      answer: () => resolve({ answers, orders: { drain: false, cancel: [], granted: [] } }),
      fail: () => reject(new Error('one entry is bad')),
    })
    called.resolve()
    called = Promise.withResolvers()
    return promise
  }
  const next = async (n: number): Promise<void> => {
    while (calls.length < n) await called.promise
  }
  return { store: { commit }, calls, next }
}

const unused = (): never => expect.unreachable('no settlement is sent')

function outboxOn(store: ReturnType<typeof heldStore>['store']): Outbox {
  return new Outbox({
    ...{ store, lease: 'lease', clock: systemClock, over: new AbortController().signal },
    listener: { ordered: () => undefined, changed: unused, unsettled: unused },
  })
}

test('while a batch is in flight the next one is sent, without the runs of the first', async () => {
  const { store, calls, next } = heldStore()
  const outbox = outboxOn(store)
  const all = [outbox.submit(entry('A', 1)), outbox.submit(entry('B', 1))]
  await next(1)
  all.push(outbox.submit(entry('A', 2)), outbox.submit(entry('C', 1)))
  await next(2)
  expect(calls.map(({ names }) => names)).toEqual(['A1 B1', 'C1'])
  calls[1]?.answer()
  calls[0]?.answer()
  await next(3)
  expect(calls[2]?.names).toBe('A2')
  calls[2]?.answer()
  expect(await Promise.all(all)).toHaveLength(4)
})

test('after a failed batch no later entry overtakes one that is sent alone', async () => {
  const { store, calls, next } = heldStore()
  const outbox = outboxOn(store)
  const all = [entry('A', 1), entry('B', 1), entry('A', 2)].map((one) => outbox.submit(one))
  await next(1)
  calls[0]?.fail()
  await next(2)
  all.push(outbox.submit(entry('A', 3)))
  for (let n = 2; n <= 5; n++) {
    await next(n)
    calls[n - 1]?.answer()
  }
  await Promise.all(all)
  expect(calls.map(({ names }) => names)).toEqual(['A1 B1 A2', 'A1', 'B1', 'A2', 'A3'])
})

test('the size of an entry includes its error, with causes and inner errors', () => {
  const long = (): Error => new Error('x'.repeat(10_000))
  const error = toStoredError(new AggregateError([long(), long()], 'both', { cause: long() }))
  const place = { run: 'r1', fence: 1, position: 1 }
  const step = { path: 'a', kind: 'run', attempt: 1, durationMs: 0, error } as const
  const entries = [
    { kind: 'checkpoint', ...place, record: { ...step, phase: 'failed' } },
    { kind: 'checkpoint', ...place, record: { ...step, phase: 'retrying', pauseMs: 1 } },
    { kind: 'settle', ...place, outcome: { kind: 'failed', error } },
    { kind: 'settle', ...place, outcome: { kind: 'retrying', error, delayMs: 1 } },
  ] as const
  for (const entry of entries) expect(entryBytes(entry)).toBeGreaterThan(50_000)
})

// B1.
test('entries behind an intent stay behind it, although another batch has room', async () => {
  const { store, calls, next } = heldStore()
  const outbox = outboxOn(store)
  const intent = entry('A', 1)
  const record = {
    path: 'once',
    kind: 'run',
    attempt: 1,
    durationMs: 0,
    phase: 'intent',
    once: true,
  } as const
  const all = [entry('B', 1), { ...intent, record }, entry('A', 2)].map((one) => outbox.submit(one))
  await next(1)
  expect(calls[0]?.names).toBe('B1')
  for (let n = 1; n <= 3; n++) {
    await next(n)
    calls[n - 1]?.answer()
  }
  await Promise.all(all)
  expect(calls.map(({ names }) => names)).toEqual(['B1', 'A1', 'A2'])
})
