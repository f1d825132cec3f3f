import type { ProtectionState, ProtectionStatus } from '../model/protection.ts'
import type { TaskIdentity } from '../model/task-identity.ts'
import type { RunDrainPlan } from './worker-drain.ts'

/*
 * A worker's report of itself besides its work: its ECS task, that task's scale-in protection, and during a drain what
 * will happen to its runs. It is sent with the registration and with a renewal, and only if something has changed.
 * WR1  Durations are sent, never instants: the store turns them into its own time.
 * WR2  A report replaces the previous one as a whole and is gone with the lease. A late repeat replaces nothing newer.
 * WR3  The ARN of the task is kept beside the worker's name, where transitions read it; only readers read the rest, so
 * that a claim costs nothing more.
 */

/** A worker's whole report of itself. */
export interface WorkerReport {
  /** Grows with each report of a process. */
  readonly n: number
  /** How long ago the durations in it were right. */
  readonly agoMs: number
  /** Left out: outside ECS, or the metadata hasn't been read yet. */
  readonly task?: ReportedTask
  /** Left out: its program configured no scale-in protection. */
  readonly protection?: ProtectionInfo
  /** Left out: it doesn't drain, or holds no more runs. */
  readonly drainPlan?: readonly RunDrainPlan[]
}

/** Its start is sent as `upMs` (WR1). */
type ToldIdentity = Omit<TaskIdentity, 'pulledAt'>

/** `process` is random: it distinguishes two processes of one task. `upMs`: how long its task has been running. */
type ReportedTask = ToldIdentity & { readonly process: string; readonly upMs: number }

/** The stored form of a report, beside its number and when it was right. */
export type StoredReport = Omit<WorkerReport, 'n' | 'agoMs'>

/** The ECS task that a worker runs in. */
export interface WorkerTask extends ToldIdentity {
  /** Random per process: workers of one task with different values are in different processes. */
  readonly process: string
  /** When ECS began to pull the images of the task; if the metadata doesn't say, when the process began. */
  readonly startedAt: number
}

/** The scale-in protection of a worker's task, as its worker last reported it; the durations are those of now. */
export interface ProtectionInfo
  extends Pick<ProtectionStatus, 'mode' | 'state' | 'users' | 'protectedForMs'> {
  /** As of the worker's last other news: it isn't reported for this alone, as it changes with each run. */
  readonly users: number
  /** Another live process has the same task: protection isn't released, it expires. */
  readonly sharesTask?: true
}

/** The id of a task: the last part of its ARN. */
export function taskIdOf(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1)
}

/** Returns how a reader sees a report that was right at `toldAt`; its `drainPlan` belongs to the drain. */
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
