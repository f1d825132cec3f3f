/** The public API of the engine, for the code that runs in a container. */
export type { Leader } from './coordination/leadership.ts'
export type { LeaderFunction, Leading } from './coordination/role-runner.ts'
export type { DeathCause, DeathKind } from './model/death-cause.ts'
export type { Duration } from './model/duration.ts'
export type { Logger, LogLevel } from './model/job.ts'
export type { JournalEntry, JournalOutline, JournalPhase } from './model/journal.ts'
export type { LimiterRule } from './model/limiter.ts'
export type {
  ClaimContext,
  EnqueueContext,
  ExecutionContext,
  Middleware,
  Next,
  StepCallContext,
} from './model/middleware.ts'
export type { ExecutionOutcome } from './model/outcome.ts'
export type { LossCause } from './model/poison.ts'
export type { ProtectionMode, ProtectionState } from './model/protection.ts'
export type { EndState, Run, RunningStep, RunState, RunTransition, WaitingFor } from './model/run.ts'
export type { RunId } from './model/run-id.ts'
export type { StepKind } from './model/step-kind.ts'
export type { StoredError } from './model/stored-error.ts'
export type { UniqueKey } from './model/unique.ts'
export type { ActionInfo, ActionKind, ActionRefusal, ActionTarget, RunForecast } from './store/actions.ts'
export type { DefinitionInfo, DefinitionKind } from './store/definitions.ts'
export type { DurationHistogram } from './store/duration-histogram.ts'
export type {
  EventPage,
  EventQuery,
  OperationEvent,
  OperationName,
  RunEvent,
  StoreEvent,
} from './store/events.ts'
export type { ExecutionEnd, ExecutionInfo } from './store/executions.ts'
export type { FailureFilter, FailureGroup, FailureOrder } from './store/failures.ts'
export type { HeldKey, HeldKeyPage, HeldKeyQuery } from './store/held-keys.ts'
export type { LimiterInfo, LimiterKeyInfo, LinePlace } from './store/limiters.ts'
export type { LostWorker } from './store/lost-workers.ts'
export type { Mute } from './store/mutes.ts'
export type { BusyLimiter, HeldRun, Overview, OverviewCut, OverviewQuery } from './store/overview.ts'
export type { ReadyClass } from './store/ready-classes.ts'
export type { RunCount, RunFilter, RunOrder, RunPage, RunQuery } from './store/run-filter.ts'
export type { LedgerLine, LedgerOutcome, ScheduleInfo, ScheduleSpec } from './store/schedules.ts'
export type {
  BacklogStatistics,
  JobStatistics,
  RecentEnds,
  Statistics,
  StatisticsPoint,
  StatisticsRange,
} from './store/statistics.ts'
export type {
  HistoryEntry,
  Inspector,
  JournalQuery,
  QueueInfo,
  QueueOrder,
  RunDetails,
  StoreCheck,
  ThroughputCell,
  Unsubscribe,
  WorkerInfo,
  WorkerJob,
} from './store/store.ts'
export type { RetentionOptions, StoreOptions } from './store/store-config.ts'
export type { DutyAges, LeaderInfo } from './store/terms.ts'
export type { KeyWeight, LimitWait, SuspendedRun, WaitGraph, WaitGraphFrom } from './store/wait-graph.ts'
export type {
  LimitHolder,
  LimitHolderPage,
  LimitKeyQuery,
  LimitWaiter,
  LimitWaiterPage,
} from './store/waitlist.ts'
export type { DrainCause, RunDrainPlan, WorkerDrain } from './store/worker-drain.ts'
export type { ProtectionInfo, WorkerTask } from './store/worker-report.ts'
export { createLogger, type LoggerOptions } from './worker/logger.ts'
export { createWorker, type Worker } from './worker/worker.ts'
export type { WorkerOptions } from './worker/worker-options.ts'
