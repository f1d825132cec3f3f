import { boundOpenSteps, type OpenStep, type OpenSteps } from '../store/open-steps.ts'

/**
 * Decides whether a worker has anything to tell of its open steps. A worker without open steps tells nothing, so that its
 * renewals cost no more; that the last one has ended is told once.
 */
export class OpenStepsReport {
  #n = 0
  #isTold = false

  /** Returns what to tell now, or undefined for nothing. */
  next(open: readonly OpenStep[]): OpenSteps | undefined {
    const steps = boundOpenSteps(open)
    if (steps.length === 0 && !this.#isTold) return undefined
    this.#isTold = steps.length > 0
    return { n: ++this.#n, agoMs: 0, steps }
  }

  /** What was told last may never have reached the store: the next time something is told, whatever it is. */
  doubt(): void {
    this.#isTold = true
  }

  /** The store knows nothing: the lease is new. */
  forget(): void {
    this.#isTold = false
  }
}
