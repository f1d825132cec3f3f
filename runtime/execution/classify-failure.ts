import { parseDuration } from '../model/duration.ts'
import {
  DuplicateStepError,
  FatalError,
  JournalFullError,
  NestedStepError,
  SerializationError,
  StepFailedError,
} from '../model/errors.ts'
import { InvalidOptionsError } from '../model/invalid-options-error.ts'
import { RateLimitedError } from '../model/rate-limited-error.ts'
import { RetryAfterError } from '../model/retry-after-error.ts'
import { type RetryPolicy, retryDelayMs } from '../model/retry-policy.ts'
import type { StepPath } from '../model/step-path.ts'
import { maxErrorsRead, partsOf, readProperty } from '../model/thrown.ts'

/** The consequence of a failed attempt. */
export type Verdict = { readonly kind: 'again'; readonly delayMs: number } | { readonly kind: 'final' }

/** Decides after a step's body threw in attempt `attempt`. */
export function judgeStepFailure(
  error: unknown,
  policy: RetryPolicy,
  attempt: number,
  random: number,
): Verdict {
  if (isFinal(error) || attempt >= policy.maxAttempts) return { kind: 'final' }
  return { kind: 'again', delayMs: requestedPauseMs(error) ?? retryDelayMs(policy, attempt, random) }
}

/**
 * Decides after the job's function threw in attempt `attempt`: a step's failure is stored, so another attempt is
 * pointless.
 */
export function judgeRunFailure(
  error: unknown,
  policy: RetryPolicy,
  attempt: number,
  random: number,
): Verdict {
  if (failedStepIn(error) !== undefined) return { kind: 'final' }
  return judgeStepFailure(error, policy, attempt, random)
}

/** Returns the path of the failed step whose error escaped: alone, or anywhere among causes and inner errors. */
export function escapedStep(thrown: unknown): StepPath | undefined {
  const path = readProperty(failedStepIn(thrown), 'path')
  return typeof path === 'string' ? path : undefined
}

function failedStepIn(thrown: unknown): StepFailedError | undefined {
  // A set iterates items that are added meanwhile, and each error once, so that no cycle is followed.
  const found = new Set([thrown])
  for (const error of found) {
    if (StepFailedError.is(error)) return error
    for (const part of partsOf(error, maxErrorsRead)) if (found.size < maxErrorsRead) found.add(part)
  }
  return undefined
}

/** Returns the pause that the error requests, if it requests one that can be kept. */
export function requestedPauseMs(error: unknown): number | undefined {
  if (!RetryAfterError.is(error) && !RateLimitedError.is(error)) return undefined
  try {
    return parseDuration(readProperty(error, 'delayMs'), 'delayMs')
  } catch {
    return undefined
  }
}

/** Errors that the same code will throw again: because the author says so, or because the call itself is wrong. */
const finalErrors: readonly { is(error: unknown): boolean }[] = [
  FatalError,
  DuplicateStepError,
  NestedStepError,
  InvalidOptionsError,
  SerializationError,
  JournalFullError,
]

function isFinal(error: unknown): boolean {
  return finalErrors.some((errorClass) => errorClass.is(error))
}
