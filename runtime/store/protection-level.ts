import type { ClaimRequest } from './store.ts'
import type { WorkerInfo } from './worker-info.ts'

/**
 * What the last claim of a worker said about runs that need scale-in protection, as both stores keep it; a larger
 * number can do more.
 * - `never`: it has not taken such runs, nor asked for protection, since it registered
 * - `later`: not now, but it did before: it counts as a worker that takes them (limits keep their keys for these runs
 * while it backs off), and is not woken for them
 * - `mayAsk`: it is woken for them, and asks for protection first
 * - `takes`: it is woken for them before those, and takes them
 */
export const protectionLevels = { never: 0, later: 1, mayAsk: 2, takes: 3 } as const

/** @param before The level of its claim before; undefined for its first one. */
export function protectionLevel(
  { protected: takes, mayAsk }: Pick<ClaimRequest, 'protected' | 'mayAsk'>,
  before: number | undefined,
): number {
  if (takes) return protectionLevels.takes
  if (mayAsk) return protectionLevels.mayAsk
  return Math.min(before ?? protectionLevels.never, protectionLevels.later)
}

/** Returns how a reader sees a level. */
export function shownProtection(level: number): Pick<WorkerInfo, 'protectedRuns'> {
  if (level === protectionLevels.takes) return { protectedRuns: 'takes' }
  return level === protectionLevels.mayAsk ? { protectedRuns: 'may ask' } : {}
}

/** The cap of `protectedLeft` of a claim. */
export const maxProtectedLeft = 100

/**
 * For this long the workers that were told to ask for protection are counted. Then others are told: the first were
 * refused.
 */
export const askPauseMs = 2_000
