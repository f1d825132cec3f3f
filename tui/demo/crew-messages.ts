import type { Marks } from './shop/plot.ts'

/** What a worker process of the demo is to be. It starts before its store is ready, and is told then. */
export interface Part {
  readonly url: string
  readonly name: string
  readonly release: number
  /** Names of jobs that it doesn't have. */
  readonly without: readonly string[]
  readonly marks: Marks
  readonly seed: number
}

/** What a worker process tells the demo. */
export type FromWorker =
  | { readonly kind: 'working' }
  /** It could not start; it exits. */
  | { readonly kind: 'failed'; readonly reason: string }
