const runsPerVcpu = 10
const fewestRuns = 2

export interface DefaultConcurrency {
  readonly concurrency: number
  /** How it was computed, for the log. */
  readonly formula: string
}

/**
 * Returns how many runs a worker in a task of `vcpu` works on when its concurrency isn't set. A Node process runs job
 * code on one core, so vCPUs beyond the first add nothing; a fraction of one shares fewer runs.
 */
export function defaultConcurrency(vcpu: number): DefaultConcurrency {
  const concurrency = Math.max(fewestRuns, Math.ceil(runsPerVcpu * Math.min(1, vcpu)))
  return {
    concurrency,
    formula: `max(${fewestRuns}, ceil(${runsPerVcpu} x min(1, ${vcpu} vCPU))) = ${concurrency}`,
  }
}
