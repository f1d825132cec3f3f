import type { TaskStopCode } from '@aws-sdk/client-ecs'

/** Why a task stops, as the fake knows it. A test compares it with the cause found through the API. */
export type StopKind =
  | 'scale-in'
  | 'deployment'
  | 'spot'
  | 'user'
  | 'unhealthy'
  | 'maintenance'
  | 'vanished'
  | 'out-of-memory'
  | 'exited'
  | 'failed-to-start'

/** Why a task stops, in the words of DescribeTasks. */
export interface StopCause {
  readonly kind: StopKind
  readonly stopCode: TaskStopCode
  readonly stoppedReason: string
}

/** The scheduler removes a task because the service has too many. `deployment` is the one that has started the task. */
export function scaleIn(deployment: string): StopCause {
  return scheduled('scale-in', deployment)
}

/**
 * The scheduler replaces a task by one of a newer deployment.
 * Assumed: that the reason names the deployment of the stopped task, not the newer one. A recorded task state event
 * shows the same id in `startedBy` and in the reason, without saying which kind of stop it was.
 */
export function replaced(deployment: string): StopCause {
  return scheduled('deployment', deployment)
}

/** Fargate interrupts a Spot task. A sample of 2023 has the stop code TerminationNotice instead. */
export function spotInterruption(
  stopCode: 'SpotInterruption' | 'TerminationNotice' = 'SpotInterruption',
): StopCause {
  return { kind: 'spot', stopCode, stoppedReason: 'Your Spot Task was interrupted.' }
}

/** StopTask. The reason of the request replaces the usual one. */
export function stoppedByUser(reason = 'Task stopped by user'): StopCause {
  return { kind: 'user', stopCode: 'UserInitiated', stoppedReason: reason }
}

/** The scheduler replaces a task whose container health check fails. */
export function unhealthy(): StopCause {
  const stoppedReason = 'Task failed container health checks'
  return { kind: 'unhealthy', stopCode: 'ServiceSchedulerInitiated', stoppedReason }
}

/**
 * Fargate retires the task's machine. The text is documented. Assumed: the stop code, which is the one in the test data
 * of two programs that read such stops; one of them has the name of the service before the text.
 */
export function maintenance(): StopCause {
  const stoppedReason = 'ECS is performing maintenance on the underlying infrastructure hosting the task'
  return { kind: 'maintenance', stopCode: 'ServiceSchedulerInitiated', stoppedReason }
}

/**
 * The machine is gone, and ECS has noticed.
 * Assumed: code and text. InfrastructureHealth is the one stop code that fits; no record of such a stop was found.
 */
export function machineLost(): StopCause {
  const stoppedReason = 'The infrastructure hosting the task is unhealthy'
  return { kind: 'vanished', stopCode: 'InfrastructureHealth', stoppedReason }
}

/** An essential container has ended by itself. Out of memory shows only in the container's own reason. */
export function essentialExited(kind: 'exited' | 'out-of-memory'): StopCause {
  return { kind, stopCode: 'EssentialContainerExited', stoppedReason: 'Essential container in task exited' }
}

/** A container could not be started. */
export function failedToStart(message: string): StopCause {
  const stoppedReason = `CannotStartContainerError: ${message}`
  return { kind: 'failed-to-start', stopCode: 'TaskFailedToStart', stoppedReason }
}

/** The reason of a container whose processes used too much memory. */
export const outOfMemoryReason = 'OutOfMemoryError: Container killed due to memory usage'

function scheduled(kind: 'scale-in' | 'deployment', deployment: string): StopCause {
  const stoppedReason = `Scaling activity initiated by (deployment ${deployment})`
  return { kind, stopCode: 'ServiceSchedulerInitiated', stoppedReason }
}
