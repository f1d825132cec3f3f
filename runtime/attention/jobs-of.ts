import type { RunCount } from '../store/run-filter.ts'

/** The jobs that have runs in a queue. */
export function jobsOf(queue: string, counts: readonly RunCount[]): string[] {
  return [...new Set(counts.filter((count) => count.queue === queue).map(({ job }) => job))]
}
