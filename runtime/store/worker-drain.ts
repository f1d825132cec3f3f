import type { RunId } from '../model/run-id.ts'

/*
 * Why a worker drains, and for how much longer. A worker reports it with its renewals; an operator's order is stored
 * with the order.
 * WD1  Durations are sent, never instants: the store turns them into its own time.
 * WD2  The first report stays: a late repeat moves neither the begin nor the end of a drain.
 */

/** The cause of a worker's drain, as the worker knows it. */
export type DrainCause =
  /** SIGTERM or SIGINT, or the end of the npm that started it. */
  | { readonly cause: 'signal'; readonly signal: string }
  /** An operator's order, or that of a store that a newer version has changed. */
  | { readonly cause: 'order' }
  /** Its program called `worker.stop()`. */
  | { readonly cause: 'program' }
  /** Its lease thread is gone for good. */
  | { readonly cause: 'lease thread' }

/** A draining worker's report. */
export type DrainStatus = DrainCause & {
  /** How long ago the drain began. */
  readonly agoMs: number
  /** Until the worker hands over the runs that have reached no step edge: the rest of its `stopTimeout`, less the margin. */
  readonly leftMs: number
}

/** A worker's drain, as a store returns it. */
export type WorkerDrain = (
  | Exclude<DrainCause, { readonly cause: 'order' }>
  /** Without `by` no operator gave the order. */
  | { readonly cause: 'order'; readonly by?: string; readonly reason?: string }
) & {
  /** How long ago it began; until the worker has acted on an order, how long ago the order was given. */
  readonly agoMs: number
  /** As the worker reported it. Left out: it has not acted on the order yet. */
  readonly leftMs?: number
  /** The first runs that it still held at its last report, those in a step first. Left out: none. */
  readonly runs?: readonly RunDrainPlan[]
}

/** What will happen to a run that a draining worker holds. */
export interface RunDrainPlan {
  readonly run: RunId
  /**
   * - `handing over`: no step of it runs; it's handed over at its next step edge
   * - `finishing step`: it's handed over when the step ends; at the end of the drain's time the step is cut and runs
   * again elsewhere
   * - `finishing once`: the same, but only the end of the process cuts it: the step's outcome is unknown then
   */
  readonly plan: 'handing over' | 'finishing step' | 'finishing once'
  /** The step it waits for, cut at 120 bytes. Left out while it hands over. */
  readonly path?: string
}

/** How many runs a worker reports. */
export const maxDrainPlans = 50

/** What a store keeps of a drain. Instants are in the store's time. */
export interface StoredDrain {
  readonly order?: { readonly by: string; readonly reason?: string; readonly at: number }
  readonly told?: DrainCause & { readonly at: number; readonly until: number }
}

/** Merges a worker's report (WD2). */
export function withDrainTold(
  stored: StoredDrain,
  { agoMs, leftMs, ...why }: DrainStatus,
  now: number,
): StoredDrain {
  const { told } = stored
  const [at, until] = [now - agoMs, now + leftMs]
  if (told === undefined) return { ...stored, told: { ...why, at, until } }
  return { ...stored, told: { ...told, at: Math.min(told.at, at), until: Math.min(told.until, until) } }
}

/** Returns the drain as it is shown; undefined if its worker is of a version that reports none. */
export function shownDrain(
  { order, told }: StoredDrain,
  now: number,
  plan: readonly RunDrainPlan[] = [],
): WorkerDrain | undefined {
  const { at: orderedAt = 0, ...ordered } = order ?? {}
  const runs = plan.length === 0 ? {} : { runs: plan }
  if (told === undefined) {
    return order === undefined
      ? undefined
      : { cause: 'order', ...ordered, agoMs: Math.max(0, now - orderedAt) }
  }
  const { at, until, ...why } = told
  const times = { agoMs: Math.max(0, now - at), leftMs: Math.max(0, until - now), ...runs }
  return why.cause === 'order' ? { ...why, ...ordered, ...times } : { ...why, ...times }
}
