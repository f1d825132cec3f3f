import type { WorkerDrain } from './worker-drain.ts'
import type { ProtectionInfo, WorkerTask } from './worker-report.ts'

export type QueueOrder = 'turns' | 'strict'

export interface WorkerJob {
  readonly name: string
  readonly version: number
  readonly queue: string
  /** Of the definition's code: a blocked run tries each definition once. */
  readonly digest: string
}

export interface WorkerInfo {
  readonly name: string
  readonly host: string
  readonly pid: number
  readonly node: string
  readonly concurrency: number
  readonly running: number
  readonly draining: boolean
  /** Why it drains and for how much longer; also left out if a worker of an earlier version does not report it. */
  readonly drain?: WorkerDrain
  /**
   * What its last claim said about runs that need scale-in protection: it takes them, or asks for protection first.
   * Left out: neither.
   */
  readonly protectedRuns?: 'takes' | 'may ask'
  /** The ECS task it runs in. Left out: outside ECS, or its metadata hasn't been read yet. */
  readonly task?: WorkerTask
  /** The scale-in protection of that task. Left out if its program configured none. */
  readonly protection?: ProtectionInfo
  /** Left out: every queue that holds runs of its jobs. */
  readonly queues?: readonly string[]
  readonly queueOrder: QueueOrder
  /** Its process is gone or its lease is over: the next worker that checks takes its runs over. */
  readonly lost: boolean
  readonly jobs: readonly WorkerJob[]
  readonly startedAt: number
  readonly seenAgoMs: number
  readonly leaseLeftMs: number
}
