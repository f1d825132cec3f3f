import type { UniqueClaim, UniqueKey } from '../model/unique.ts'

/**
 * How both stores keep when a run's key is freed: 0 at its end, 1 at its start, a larger number at the end of a window.
 */
export const untilFinished = 0
export const untilStarted = 1

export function untilCode(until: UniqueClaim['until'], now: number): number {
  if (until === 'finished') return untilFinished
  return until === 'started' ? untilStarted : now + until.ms
}

export function uniqueKeyOf(key: string, code: number, canonicalKey?: string | null): UniqueKey {
  const until = code === untilFinished ? 'finished' : code === untilStarted ? 'started' : code
  return { key, ...(canonicalKey ? { canonicalKey } : {}), until }
}

/** Returns the request under which a store keeps the result of an enqueue that created no run, or replaced one. */
export function enqueueRequest(id: string): string {
  return `enqueue ${id}`
}
