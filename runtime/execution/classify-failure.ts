import { DurableJobsError } from '../model/durable-jobs-error.ts'
import { FatalError, StepFailedError } from '../model/errors.ts'
import { RateLimitedError } from '../model/rate-limited-error.ts'
import { RetryAfterError } from '../model/retry-after-error.ts'
import { type RetryPolicy, retryDelayMs } from '../model/retry-policy.ts'
import type { StepPath } from '../model/step-path.ts'

/** What to do after an attempt threw. */
export type Verdict = { readonly kind: 'again'; readonly delayMs: number } | { readonly kind: 'final' }

const deepest = 10

/** After a step's body threw in attempt `attempt`. */
export function judgeStepFailure(
  error: unknown,
  policy: RetryPolicy,
  attempt: number,
  random: number,
): Verdict {
  if (isFinal(error) || attempt >= policy.maxAttempts) return { kind: 'final' }
  if (error instanceof RetryAfterError || error instanceof RateLimitedError)
    return { kind: 'again', delayMs: error.delayMs }
  return { kind: 'again', delayMs: retryDelayMs(policy, attempt, random) }
}

/** After the job's function threw in attempt `attempt`: a step's failure is stored, so trying again is in vain. */
export function judgeRunFailure(
  error: unknown,
  policy: RetryPolicy,
  attempt: number,
  random: number,
): Verdict {
  if (escapedStep(error) !== undefined) return { kind: 'final' }
  return judgeStepFailure(error, policy, attempt, random)
}

/** The path of the failed step whose error escaped, alone, as a cause or in an AggregateError. */
export function escapedStep(error: unknown, depth = 0): StepPath | undefined {
  if (depth > deepest || !(error instanceof Error)) return undefined
  if (error instanceof StepFailedError) return error.path
  if (error instanceof AggregateError) {
    for (const inner of error.errors) {
      const path = escapedStep(inner, depth + 1)
      if (path !== undefined) return path
    }
  }
  return escapedStep(error.cause, depth + 1)
}

/** Errors that the same code will throw again: by the author's word, or because the call itself is wrong. */
const finalCodes: ReadonlySet<string> = new Set([
  'FATAL',
  'DUPLICATE_STEP',
  'NESTED_STEP',
  'INVALID_OPTIONS',
  'SERIALIZATION',
  'JOURNAL_FULL',
])

function isFinal(error: unknown): boolean {
  return error instanceof FatalError || (error instanceof DurableJobsError && finalCodes.has(error.code))
}
