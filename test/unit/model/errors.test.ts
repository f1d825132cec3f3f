import { describe, expect, test } from 'vitest'
import * as sdk from '../../../sdk/index.ts'

/** One of each error class with its code. A class that is missing here fails the first test. */
const samples: readonly (readonly [sdk.DurableJobsError, string])[] = [
  [new sdk.AbortedError('draining'), 'ABORTED'],
  [new sdk.AwsSdkMissingError(new Error('not found')), 'AWS_SDK_MISSING'],
  [new sdk.DuplicateRunError('r1', { job: 'job', key: 'k' }), 'DUPLICATE_RUN'],
  [new sdk.DuplicateStepError('a'), 'DUPLICATE_STEP'],
  [new sdk.FatalError('never'), 'FATAL'],
  [new sdk.HealthPortError(8080, 'it is taken'), 'HEALTH_PORT'],
  [new sdk.InvalidInputError('job', ['input.a: wrong']), 'INVALID_INPUT'],
  [new sdk.InvalidOptionsError('wrong'), 'INVALID_OPTIONS'],
  [new sdk.JournalFullError('50000 entries'), 'JOURNAL_FULL'],
  [new sdk.JournalMismatchError('a', 'run', 'sleep'), 'JOURNAL_MISMATCH'],
  [new sdk.LeaseThreadError('it ended'), 'LEASE_THREAD'],
  [new sdk.NestedStepError('a', 'b'), 'NESTED_STEP'],
  [new sdk.NodeVersionError('too old'), 'NODE_VERSION'],
  [new sdk.ProtectionUnavailableError('there is no task'), 'PROTECTION_UNAVAILABLE'],
  [new sdk.RateLimitedError('5s'), 'RATE_LIMITED'],
  [new sdk.ResultTimeoutError('r1', 5, 'running'), 'RESULT_TIMEOUT'],
  [new sdk.RetryAfterError('5s'), 'RETRY_AFTER'],
  [new sdk.RunCancelledError('r1', 'ana'), 'RUN_CANCELLED'],
  [new sdk.RunExpiredError('r1'), 'RUN_EXPIRED'],
  [new sdk.RunFailedError('r1', new Error('x')), 'RUN_FAILED'],
  [new sdk.RunIdConflictError('r1'), 'RUN_ID_CONFLICT'],
  [new sdk.RunPoisonedError('r1', { exit: 3, cut: 1, lease: 1 }), 'RUN_POISONED'],
  [new sdk.RunStateError('wrong state'), 'RUN_STATE'],
  [new sdk.RunTimeoutError('late'), 'RUN_TIMEOUT'],
  [new sdk.ScheduleStateError('declared in code'), 'SCHEDULE_STATE'],
  [new sdk.SerializationError('value.a', 'no'), 'SERIALIZATION'],
  [new sdk.StaleWriteError("queue 'mail'"), 'STALE_WRITE'],
  [new sdk.StepFailedError('a', 2, new Error('x')), 'STEP_FAILED'],
  [new sdk.StepTimeoutError('a', 5), 'STEP_TIMEOUT'],
  [new sdk.StepUnknownError('a'), 'STEP_UNKNOWN'],
  [new sdk.StoreCodeError('redis', new Error('no ioredis')), 'STORE_CODE'],
  [new sdk.StoreFormatError('newer'), 'STORE_FORMAT'],
  [new sdk.StoreFullError('out of memory'), 'STORE_FULL'],
  [new sdk.StoreUnavailableError('locked'), 'STORE_UNAVAILABLE'],
  [new sdk.UnknownJobError('no job'), 'UNKNOWN_JOB'],
  [new sdk.UnknownActionError('act_1'), 'UNKNOWN_ACTION'],
  [new sdk.UnknownRunError('r1'), 'UNKNOWN_RUN'],
  [new sdk.UnknownScheduleError('nightly'), 'UNKNOWN_SCHEDULE'],
]

describe('every error of the package', () => {
  test('is in this list', () => {
    const classes = Object.keys(sdk).filter((name) => /Error$/.test(name) && name !== 'DurableJobsError')
    expect(samples.map(([error]) => error.constructor.name).sort()).toEqual(classes.sort())
  })

  test.each(samples)('%o has its own code, a message and the common base', (error, code) => {
    expect(error.code).toBe(code)
    expect(error.message).not.toBe('')
    expect(error).toBeInstanceOf(sdk.DurableJobsError)
    expect(error).toBeInstanceOf(Error)
    expect(error.stack).toContain(error.message.split('\n')[0])
  })

  test.each(samples.filter(([error]) => !(error instanceof sdk.AbortedError)))(
    '%o is named after its class',
    (error) => {
      expect(error.name).toBe(error.constructor.name)
    },
  )

  test('has a unique code', () => {
    expect(new Set(samples.map(([, code]) => code)).size).toBe(samples.length)
  })
})

describe('an error', () => {
  test('of a run or a step keeps its cause', () => {
    const cause = new Error('card declined')
    expect(new sdk.RunFailedError('r1', cause)).toMatchObject({
      cause,
      message: "run 'r1' failed: card declined",
    })
    expect(new sdk.StepFailedError('pay', 2, cause)).toMatchObject({ cause, path: 'pay', attempts: 2 })
    expect(new sdk.FatalError('no', { cause })).toMatchObject({ cause })
    expect(new sdk.RetryAfterError('5s', 'busy', { cause })).toMatchObject({
      cause,
      message: 'busy',
      delayMs: 5_000,
    })
  })

  test('of an unknown step is a failed step too, so that one catch handles both', () => {
    expect(new sdk.StepUnknownError('pay')).toBeInstanceOf(sdk.StepFailedError)
  })

  test('of an abort has the name that the platform uses, with the reason beside it', () => {
    expect(new sdk.AbortedError('cancelled')).toMatchObject({ name: 'AbortError', reason: 'cancelled' })
  })

  test('for a bad pause of RetryAfterError names it', () => {
    expect(() => new sdk.RetryAfterError(-1)).toThrow(/^RetryAfterError: -1 is not a duration/)
  })
})
