import { expect, onTestFinished, test } from 'vitest'
import { EndWatch } from '../../../runtime/client/end-watch.ts'
import type { Store } from '../../../runtime/store/store.ts'
import { FakeClock } from '../../support/fake-clock.ts'

/** A watch of a store with one run, `one`; `change` notifies the watch of a change. */
function watched() {
  const clock = new FakeClock()
  const listeners = new Set<() => void>()
  const facts = { reads: 0, hasEnded: false, onRead: (): void => undefined }
  const store = {
    address: 'here',
    onChange: (listener: () => void) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    ended: async (ids: readonly string[]) => {
      facts.reads++
      const { hasEnded } = facts
      facts.onRead()
      return hasEnded ? ids : []
    },
  } as unknown as Store
  const ends = new EndWatch(store, clock)
  const change = (): void => {
    for (const listener of [...listeners]) listener()
  }
  onTestFinished(() => ends.close())
  return { clock, ends, facts, listeners, change }
}

async function isOver(wait: Promise<void>): Promise<boolean> {
  return await Promise.race([wait.then(() => true), Promise.resolve().then(() => false)])
}

test('an end is seen with the change that the store announces', async () => {
  const { clock, ends, facts, change } = watched()
  const wait = ends.ended('one', undefined)
  await clock.advance(100)
  facts.hasEnded = true
  change()
  await clock.advance(10)
  expect(await isOver(wait)).toBe(true)
})

test('a change during a read is not missed', async () => {
  const { clock, ends, facts, change } = watched()
  facts.onRead = () => {
    facts.onRead = () => undefined
    facts.hasEnded = true
    change()
  }
  const wait = ends.ended('one', undefined)
  await clock.advance(20)
  expect(await isOver(wait)).toBe(true)
})

test('an end that the store does not announce is seen within a second, by few reads', async () => {
  const { clock, ends, facts } = watched()
  const wait = ends.ended('one', undefined)
  await clock.advance(500)
  expect(facts.reads).toBe(1)
  facts.hasEnded = true
  await clock.advance(600)
  expect(await isOver(wait)).toBe(true)
})

test('a close ends the waits, the reads and the subscription at once', async () => {
  const { clock, ends, facts, listeners } = watched()
  const wait = ends.ended('one', undefined)
  const refused = expect(wait).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', kind: 'closed' })
  await clock.advance(100)
  ends.close()
  await refused
  await clock.advance(0)
  expect(listeners.size).toBe(0)
  expect(facts.reads).toBe(1)
})
