import type { Clock } from '../model/clock.ts'

/**
 * When a missing store is created, and one of an older version upgraded. Until then it is only read, and nothing is
 * written to it.
 */
export type Preparation = 'at once' | 'at first write'

/** What an engine is opened with: `StoreDeps` with nothing left out. */
export interface EngineDeps {
  readonly clock: Clock
  readonly storeNow: (() => number) | undefined
  readonly storeElapsed: (() => number) | undefined
  readonly create: boolean
  readonly prepare: Preparation
}
