import { randomBytes } from 'node:crypto'
import type { ProtectionStatus } from '../model/protection.ts'
import type { TaskIdentity } from '../model/task-identity.ts'
import { maxDrainPlans, type RunDrainPlan } from '../store/worker-drain.ts'
import type { ProtectionInfo, WorkerReport } from '../store/worker-report.ts'

/** The facts that a worker can report of itself now. */
export interface SelfReportSources {
  readonly task: () => TaskIdentity | undefined
  readonly protection: () => ProtectionStatus | undefined
  /** Empty unless the worker drains. */
  readonly drainPlan: () => readonly RunDrainPlan[]
  /** How long the task has been running. */
  readonly upMs: () => number
  /** By the elapsed time. */
  readonly now: () => number
}

interface Told {
  readonly task: TaskIdentity | undefined
  readonly protection: ProtectionInfo | undefined
  readonly drainPlan: readonly RunDrainPlan[]
}

/** Of this process; a process that starts later in the same task has another one. */
export const processId: string = randomBytes(6).toString('hex')

/** An end of protection that has moved by less counts as the same. */
const sameEndMs = 1_000

/**
 * Decides whether a worker has news to report. One outside ECS has only while it drains, so that its renewals cost no
 * more; one whose task is idle reports once.
 */
export class SelfReport {
  readonly #sources: SelfReportSources
  #n = 0
  #told = nothing
  #toldEnd = 0

  constructor(sources: SelfReportSources) {
    this.#sources = sources
  }

  /** Returns the whole report, for a store that has none or may have missed the last one. */
  whole(): WorkerReport | undefined {
    const read = this.#read()
    const { task, protection, drainPlan } = read
    const lasting = lastingTextOf(read)
    // An empty plan is reported only after a non-empty one.
    if (lasting === nothing && this.#told === nothing) return undefined
    this.#told = lasting
    this.#toldEnd = this.#endOf(protection)
    return {
      ...{ n: ++this.#n, agoMs: 0 },
      ...(task === undefined ? {} : { task: this.#taskOf(task) }),
      ...(protection === undefined ? {} : { protection }),
      ...(drainPlan.length === 0 ? {} : { drainPlan }),
    }
  }

  /** Returns the report to send now, or undefined if the last one still holds. */
  next(): WorkerReport | undefined {
    const read = this.#read()
    const isSame =
      lastingTextOf(read) === this.#told && Math.abs(this.#endOf(read.protection) - this.#toldEnd) < sameEndMs
    return isSame ? undefined : this.whole()
  }

  #taskOf({ pulledAt: _, ...task }: TaskIdentity): NonNullable<WorkerReport['task']> {
    return { ...task, process: processId, upMs: Math.round(this.#sources.upMs()) }
  }

  #read(): Told {
    const status = this.#sources.protection()
    return {
      task: this.#sources.task(),
      protection: status === undefined ? undefined : toldOf(status),
      drainPlan: this.#sources.drainPlan().slice(0, maxDrainPlans),
    }
  }

  /** When the protection ends unless it's renewed; 0 without one. */
  #endOf(protection: ProtectionInfo | undefined): number {
    return protection === undefined || protection.protectedForMs === 0
      ? 0
      : this.#sources.now() + protection.protectedForMs
  }
}

function toldOf({ mode, state, users, protectedForMs, sharesTask }: ProtectionStatus): ProtectionInfo {
  return {
    ...{ mode, state, users, protectedForMs: Math.round(protectedForMs) },
    ...(sharesTask ? { sharesTask } : {}),
  }
}

/** Equal for reports that differ by time alone. */
function lastingTextOf({ task, protection, drainPlan }: Told): string {
  return JSON.stringify([task?.taskArn, protection && lastingOf(protection), drainPlan])
}

const nothing = lastingTextOf({ task: undefined, protection: undefined, drainPlan: [] })

/** Without `users`: on a busy worker they change with nearly every renewal. */
function lastingOf({ state, protectedForMs, sharesTask }: ProtectionInfo): readonly unknown[] {
  const { kind } = state
  const why = kind === 'refused' ? [state.code, state.detail] : kind === 'closing' ? [state.cause] : []
  return [kind, ...why, protectedForMs > 0, sharesTask]
}
