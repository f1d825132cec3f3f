/** The public API for authors of jobs. Loads no store and no integration: they load on use. */

export type { Finding, Severity } from '../runtime/attention/finding.ts'
export type { ActionOptions, Actions, ContinueOptions } from '../runtime/client/actions/actions.ts'
export type { ActionProgress } from '../runtime/client/actions/carry-out.ts'
export type { Rate } from '../runtime/client/actions/pacer.ts'
export type { AttentionOptions, MuteOptions } from '../runtime/client/attention.ts'
export type { ByHand, ByHandOn } from '../runtime/client/by-hand.ts'
export {
  type ConnectOptions,
  connect,
  type EnqueueArguments,
  type EnqueueResult,
  type Jobs,
} from '../runtime/client/client.ts'
export type { EnqueueOptions } from '../runtime/client/enqueue-options.ts'
export type { EnqueuedRun, EnqueueOutcome } from '../runtime/client/enqueued-run.ts'
export type { LimiterChange, Limiters, LimitKeyPageOptions } from '../runtime/client/limiters.ts'
export type { RetryRunOptions, RunHandle, RunStatus, RunStep } from '../runtime/client/run-handle.ts'
export type { LedgerEntry, ScheduleStatus, Schedules } from '../runtime/client/schedules.ts'
export type { HeldKeysOptions, UniqueKeys } from '../runtime/client/unique-keys.ts'
export type { Explanation } from '../runtime/describe/explain-run.ts'
export type { CronFire } from '../runtime/model/cron.ts'
export type { DeathCause, DeathKind } from '../runtime/model/death-cause.ts'
export { defineJob } from '../runtime/model/define-job.ts'
export { DurableJobsError } from '../runtime/model/durable-jobs-error.ts'
export type { Duration } from '../runtime/model/duration.ts'
export {
  AbortedError,
  type AbortReason,
  DuplicateRunError,
  DuplicateStepError,
  FatalError,
  HealthPortError,
  InvalidInputError,
  JournalFullError,
  JournalMismatchError,
  LeaseThreadError,
  NestedStepError,
  ResultTimeoutError,
  RunCancelledError,
  RunExpiredError,
  RunFailedError,
  RunIdConflictError,
  RunPoisonedError,
  RunStateError,
  RunTimeoutError,
  SerializationError,
  StaleWriteError,
  StepFailedError,
  StepTimeoutError,
  StepUnknownError,
  StoreCodeError,
  StoreFormatError,
  StoreFullError,
  StoreUnavailableError,
  UnknownActionError,
  UnknownJobError,
  UnknownRunError,
} from '../runtime/model/errors.ts'
export type {
  ExpectedLimiter,
  ExpectedMute,
  ExpectedPause,
  ExpectedSchedule,
} from '../runtime/model/expecting-write.ts'
export { InvalidOptionsError } from '../runtime/model/invalid-options-error.ts'
export type {
  Context,
  Handler,
  Job,
  JobOptions,
  Logger,
  RetryPlan,
  RunInfo,
  StepContext,
  StepOptions,
  StepTools,
} from '../runtime/model/job.ts'
export type { JournalEntry, JournalOutline, JournalPhase } from '../runtime/model/journal.ts'
export type { JobLimit, StepLimit } from '../runtime/model/limit-use.ts'
export { type Limiter, type LimiterRule, limits } from '../runtime/model/limiter.ts'
export type { Middleware } from '../runtime/model/middleware.ts'
export { NodeVersionError } from '../runtime/model/node-version-error.ts'
export type { LossCause } from '../runtime/model/poison.ts'
export type { ProtectionMode, ProtectionState } from '../runtime/model/protection.ts'
export { AwsSdkMissingError, ProtectionUnavailableError } from '../runtime/model/protection-errors.ts'
export { RateLimitedError } from '../runtime/model/rate-limited-error.ts'
export { RetryAfterError } from '../runtime/model/retry-after-error.ts'
export type { Retry, RetryOptions } from '../runtime/model/retry-policy.ts'
export type { EndState, Run, RunningStep, RunState, RunTransition, WaitingFor } from '../runtime/model/run.ts'
export type { RunId } from '../runtime/model/run-id.ts'
export { ScheduleStateError, UnknownScheduleError } from '../runtime/model/schedule-errors.ts'
export type { MissedPolicy, OverlapPolicy, ScheduleOptions } from '../runtime/model/schedule-options.ts'
export type { StepKind } from '../runtime/model/step-kind.ts'
export type { StoreOutageKind } from '../runtime/model/store-outage.ts'
export type { StoredError } from '../runtime/model/stored-error.ts'
export type { OnDuplicate, UniqueKey, UniqueOptions } from '../runtime/model/unique.ts'
export type {
  ActionInfo,
  ActionKind,
  ActionPlan,
  ActionRefusal,
  ActionTarget,
  RunForecast,
} from '../runtime/store/actions.ts'
export type { DefinitionInfo, DefinitionKind } from '../runtime/store/definitions.ts'
export type { DurationHistogram } from '../runtime/store/duration-histogram.ts'
export type {
  EventPage,
  EventQuery,
  OperationEvent,
  OperationName,
  RunEvent,
  StoreEvent,
} from '../runtime/store/events.ts'
export type { ExecutionEnd, ExecutionInfo } from '../runtime/store/executions.ts'
export type { FailureFilter, FailureGroup, FailureOrder } from '../runtime/store/failures.ts'
export type { HeldKey, HeldKeyPage, HeldKeyQuery } from '../runtime/store/held-keys.ts'
export type { LimiterInfo, LimiterKeyInfo, LinePlace } from '../runtime/store/limiters.ts'
export type { LostWorker } from '../runtime/store/lost-workers.ts'
export type { Mute } from '../runtime/store/mutes.ts'
export type { BusyLimiter, HeldRun, Overview, OverviewCut, OverviewQuery } from '../runtime/store/overview.ts'
export type { ReadyClass } from '../runtime/store/ready-classes.ts'
export type { RunCount, RunFilter, RunOrder, RunPage, RunQuery } from '../runtime/store/run-filter.ts'
export type { LedgerLine, LedgerOutcome, ScheduleInfo, ScheduleSpec } from '../runtime/store/schedules.ts'
export type {
  BacklogStatistics,
  JobStatistics,
  RecentEnds,
  Statistics,
  StatisticsPoint,
  StatisticsRange,
} from '../runtime/store/statistics.ts'
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
} from '../runtime/store/store.ts'
export type { RetentionOptions, StoreOptions } from '../runtime/store/store-config.ts'
export type { DutyAges, LeaderInfo } from '../runtime/store/terms.ts'
export type {
  KeyWeight,
  LimitWait,
  SuspendedRun,
  WaitGraph,
  WaitGraphFrom,
} from '../runtime/store/wait-graph.ts'
export type {
  LimitHolder,
  LimitHolderPage,
  LimitKeyQuery,
  LimitWaiter,
  LimitWaiterPage,
} from '../runtime/store/waitlist.ts'
export type { DrainCause, RunDrainPlan, WorkerDrain } from '../runtime/store/worker-drain.ts'
export type { ProtectionInfo, WorkerTask } from '../runtime/store/worker-report.ts'
