import { AsyncLocalStorage } from 'node:async_hooks'
import { DuplicateStepError } from '../model/errors.ts'
import { type StepPath, stepPath } from '../model/step-path.ts'

/**
 * Gives the steps below one prefix their paths: the k-th sequential use of a name is `name#k`; concurrent uses need
 * keys, because a resume could not distinguish them otherwise.
 */
export class StepScope {
  readonly prefix: StepPath
  readonly #uses = new Map<string, number>()
  readonly #pending = new Set<string>()

  constructor(prefix: StepPath) {
    this.prefix = prefix
  }

  /** @throws DuplicateStepError while a step of this segment is pending. */
  enter(segment: string): StepPath {
    if (this.#pending.has(segment)) throw new DuplicateStepError(stepPath(this.prefix, segment, 1))
    const use = (this.#uses.get(segment) ?? 0) + 1
    const path = stepPath(this.prefix, segment, use)
    this.#uses.set(segment, use)
    this.#pending.add(segment)
    return path
  }

  leave(segment: string): void {
    this.#pending.delete(segment)
  }
}

/** The position of a call in a job's code: below a scope, or inside a step's body (where steps are refused). */
export type Frame =
  | { readonly kind: 'scope'; readonly owner: object; readonly scope: StepScope }
  | { readonly kind: 'body'; readonly owner: object; readonly path: StepPath }

export const frames: AsyncLocalStorage<Frame> = new AsyncLocalStorage<Frame>()
