import { expect, test } from 'vitest'
import { EventFeed } from '../support/ecs/event-feed.ts'

test('first() matches past events, next() only later ones', async () => {
  const feed = new EventFeed<number>()
  feed.emit(1)
  const next = feed.next((event) => event % 2 === 1)
  feed.emit(2)
  feed.emit(3)
  expect(await feed.first((event) => event % 2 === 1)).toBe(1)
  expect(await next).toBe(3)
  expect(feed.history).toEqual([1, 2, 3])
})

test('until() checks its condition now and after each event', async () => {
  const feed = new EventFeed<number>()
  await feed.until(() => true)
  const three = feed.until(() => feed.history.length === 3)
  for (const event of [1, 2, 3]) feed.emit(event)
  await three
  expect(feed.history).toHaveLength(3)
})
