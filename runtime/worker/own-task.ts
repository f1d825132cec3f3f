import type { Duty } from '../coordination/duty.ts'
import { pause } from '../model/clock.ts'
import type { Protection, TaskIdentitySource } from '../model/protection.ts'
import type { TaskIdentity } from '../model/task-identity.ts'
import type { LostWorkerStore } from '../store/lost-workers.ts'
import type { RunDrainPlan } from '../store/worker-drain.ts'
import type { WorkerInfo } from '../store/worker-info.ts'
import { openProtection } from './open-protection.ts'
import { PeerCheck } from './peer-check.ts'
import { SelfReport } from './self-report.ts'
import type { WorkerConfig } from './worker-options.ts'

type TaskReader = TaskIdentitySource & { close(): Promise<void> }

/** The most that a start waits for its task's identity: one try of the metadata endpoint. */
const knownWithinMs = 2_000

/**
 * A worker's part in its ECS task: the task's identity, its scale-in protection, and the other processes in it. Outside
 * ECS nothing of it is loaded, read or reported.
 */
export class OwnTask {
  readonly protection: Protection | undefined
  readonly report: SelfReport
  readonly #config: WorkerConfig
  readonly #reader: TaskReader | undefined
  #peers: PeerCheck | undefined

  private constructor(
    config: WorkerConfig,
    reader: TaskReader | undefined,
    protection: Protection | undefined,
    drainPlan: () => readonly RunDrainPlan[],
  ) {
    this.#config = config
    this.#reader = reader
    this.protection = protection
    this.report = new SelfReport({
      task: () => reader?.current,
      protection: () => protection?.status,
      drainPlan,
      upMs: () => upMs(config.clock.now(), reader?.current),
      now: () => config.clock.elapsed(),
    })
  }

  /**
   * @param drainPlan What will happen to the worker's runs, while it drains.
   * @throws ProtectionUnavailableError, AwsSdkMissingError, InvalidOptionsError
   */
  static async open(config: WorkerConfig, drainPlan: () => readonly RunDrainPlan[]): Promise<OwnTask> {
    const reader = await openReader(config)
    try {
      return new OwnTask(config, reader, await openProtection(config, reader), drainPlan)
    } catch (error) {
      await reader?.close()
      throw error
    }
  }

  /** Resolves to the task as soon as it's known; to undefined outside ECS, or where the metadata takes too long. */
  async known(): Promise<TaskIdentity | undefined> {
    const reader = this.#reader
    if (reader === undefined || reader.current !== undefined) return reader?.current
    const over = new AbortController()
    reader.onKnown(() => over.abort())
    await pause(this.#config.clock, knownWithinMs, over.signal)
    return reader.current
  }

  /** Calls `listener` whenever there may be news to report. */
  onChange(listener: () => void): void {
    this.#reader?.onKnown(listener)
    this.protection?.onChange(listener)
  }

  /** The leader's duties for the tasks of the fleet. */
  async duties(store: LostWorkerStore): Promise<Duty[]> {
    const reader = this.#reader
    if (reader === undefined) return []
    const [{ TaskDeathsDuty }, { openEcsTasks }] = await Promise.all([
      import('../fargate/task-deaths-duty.ts'),
      import('../fargate/ecs-tasks.ts'),
    ])
    const { clock, log } = this.#config
    return [new TaskDeathsDuty(store, { clock, log, identity: () => reader.current, open: openEcsTasks })]
  }

  /** Begins to tell the task's protection about other workers. */
  watchPeers(workers: () => Promise<readonly WorkerInfo[]>): void {
    const { protection } = this
    if (protection === undefined || this.#peers !== undefined) return
    const { clock, log, peerCheckMs: everyMs } = this.#config
    this.#peers = new PeerCheck({ clock, everyMs, log, protection, workers })
    this.#peers.begin()
  }

  /** Releases protection, and ends its reads. */
  async close(): Promise<void> {
    await this.#peers?.close()
    await this.protection?.close()
    await this.#reader?.close()
  }
}

/**
 * Returns how long the task has been running: a process that was restarted in an old task doesn't make its revision the
 * newest. At least as long as this process, by any clock.
 */
function upMs(now: number, task: TaskIdentity | undefined): number {
  const processMs = process.uptime() * 1_000
  return task?.pulledAt === undefined ? processMs : Math.max(processMs, now - task.pulledAt)
}

/** Code that knows ECS is loaded only in a task. */
async function openReader({ clock, log }: WorkerConfig): Promise<TaskReader | undefined> {
  if (!process.env.ECS_CONTAINER_METADATA_URI_V4) return undefined
  const { openTaskIdentity } = await import('../fargate/open-task-identity.ts')
  return openTaskIdentity({ clock, log })
}
