import { brandErrors, DurableJobsError } from './durable-jobs-error.ts'

/** An option, name or duration is wrong; nothing was stored. */
export class InvalidOptionsError extends DurableJobsError {
  static {
    brandErrors(InvalidOptionsError, 'InvalidOptionsError')
  }
  override readonly name = 'InvalidOptionsError'
  readonly code = 'INVALID_OPTIONS'
}
