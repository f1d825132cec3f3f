import type { UniqueClaim, UniqueKey } from '../model/unique.ts'

/** How both stores keep what a run's key depends on: 0 its end, 1 its start, a larger number the end of a window. */
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

/** The request under which a store keeps the answer to an enqueue that made no run of its own, or replaced one. */
export function enqueueRequest(id: string): string {
  return `enqueue ${id}`
}
