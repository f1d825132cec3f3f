import { describe, expect, test } from 'vitest'
import { handled } from '../../../runtime/model/handled.ts'
import { EnqueueOutbox, type EnqueuePart, enqueueLimits } from '../../../runtime/store/enqueue-outbox.ts'
import type { EnqueueReply } from '../../../runtime/store/store.ts'
import { newRun } from '../../support/stores/store-inputs.ts'

function part(...ids: readonly string[]): EnqueuePart {
  return { runs: ids.map((id) => newRun({ id })), bytes: ids.length }
}

class Outage extends Error {}

/** A store that holds each attempt until the test replies. */
function heldStore(maxInFlight = 1) {
  const trips: { readonly runs: readonly string[]; answer(): void; fail(error?: Error): void }[] = []
  const store = new EnqueueOutbox<EnqueuePart>({
    send: (parts) => {
      const { promise, resolve, reject } = Promise.withResolvers<readonly EnqueueReply[]>()
      const runs = parts.flatMap((one) => one.runs).map(({ id }) => id)
      trips.push({
        runs,
        answer: () => resolve(runs.map((id) => ({ outcome: 'created', id }))),
        fail: (error = new Error('one of them is bad')) => reject(error),
      })
      return promise
    },
    isOutage: (error) => error instanceof Outage,
    maxInFlight,
  })
  const sent = (): readonly string[] => trips.map(({ runs }) => runs.join(' '))
  // Handled from the start: a test looks at the ends of its calls when all of them have ended.
  const outbox = { enqueue: (one: EnqueuePart) => handled(store.enqueue(one)) }
  return { outbox, trips, sent }
}

/** Lets the current macrotask end. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

async function idsOf(call: Promise<readonly EnqueueReply[]>): Promise<string> {
  return (await call).map(({ id }) => id).join(' ')
}

/** How each call ended: its ids, or the reason of its rejection. */
async function endsOf(calls: readonly Promise<readonly EnqueueReply[]>[]): Promise<readonly string[]> {
  const ends = await Promise.allSettled(calls.map(idsOf))
  return ends.map((end) => (end.status === 'fulfilled' ? end.value : String(end.reason.message)))
}

describe('while no trip is in flight', () => {
  test('a call is sent before the macrotask ends', async () => {
    const { outbox, trips, sent } = heldStore()
    const call = outbox.enqueue(part('a'))
    await new Promise<void>((resolve) => process.nextTick(resolve))
    expect(sent()).toEqual(['a'])
    trips[0]?.answer()
    expect(await idsOf(call)).toBe('a')
  })

  test('the calls of one macrotask are sent together in their order, each with its own replies', async () => {
    const { outbox, trips, sent } = heldStore()
    const late = Promise.resolve()
      .then(() => undefined)
      .then(() => outbox.enqueue(part('d')))
    const calls = [outbox.enqueue(part('a')), outbox.enqueue(part('b', 'c')), late]
    await turn()
    expect(sent()).toEqual(['a b c d'])
    trips[0]?.answer()
    expect(await endsOf(calls)).toEqual(['a', 'b c', 'd'])
  })
})

describe('while a trip is in flight', () => {
  test('new calls are sent together in the next one', async () => {
    const { outbox, trips, sent } = heldStore()
    const calls = [outbox.enqueue(part('a'))]
    await turn()
    for (const id of ['b', 'c', 'd']) {
      calls.push(outbox.enqueue(part(id)))
      await turn()
    }
    expect(sent()).toEqual(['a'])
    trips[0]?.answer()
    await turn()
    expect(sent()).toEqual(['a', 'b c d'])
    trips[1]?.answer()
    expect(await endsOf(calls)).toEqual(['a', 'b', 'c', 'd'])
  })

  test('a caller that just got its reply travels with those that waited', async () => {
    const { outbox, trips, sent } = heldStore()
    const first = outbox.enqueue(part('a')).then(() => outbox.enqueue(part('c')))
    await turn()
    const second = outbox.enqueue(part('b'))
    await turn()
    trips[0]?.answer()
    await turn()
    expect(sent()).toEqual(['a', 'b c'])
    trips[1]?.answer()
    expect(await endsOf([first, second])).toEqual(['c', 'b'])
  })

  test('a full trip does not wait for it, nor do later calls for the full one', async () => {
    const { outbox, trips } = heldStore()
    const many = (name: string, count: number) =>
      Array.from({ length: count }, (_, n) => outbox.enqueue(part(`${name}${n}`)))
    const calls = many('a', 1)
    await turn()
    calls.push(...many('b', enqueueLimits.runs), ...many('c', 1))
    await turn()
    expect(trips.map(({ runs }) => [runs.length, runs[0]])).toEqual([
      [1, 'a0'],
      [enqueueLimits.runs, 'b0'],
    ])
    for (const { answer } of trips) answer()
    await turn()
    expect(trips[2]?.runs).toEqual(['c0'])
    trips[2]?.answer()
    expect(await endsOf(calls)).toHaveLength(enqueueLimits.runs + 2)
  })

  const halfOfBytes = enqueueLimits.bytes / 2
  test.each([
    ['runs', Array.from({ length: enqueueLimits.runs }, (_, n) => part(`b${n}`))],
    ['bytes', ['b0', 'b1'].map((id) => ({ ...part(id), bytes: halfOfBytes }))],
  ])('a trip just filled by its %s does not wait for it, nor do later calls', async (_, full) => {
    const { outbox, trips } = heldStore()
    const calls = [outbox.enqueue(part('a'))]
    await turn()
    const sizes = (): readonly number[] => trips.map(({ runs }) => runs.length)
    calls.push(...full.map((one) => outbox.enqueue(one)))
    await turn()
    expect(sizes()).toEqual([1, full.length])
    calls.push(outbox.enqueue(part('c')))
    await turn()
    expect(sizes()).toEqual([1, full.length])
    for (const { answer } of trips) answer()
    await turn()
    trips[2]?.answer()
    expect(await endsOf(calls)).toHaveLength(full.length + 2)
  })

  test('calls of a store without a limit on trips do not wait', async () => {
    const { outbox, trips, sent } = heldStore(Number.POSITIVE_INFINITY)
    const calls = [outbox.enqueue(part('a'))]
    await turn()
    calls.push(outbox.enqueue(part('b')))
    await turn()
    expect(sent()).toEqual(['a', 'b'])
    for (const { answer } of trips) answer()
    expect(await endsOf(calls)).toEqual(['a', 'b'])
  })
})

describe('a trip is bounded (R24)', () => {
  test('by its runs: a call that does not fit whole is sent in the next one', async () => {
    const { outbox, trips } = heldStore(Number.POSITIVE_INFINITY)
    const ids = (name: string, count: number) => Array.from({ length: count }, (_, n) => `${name}${n}`)
    const sizes = [300, 200, 1, enqueueLimits.runs]
    const calls = sizes.map((size, i) => outbox.enqueue(part(...ids(`${i}-`, size))))
    await turn()
    expect(trips.map(({ runs }) => runs.length)).toEqual([500, 1, 500])
    for (const { answer } of trips) answer()
    expect((await Promise.all(calls)).map(({ length }) => length)).toEqual(sizes)
  })

  test('by its bytes; a larger call is sent alone', async () => {
    const { outbox, trips, sent } = heldStore(Number.POSITIVE_INFINITY)
    const half = enqueueLimits.bytes / 2
    const heavy = (id: string, bytes: number) => outbox.enqueue({ ...part(id), bytes })
    const calls = [heavy('a', half), heavy('b', half), heavy('c', 1), heavy('d', 9 * half), heavy('e', 1)]
    await turn()
    expect(sent()).toEqual(['a b', 'c', 'd', 'e'])
    for (const { answer } of trips) answer()
    expect(await endsOf(calls)).toEqual(['a', 'b', 'c', 'd', 'e'])
  })
})

describe('a trip that the store refuses', () => {
  test('is followed by its calls, one by one in their order, each with its own result', async () => {
    const { outbox, trips, sent } = heldStore()
    const calls = [part('a'), part('b', 'b2'), part('c')].map((one) => outbox.enqueue(one))
    await turn()
    trips[0]?.fail()
    await turn()
    calls.push(outbox.enqueue(part('d')))
    await turn()
    expect(sent().slice(1)).toEqual(['a', 'b b2', 'c'])
    trips[3]?.answer()
    trips[2]?.fail(new Error('b is bad'))
    await turn()
    expect(sent()).toHaveLength(4)
    trips[1]?.answer()
    await turn()
    expect(sent()[4]).toBe('d')
    trips[4]?.answer()
    expect(await endsOf(calls)).toEqual(['a', 'b is bad', 'c', 'd'])
  })

  test('ends there if it contained only one call', async () => {
    const { outbox, trips, sent } = heldStore()
    const call = outbox.enqueue(part('a', 'b'))
    await turn()
    trips[0]?.fail()
    expect(await endsOf([call])).toEqual(['one of them is bad'])
    expect(sent()).toEqual(['a b'])
  })
})

test('an outage rejects each call of the trip, and the next trip is sent', async () => {
  const { outbox, trips, sent } = heldStore()
  const calls = [outbox.enqueue(part('a')), outbox.enqueue(part('b'))]
  await turn()
  calls.push(outbox.enqueue(part('c')))
  trips[0]?.fail(new Outage('gone'))
  await turn()
  expect(sent()).toEqual(['a b', 'c'])
  trips[1]?.answer()
  expect(await endsOf(calls)).toEqual(['gone', 'gone', 'c'])
})
