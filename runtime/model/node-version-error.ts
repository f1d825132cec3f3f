import { brandErrors, DurableJobsError } from './durable-jobs-error.ts'
import { nodeVersionProblem } from './node-version.ts'

/** The package needs a newer Node than the one that runs it. */
export class NodeVersionError extends DurableJobsError {
  override readonly name = 'NodeVersionError'
  readonly code = 'NODE_VERSION'
}

brandErrors({ NodeVersionError })

/**
 * Refuses to continue on a Node that is too old. Every function that an application calls first calls this first, as
 * later errors would not name the reason.
 * @throws NodeVersionError
 */
export function checkNodeVersion(): void {
  const problem = nodeVersionProblem(process.versions.node)
  if (problem !== '') throw new NodeVersionError(`durable-jobs: ${problem}`)
}
