/** The public API of the integration with ECS on Fargate. */
export type { Duration } from '../model/duration.ts'
export type { Middleware } from '../model/middleware.ts'
export type {
  Protection,
  ProtectionCalls,
  ProtectionDeps,
  ProtectionHold,
  ProtectionMode,
  ProtectionSource,
  ProtectionState,
  ProtectionStatus,
  TaskIdentitySource,
} from '../model/protection.ts'
export { AwsSdkMissingError, ProtectionUnavailableError } from '../model/protection-errors.ts'
export type { TaskIdentity } from '../model/task-identity.ts'
export { type ScaleInProtectionOptions, scaleInProtection } from './scale-in-protection.ts'
