import type { RunId } from '../../../runtime/model/run-id.ts'
import type { StoreOptions } from '../../../runtime/store/store-config.ts'

/** A new, empty store of one fleet. */
export interface FleetStore {
  /** For `connect` and the workers. */
  readonly options: StoreOptions
  /** Makes a waiting run due now: the one thing that can't be had from outside in a test's time. */
  endPause(run: RunId): Promise<void>
}
