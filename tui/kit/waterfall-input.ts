import type { JournalOutline } from '../../runtime/model/journal.ts'
import type { Run } from '../../runtime/model/run.ts'
import type { ExecutionInfo } from '../../runtime/store/executions.ts'
import type { LinePlace } from '../../runtime/store/limiters.ts'
import type { HistoryEntry } from '../../runtime/store/store.ts'

/** The source of a waterfall: all data read of a run. */
export interface WaterfallInput {
  readonly run: Run
  /** The whole journal, in its order. */
  readonly journal: readonly JournalOutline[]
  readonly history: readonly HistoryEntry[]
  /** Left out, or empty: an earlier version kept none. */
  readonly executions?: readonly ExecutionInfo[]
  /** The run's positions on waitlists. */
  readonly places?: readonly LinePlace[]
  /** The store's time that is shown. */
  readonly now: number
  /** When the run was read, as ages of open steps count from there; left out: now. */
  readonly readAt?: number
}
