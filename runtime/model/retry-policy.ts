import { type Duration, parseDuration } from './duration.ts'
import { InvalidOptionsError } from './invalid-options-error.ts'
import { checkKnownOptions } from './known-options.ts'

/** How often and when a failure is retried. */
export interface RetryOptions {
  /** All attempts, including the first. */
  maxAttempts?: number
  initialInterval?: Duration
  backoffCoefficient?: number
  maxInterval?: Duration
}

/** A number is `maxAttempts`; `false` means one attempt. */
export type Retry = RetryOptions | number | false

export interface RetryPolicy {
  readonly maxAttempts: number
  readonly initialIntervalMs: number
  readonly backoffCoefficient: number
  readonly maxIntervalMs: number
}

export const defaultRetryPolicy: RetryPolicy = {
  maxAttempts: 10,
  initialIntervalMs: 1_000,
  backoffCoefficient: 2,
  maxIntervalMs: 300_000,
}

const known = ['maxAttempts', 'initialInterval', 'backoffCoefficient', 'maxInterval']

/** @throws InvalidOptionsError naming the wrong field. */
export function parseRetry(retry: unknown, option = 'retry'): RetryPolicy {
  if (retry === undefined) return defaultRetryPolicy
  if (retry === false) return { ...defaultRetryPolicy, maxAttempts: 1 }
  if (typeof retry === 'number') return { ...defaultRetryPolicy, maxAttempts: parseAttempts(retry, option) }
  if (typeof retry !== 'object' || retry === null) {
    throw new InvalidOptionsError(`${option}: write a number of attempts, false, or { maxAttempts, … }`)
  }
  return parseRetryOptions(retry, option)
}

function parseRetryOptions(retry: RetryOptions, option: string): RetryPolicy {
  checkKnownOptions(retry, known, option)
  const {
    maxAttempts = defaultRetryPolicy.maxAttempts,
    initialInterval = defaultRetryPolicy.initialIntervalMs,
    maxInterval = defaultRetryPolicy.maxIntervalMs,
  } = retry
  const backoffCoefficient = retry.backoffCoefficient ?? defaultRetryPolicy.backoffCoefficient
  if (typeof backoffCoefficient !== 'number' || !(backoffCoefficient >= 1)) {
    throw new InvalidOptionsError(
      `${option}.backoffCoefficient: ${backoffCoefficient} is not a number of 1 or more`,
    )
  }
  return {
    maxAttempts: parseAttempts(maxAttempts, `${option}.maxAttempts`),
    initialIntervalMs: parseDuration(initialInterval, `${option}.initialInterval`),
    backoffCoefficient,
    maxIntervalMs: parseDuration(maxInterval, `${option}.maxInterval`),
  }
}

function parseAttempts(value: number, option: string): number {
  if (value === Number.POSITIVE_INFINITY || (Number.isInteger(value) && value >= 1)) return value
  throw new InvalidOptionsError(
    `${option}: ${value} is not a number of attempts; write 1, 2, 3 … or Infinity`,
  )
}

/**
 * Returns the ms to wait after attempt `attempt` failed: full jitter, a uniform draw from 0 to the exponential ceiling
 * (AWS Architecture Blog, "Exponential Backoff And Jitter"). `random` is 0 <= n < 1.
 */
export function retryDelayMs(policy: RetryPolicy, attempt: number, random: number): number {
  // 0 times an infinite power would be NaN.
  if (policy.initialIntervalMs === 0) return 0
  const ceiling = policy.initialIntervalMs * policy.backoffCoefficient ** (attempt - 1)
  return Math.round(random * Math.min(ceiling, policy.maxIntervalMs))
}
