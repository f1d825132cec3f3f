import { createHash } from 'node:crypto'
import type { RunId } from '../model/run-id.ts'
import type { StepPath } from '../model/step-path.ts'

/** The same on every attempt, resume and retry of this step: a digest of run id and path, 32 hex digits. */
export function idempotencyKey(run: RunId, path: StepPath): string {
  return createHash('sha256').update(`${run}\n${path}`).digest('hex').slice(0, 32)
}
