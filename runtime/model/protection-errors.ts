import { brandErrors, DurableJobsError } from './durable-jobs-error.ts'
import { messageOf } from './thrown.ts'

/** `scaleInProtection({ mode: 'required' })` in a process that can't be protected: the worker doesn't start. */
export class ProtectionUnavailableError extends DurableJobsError {
  override readonly name = 'ProtectionUnavailableError'
  readonly code = 'PROTECTION_UNAVAILABLE'
  constructor(problem: string) {
    super(
      `scale-in protection is required, but ${problem}; run the worker as a task of an ECS service, or use mode 'best-effort'`,
    )
  }
}

/** Without the agent endpoint, ECS is called through `@aws-sdk/client-ecs`, which can't be loaded. */
export class AwsSdkMissingError extends DurableJobsError {
  override readonly name = 'AwsSdkMissingError'
  readonly code = 'AWS_SDK_MISSING'
  constructor(cause: unknown) {
    super(
      `ECS_AGENT_URI isn't set, so ECS is called by @aws-sdk/client-ecs, which can't be loaded: ${messageOf(cause)}; ` +
        'npm install @aws-sdk/client-ecs',
      { cause },
    )
  }
}

brandErrors({ ProtectionUnavailableError, AwsSdkMissingError })
