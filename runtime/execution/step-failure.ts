import { StepFailedError, StepUnknownError } from '../model/errors.ts'
import type { StepPath } from '../model/step-path.ts'

/** The error a failed step throws, the same on the first run as on every resume. */
export function stepFailure(path: StepPath, attempts: number, cause: Error): StepFailedError {
  const unknown = (cause as { code?: unknown }).code === 'STEP_UNKNOWN'
  return unknown ? new StepUnknownError(path, attempts) : new StepFailedError(path, attempts, cause)
}
