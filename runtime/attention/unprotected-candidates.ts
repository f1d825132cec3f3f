import { findHindrances } from '../describe/hindrance.ts'
import type { Run } from '../model/run.ts'
import type { Overview } from '../store/overview.ts'
import type { WorkerInfo } from '../store/worker-info.ts'

/**
 * Returns the workers that could take a run if their task had scale-in protection; undefined where one has it, where the
 * run needs none, and where something else keeps it.
 */
export function unprotectedCandidates(
  run: Pick<Run, 'job' | 'version' | 'queue' | 'protect'>,
  fleet: Pick<Overview, 'queues' | 'workers'>,
): readonly WorkerInfo[] | undefined {
  const [hindrance, ...others] = findHindrances(run, fleet)
  return hindrance?.kind === 'unprotected' && others.length === 0 ? hindrance.candidates : undefined
}
