import { expect, test } from 'vitest'
import { ManualClock } from '../support/ecs/clock.ts'
import { ScaleInProtections } from '../support/ecs/scale-in-protection.ts'

function protections(clock: ManualClock): { readonly held: ScaleInProtections; readonly expired: string[] } {
  const expired: string[] = []
  const held = new ScaleInProtections({ clock, minuteMs: 500, onExpired: (task) => expired.push(task) })
  return { held, expired }
}

test('a protection ends by the clock, in minutes of the configured length', () => {
  const clock = new ManualClock()
  const { held, expired } = protections(clock)
  held.protect('a', 2)
  expect(held.expiryOf('a')).toBe(clock.now() + 1_000)
  clock.advance(999)
  expect(held.covers('a')).toBe(true)
  clock.advance(1)
  expect(held.covers('a')).toBe(false)
  expect(expired).toEqual(['a'])
})

test('each request resets the expiry, even to an earlier time', () => {
  const clock = new ManualClock()
  const { held, expired } = protections(clock)
  held.protect('a', 60)
  held.protect('a', 1)
  clock.advance(500)
  expect(held.covers('a')).toBe(false)
  held.protect('a', 1)
  clock.advance(400)
  held.protect('a', 1)
  clock.advance(400)
  expect(held.covers('a')).toBe(true)
  expect(expired).toEqual(['a'])
})

test('a protection that was ended does not expire later', () => {
  const clock = new ManualClock()
  const { held, expired } = protections(clock)
  held.protect('a', 1)
  held.end('a')
  clock.advance(1_000)
  expect(held.covers('a')).toBe(false)
  expect(expired).toEqual([])
})
