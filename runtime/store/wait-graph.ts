import type { RunId } from '../model/run-id.ts'
import type { StepPath } from '../model/step-path.ts'

/*
 * WHICH RUNS WAIT FOR WHICH. A run that keeps slots of a concurrency limiter until it has ended (`hold: 'run'`) may be
 * on a waitlist for a key whose holders wait as well, in the end for the first one.
 * WG1  A waiter is stuck if it can't continue even if all runs that are not stuck end: stuck runs hold so much of a key
 * that too little is left, or a stuck waiter is ahead of it. Every holder that makes no room counts, not only one of
 * them.
 * WG2  Only runs that are suspended for limits alone can be stuck: no clock wakes them. A rate opens by itself, and
 * never counts. Runs that were not read, because a search is bounded, count as not stuck.
 * WG3  A stuck run waits for itself through others, or for runs that do: those are the deadlock.
 * It is a snapshot for people and logs. No write depends on it.
 */

/** Runs that are suspended for limits alone, with what they keep meanwhile; read in one snapshot. */
export interface WaitGraph {
  readonly runs: readonly SuspendedRun[]
  /** To continue from; left out at the end. */
  readonly next?: string
}

export interface SuspendedRun {
  readonly id: RunId
  readonly holds: readonly KeyWeight[]
  /** Its job's limits or those of its steps; the same need is listed once. */
  readonly waits: readonly LimitWait[]
}

/** Part of one key of a concurrency limiter. */
export interface KeyWeight {
  readonly limiter: string
  readonly key: string
  readonly weight: number
}

export interface LimitWait {
  /** '' for the job's own limits. */
  readonly path: StepPath
  /** All that it needs together of concurrency limiters. */
  readonly needs: readonly (KeyWeight & { readonly max: number })[]
  /** The first on the waitlist, if that is another run: nothing behind it starts. */
  readonly behind?: { readonly run: RunId; readonly limiter: string; readonly key: string }
}

/** Where a search begins: at one run, or at the runs that keep slots while they wait, from `after` on. */
export type WaitGraphFrom = { readonly run: RunId } | { readonly after?: string }

/** The limits of one read: runs it begins with, all runs, different waits of one run, keys, holders of one key. */
export const waitGraphLimits = { starts: 20, runs: 100, waits: 20, keys: 100, holders: 100 } as const
