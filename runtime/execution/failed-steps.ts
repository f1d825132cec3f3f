import type { Logger } from '../model/job.ts'
import type { StepPath } from '../model/step-path.ts'
import { type StoredError, toStoredError } from '../model/stored-error.ts'
import { escapedStep } from './classify-failure.ts'

/**
 * The steps of one execution that failed. Their promises have a handler of the runtime's own (`handled`), so a failure
 * that the author never awaits would leave no trace: the log names each one when the run ends.
 */
export class FailedSteps {
  /** Steps whose stored end is a failure. */
  readonly #stored = new Map<StepPath, StoredError>()
  /** Calls without a stored end: refused ones, and scopes. */
  readonly #thrown: { readonly path: StepPath; readonly error: unknown }[] = []
  /** Errors whose step is recorded: the scopes around it reject with the same one. */
  readonly #known = new Set<unknown>()

  addStored(path: StepPath, error: StoredError): void {
    this.#stored.set(path, error)
  }

  /** Returns the stored failure of a step, if this execution read it. */
  storedError(path: StepPath): StoredError | undefined {
    return this.#stored.get(path)
  }

  /** Keeps the error of a recorded step from being recorded a second time. */
  know(error: unknown): void {
    this.#known.add(error)
  }

  /** Never throws, for any error. */
  addThrown(path: StepPath, error: unknown): void {
    if (this.#known.has(error)) return
    this.#known.add(error)
    this.#thrown.push({ path, error })
  }

  /** Logs every failure but the one that ended the run, if one did. */
  log(log: Logger, ended?: { readonly error: unknown }): void {
    const escaped = ended === undefined ? undefined : escapedStep(ended.error)
    const stored = [...this.#stored].filter(([path]) => path !== escaped)
    const thrown = this.#thrown.filter(({ error }) => ended === undefined || error !== ended.error)
    const failures = [...stored, ...thrown.map(({ path, error }) => [path, toStoredError(error)] as const)]
    for (const [step, err] of failures)
      log.warn({ step, err }, 'a step failed, and the end of the run does not report it')
  }
}
