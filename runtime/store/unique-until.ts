import type { UniqueClaim, UniqueKey } from '../model/unique.ts'

/** How both stores keep what a run's key depends on: 0 its end, 1 its start, a larger number the end of a window. */
export const untilFinished = 0
export const untilStarted = 1

export function untilCode(until: UniqueClaim['until'], now: number): number {
  if (until === 'finished') return untilFinished
  return until === 'started' ? untilStarted : now + until.ms
}

export function uniqueKeyOf(key: string, code: number): UniqueKey {
  if (code === untilFinished) return { key, until: 'finished' }
  return { key, until: code === untilStarted ? 'started' : code }
}

/** The request under which a store keeps the answer to an enqueue that made no run of its own, or replaced one. */
export function enqueueRequest(id: string): string {
  return `enqueue ${id}`
}
