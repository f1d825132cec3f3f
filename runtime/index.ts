/** The public door of the engine: what runs in a container. */
export type { Leader } from './coordination/leadership.ts'
export type { LeaderFunction, Leading } from './coordination/office.ts'
export type { Duration } from './model/duration.ts'
export type { Logger } from './model/job.ts'
export type {
  ClaimContext,
  EnqueueContext,
  Middleware,
  Next,
  StayContext,
  StepCallContext,
} from './model/middleware.ts'
export type { StayOutcome } from './model/outcome.ts'
export type { RetentionOptions, StoreOptions } from './store/store-config.ts'
export { createLogger, type LoggerOptions, type LogLevel } from './worker/logger.ts'
export { createWorker, type Worker } from './worker/worker.ts'
export type { WorkerOptions } from './worker/worker-options.ts'
