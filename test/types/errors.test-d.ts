import { describe, expectTypeOf, test } from 'vitest'
import { DurableJobsError, FatalError, RetryAfterError, StepFailedError } from '../../sdk/index.ts'

declare const thrown: unknown

class Declined extends FatalError {
  readonly reason: string = ''
}

describe('an error class', () => {
  test('narrows a thrown value with is', () => {
    if (StepFailedError.is(thrown)) expectTypeOf(thrown.path).toEqualTypeOf<string>()
    if (RetryAfterError.is(thrown)) expectTypeOf(thrown).toEqualTypeOf<RetryAfterError>()
    if (DurableJobsError.is(thrown)) expectTypeOf(thrown.code).toEqualTypeOf<string>()
    if (Declined.is(thrown)) expectTypeOf(thrown.reason).toEqualTypeOf<string>()
  })

  test('narrows a thrown value with instanceof', () => {
    if (thrown instanceof StepFailedError) expectTypeOf(thrown.attempts).toEqualTypeOf<number>()
    if (thrown instanceof DurableJobsError) expectTypeOf(thrown).toEqualTypeOf<DurableJobsError>()
    if (thrown instanceof Declined) expectTypeOf(thrown.reason).toEqualTypeOf<string>()
  })
})
