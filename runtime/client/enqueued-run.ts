import type { Clock } from '../model/clock.ts'
import type { RunId } from '../model/run-id.ts'
import type { Store } from '../store/store.ts'
import type { EndWatch } from './end-watch.ts'
import { RunHandle } from './run-handle.ts'

/**
 * The outcome of an enqueue.
 * - `created`: a new run
 * - `joined`: no new run; there was one with this id and an equal input, or one that holds the unique key
 * - `replaced`: a new run instead of `replaced`, which held the unique key, had not started and was cancelled
 */
export type EnqueueOutcome =
  | { readonly outcome: 'created' | 'joined' }
  | { readonly outcome: 'replaced'; readonly replaced: RunId }

/** The handle that `enqueue` returns: it also has the outcome of the enqueue. */
export class EnqueuedRun<Output> extends RunHandle<Output> {
  /** Whether this enqueue created the run, joined an existing one, or created it instead of another one. */
  readonly outcome: EnqueueOutcome['outcome']
  /** The run that was cancelled for this one; only with `replaced`. */
  readonly replaced?: RunId

  constructor(id: RunId, deps: { store: Store; clock: Clock; ends: EndWatch }, did: EnqueueOutcome) {
    super(id, deps.store, deps.clock, deps.ends)
    this.outcome = did.outcome
    if (did.outcome === 'replaced') this.replaced = did.replaced
  }
}
