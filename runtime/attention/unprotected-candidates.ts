import { findHindrances } from '../describe/hindrance.ts'
import type { Run } from '../model/run.ts'
import type { Overview } from '../store/overview.ts'
import type { WorkerInfo } from '../store/worker-info.ts'

/**
 * Returns the workers that could take a ready run if their tasks had scale-in protection. Undefined if one has it, if
 * the run needs none, if its queue is paused, and if no such worker is running.
 */
export function unprotectedCandidates(
  run: Pick<Run, 'job' | 'version' | 'queue' | 'protect'>,
  fleet: Pick<Overview, 'queues' | 'workers'>,
): readonly WorkerInfo[] | undefined {
  // A pause takes precedence.
  const [hindrance] = findHindrances(run, fleet)
  return hindrance?.kind === 'unprotected' ? hindrance.candidates : undefined
}
