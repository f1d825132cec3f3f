import type { RunId } from '../../../runtime/model/run-id.ts'
import type { StoreOptions } from '../../../runtime/store/store-config.ts'

/** A new, empty store of one fleet. */
export interface FleetStore {
  /** For `connect` and the workers. */
  readonly options: StoreOptions
  /** Makes a waiting run due now, which no public call can do in a test's time. */
  endPause(run: RunId): Promise<void>
}
