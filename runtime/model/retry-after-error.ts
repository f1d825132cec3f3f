import { brandErrors, DurableJobsError } from './durable-jobs-error.ts'
import { type Duration, parseDuration } from './duration.ts'

/** Thrown by an author: the next attempt starts after this pause instead of the policy's. Spends an attempt. */
export class RetryAfterError extends DurableJobsError {
  override readonly name = 'RetryAfterError'
  readonly code = 'RETRY_AFTER'
  readonly delayMs: number
  constructor(delay: Duration, message?: string, options?: ErrorOptions) {
    const delayMs = parseDuration(delay, 'RetryAfterError')
    super(message ?? `requested a retry in ${delay}`, options)
    this.delayMs = delayMs
  }
}

brandErrors({ RetryAfterError })
