import { type DeathCause, type DeathKind, isStop, maxDeathText } from '../model/death-cause.ts'
import type { DescribedTask, PrimaryDeployment } from './described-task.ts'

/*
 * Why a task ended, according to ECS, once it's STOPPED.
 * JD1  Out of memory is the container's own reason. Exit code 137 alone is any SIGKILL.
 * JD2  A stop by the scheduler with its usual reason is a deployment if another deployment than the task's own was the
 * service's primary one, else a scale-in. If that can't be determined it's `service`.
 * JD3  A stop explains a death only if it came before it: a task that was still running when its worker had been lost
 * was not stopped then, even if it was stopped later.
 * JD4  Times of ECS are compared only with each other, as all are by its clock. One exception, for JD3: a task that was
 * told to stop more than a minute after the loss, by the clock of the leader, outlived its worker. A new leader hasn't
 * seen it running.
 */

export interface DeathEvidence {
  /** Of the task's service. Left out: it has none, or ECS could not be asked for it. */
  readonly primary?: PrimaryDeployment | undefined
  /** Whether the task was running, and not told to stop, after its worker had been lost. */
  readonly outlivedWorker: boolean
}

const scalingReason = /^Scaling activity initiated by /
const healthReason = /health checks?\b/i
const memoryReason = /^OutOfMemory/i
const killed = 137

/** Returns why a STOPPED task ended. */
export function judgeDeath(task: DescribedTask, evidence: DeathEvidence): DeathCause {
  const text = rawText(task)
  const kind = kindOf(task, evidence)
  if (evidence.outlivedWorker && isStop(kind)) {
    return { kind: 'unknown', text: cut(`its task was stopped later: ${text}`) }
  }
  return { kind, ...killOf(task, kind), text }
}

/** Returns whether ECS must be asked for the service of a task to distinguish a scale-in from a deployment. */
export function needsService({ stopCode, stoppedReason = '' }: DescribedTask): boolean {
  return stopCode === 'ServiceSchedulerInitiated' && scalingReason.test(stoppedReason)
}

function kindOf(task: DescribedTask, { primary }: DeathEvidence): DeathKind {
  if (isOutOfMemory(task)) return 'out of memory'
  switch (task.stopCode) {
    case 'SpotInterruption':
    // The name of a Spot interruption in 2023.
    case 'TerminationNotice':
      return 'spot'
    case 'UserInitiated':
      return 'user'
    case 'ServiceSchedulerInitiated':
      return schedulerKind(task, primary)
    default:
      return 'unknown'
  }
}

/** JD1. Only for a task with one container, or by its stop code, is it known which end ended the task. */
function isOutOfMemory({ stopCode, containers }: DescribedTask): boolean {
  const isIt = containers.some(({ reason = '' }) => memoryReason.test(reason))
  return isIt && (stopCode === 'EssentialContainerExited' || containers.length === 1)
}

function schedulerKind(task: DescribedTask, primary: PrimaryDeployment | undefined): DeathKind {
  const { stoppedReason = '', startedBy, stoppingAt } = task
  if (healthReason.test(stoppedReason)) return 'unhealthy'
  if (!scalingReason.test(stoppedReason) || primary === undefined || startedBy === undefined) return 'service'
  if (startedBy === primary.id) return 'scale-in'
  // The deployment came after the stop: the primary one at that time is no longer known.
  if (stoppingAt !== undefined && primary.createdAt !== undefined && stoppingAt < primary.createdAt) {
    return 'service'
  }
  return 'deployment'
}

function killOf(task: DescribedTask, kind: DeathKind): Pick<DeathCause, 'killedAfterMs'> {
  const { stoppingAt, executionStoppedAt, containers } = task
  if (!isStop(kind) || !containers.some(({ exitCode }) => exitCode === killed)) return {}
  if (stoppingAt === undefined || executionStoppedAt === undefined) return {}
  return { killedAfterMs: Math.max(0, executionStoppedAt - stoppingAt) }
}

function rawText({ stopCode, stoppedReason, containers }: DescribedTask): string {
  const ends = containers.map(({ name, exitCode, reason }) => {
    const code = exitCode === undefined ? [] : [`exit code ${exitCode}`]
    return `${name}: ${[...code, ...(reason === undefined ? [] : [reason])].join(', ') || 'no exit code'}`
  })
  const stop = [stopCode, stoppedReason].filter((part) => part !== undefined).join(': ')
  return cut([stop, ...ends].filter((part) => part !== '').join('; '))
}

function cut(text: string): string {
  return text.length <= maxDeathText ? text : `${text.slice(0, maxDeathText - 1)}…`
}
