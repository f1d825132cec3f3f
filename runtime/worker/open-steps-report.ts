import { boundOpenSteps, type OpenStep, type OpenSteps } from '../store/open-steps.ts'

/**
 * Decides whether a worker has news about its open steps. A worker without open steps reports nothing, so that its
 * renewals cost no more; the end of the last one is reported once.
 */
export class OpenStepsReport {
  #n = 0
  #isTold = false

  /** Returns the report to send now, or undefined for none. */
  next(open: readonly OpenStep[]): OpenSteps | undefined {
    const steps = boundOpenSteps(open)
    if (steps.length === 0 && !this.#isTold) return undefined
    this.#isTold = steps.length > 0
    return { n: ++this.#n, agoMs: 0, steps }
  }

  /** The last report may never have reached the store: the next one is sent in any case. */
  doubt(): void {
    this.#isTold = true
  }

  /** The store has no report: the lease is new. */
  forget(): void {
    this.#isTold = false
  }
}
