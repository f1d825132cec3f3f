import { brandErrors, DurableJobsError } from './durable-jobs-error.ts'
import { type Duration, parseDuration } from './duration.ts'

/**
 * Thrown by an author: the provider asked for a pause. In a step with `limits` its keys stay closed for all runs that
 * long; the step then runs again and has spent no attempt. Anywhere else it is a RetryAfterError: it chooses the next
 * pause, and the attempt is spent.
 * @example
 * if (response.status === 429) throw new RateLimitedError(`${Number(response.headers.get('retry-after')) || 1}s`)
 */
export class RateLimitedError extends DurableJobsError {
  override readonly name = 'RateLimitedError'
  readonly code = 'RATE_LIMITED'
  readonly delayMs: number
  constructor(delay: Duration, message?: string, options?: ErrorOptions) {
    const delayMs = parseDuration(delay, 'RateLimitedError')
    super(message ?? `requested a pause of ${delay}`, options)
    this.delayMs = delayMs
  }
}

brandErrors({ RateLimitedError })
