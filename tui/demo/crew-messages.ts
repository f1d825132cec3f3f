import type { Marks } from './shop/plot.ts'

/** The role of a worker process of the demo. It starts before its store is ready, and is told then. */
export interface Part {
  readonly url: string
  readonly name: string
  readonly release: number
  /** Names of jobs that it doesn't have. */
  readonly without: readonly string[]
  readonly marks: Marks
  readonly seed: number
}

/** A message from a worker process to the demo. */
export type FromWorker =
  | { readonly kind: 'working' }
  /** It could not start; it exits. */
  | { readonly kind: 'failed'; readonly reason: string }
