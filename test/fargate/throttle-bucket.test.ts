import { expect, test } from 'vitest'
import { ManualClock } from '../support/ecs/clock.ts'
import { ThrottleBucket } from '../support/ecs/throttle-bucket.ts'

function taken(bucket: ThrottleBucket, tries: number): number {
  return Array.from({ length: tries }, () => bucket.take()).filter(Boolean).length
}

test('a bucket grants its burst, then its rate, and never more than its burst', () => {
  const clock = new ManualClock()
  const bucket = new ThrottleBucket(clock, { burst: 5, perSecond: 2 })
  expect(taken(bucket, 10)).toBe(5)
  clock.advance(499)
  expect(taken(bucket, 10)).toBe(0)
  clock.advance(1)
  expect(taken(bucket, 10)).toBe(1)
  clock.advance(60_000)
  expect(taken(bucket, 10)).toBe(5)
})
