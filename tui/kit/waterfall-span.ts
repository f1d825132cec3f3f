import type { StepSpan, StepSpanKind } from './step-spans.ts'

/**
 * The kind of a stretch of a run's time.
 * - `queued`: due and not taken by a worker. Before the first claim it includes a delay of the enqueue, if executions
 * aren't known.
 * - `held`: a worker has it, since the claim
 * - `blocked`: no code fits its stored steps
 * - `steps`: from the first to the last of a scope's steps
 */
export type WaterfallSpanKind = StepSpanKind | 'queued' | 'held' | 'blocked' | 'steps'

export type WaterfallSpan = Omit<StepSpan, 'kind'> & { readonly kind: WaterfallSpanKind }
