import type { ProtectionState, ProtectionStatus } from '../model/protection.ts'
import type { TaskIdentity } from '../model/task-identity.ts'
import type { RunDrainPlan } from './worker-drain.ts'

/*
 * What a worker tells of itself beside its work: the ECS task it runs in, that task's scale-in protection, and while it drains
 * what becomes of its runs. It tells when it registers and with a renewal, and only when something has changed.
 * WR1  Durations travel, never instants: the store turns them into its own time.
 * WR2  A report replaces the one before it as a whole and is gone with the lease. A late repeat replaces nothing newer.
 * WR3  The ARN of the task is kept beside the worker's name, where transitions read it; the rest is read by readers only, so
 *      that a claim costs nothing more.
 */

/** All that a worker tells of itself. */
export interface WorkerReport {
  /** Grows with each report of a process. */
  readonly n: number
  /** How long ago the durations in it were right. */
  readonly agoMs: number
  /** Left out: outside ECS, or the metadata hasn't been read yet. */
  readonly task?: ReportedTask
  /** Left out: its program asked for no scale-in protection. */
  readonly protection?: ProtectionInfo
  /** Left out: it doesn't drain, or holds no run any more. */
  readonly drainPlan?: readonly RunDrainPlan[]
}

/** Its start travels as `upMs` (WR1). */
type ToldIdentity = Omit<TaskIdentity, 'pulledAt'>

/** `process` is random: it tells two processes of one task apart. `upMs`: how long its task has been running. */
type ReportedTask = ToldIdentity & { readonly process: string; readonly upMs: number }

/** What a store keeps of a report, beside its number and when it was right. */
export type StoredReport = Omit<WorkerReport, 'n' | 'agoMs'>

/** The ECS task that a worker runs in. */
export interface WorkerTask extends ToldIdentity {
  /** Random per process: workers of one task with another one are in another process. */
  readonly process: string
  /** When ECS began to pull the images of the task; where the metadata doesn't tell, when the process began. */
  readonly startedAt: number
}

/** The scale-in protection of a worker's task, as its worker told last; the durations are those of now. */
export interface ProtectionInfo
  extends Pick<ProtectionStatus, 'mode' | 'state' | 'users' | 'protectedForMs'> {
  /** As of the last other news of the worker: it isn't told for their sake alone, as they come and go with each run. */
  readonly users: number
  /** Another live process has the same task: it isn't given back, it expires. */
  readonly sharesTask?: true
}

/** The id of a task: the last part of its ARN. */
export function taskIdOf(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1)
}

/** Returns what a reader is shown of a report that was right at `toldAt`; its `drainPlan` belongs to the drain. */
export function shownReport(
  { task, protection }: StoredReport,
  {
    toldAt,
    now,
    shown,
  }: { readonly toldAt: number; readonly now: number; readonly shown: (at: number) => number },
): { readonly task?: WorkerTask; readonly protection?: ProtectionInfo } {
  return {
    ...(task === undefined ? {} : { task: shownTask(task, shown(toldAt)) }),
    ...(protection === undefined
      ? {}
      : { protection: shownProtection(protection, Math.max(0, now - toldAt)) }),
  }
}

function shownTask({ upMs, ...task }: ReportedTask, toldAt: number): WorkerTask {
  return { ...task, startedAt: toldAt - upMs }
}

function shownProtection(told: ProtectionInfo, passedMs: number): ProtectionInfo {
  return {
    ...told,
    state: stateAfter(told.state, passedMs),
    protectedForMs: Math.max(0, told.protectedForMs - passedMs),
  }
}

function stateAfter(state: ProtectionState, passedMs: number): ProtectionState {
  switch (state.kind) {
    case 'asking':
      return { ...state, forMs: state.forMs + passedMs }
    case 'resting':
      return { ...state, forMs: Math.max(0, state.forMs - passedMs) }
    case 'refused': {
      const { retryInMs } = state
      return retryInMs === undefined ? state : { ...state, retryInMs: Math.max(0, retryInMs - passedMs) }
    }
    case 'idle':
    case 'held':
    case 'closing':
      return state
  }
}
