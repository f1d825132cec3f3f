import { brandErrors, DurableJobsError } from './durable-jobs-error.ts'

/** An option, name or duration is wrong; nothing was stored. */
export class InvalidOptionsError extends DurableJobsError {
  override readonly name = 'InvalidOptionsError'
  readonly code = 'INVALID_OPTIONS'
}

brandErrors({ InvalidOptionsError })
