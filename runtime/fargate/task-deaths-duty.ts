import type { Duty, DutyTerm } from '../coordination/duty.ts'
import type { Clock } from '../model/clock.ts'
import { deathText } from '../model/death-cause.ts'
import type { Logger } from '../model/job.ts'
import { AwsSdkMissingError } from '../model/protection-errors.ts'
import type { TaskIdentity } from '../model/task-identity.ts'
import type { LostWorkerStore, SilentTask } from '../store/lost-workers.ts'
import { AskSchedule } from './ask-schedule.ts'
import type { DescribedTask, PrimaryDeployment } from './described-task.ts'
import type { EcsTasks } from './ecs-tasks.ts'
import { judgeDeath, needsService } from './judge-death.ts'

export interface TaskDeathsDeps {
  readonly clock: Clock
  readonly log: Logger
  /** Of the own task; undefined until it's known. */
  readonly identity: () => TaskIdentity | undefined
  /** Rejects with AwsSdkMissingError. */
  readonly open: (region: string) => Promise<EcsTasks>
}

/** Between two reads of the store. */
const lookEveryMs = 5_000
/** ECS describes this many tasks per call. */
const maxDescribed = 100
/** After calls that failed. */
const failedPauseMs = 30_000
const maxFailedPauseMs = 600_000
/** How far the clocks of the leader and of ECS may be apart. */
const clockSlackMs = 60_000

const fullArn = /^(arn:[^:]+:ecs:[^:]+:\d+:task\/([^/]+)\/)[^/]+$/

/** The own cluster, and how the ARNs of its tasks begin. */
interface Cluster {
  readonly name: string
  readonly arnPrefix: string
}

/** The result of one round about some tasks. */
interface Look {
  readonly ecs: EcsTasks
  readonly cluster: Cluster
  readonly over: AbortSignal
  /** By service; `later`: ECS could not be asked now. */
  readonly primaries: Map<string, PrimaryDeployment | 'unknown' | 'later'>
}

/**
 * Asks ECS what ended the tasks of workers that went silent, and reports it to the store.
 * TD1  It asks only about tasks of the leader's own account, region and cluster.
 * TD2  A lost worker is explained once ECS says that its task is STOPPED. A task that keeps running explains nothing:
 * its process was restarted in it, or was cut off.
 * TD3  A silent worker is ended early only by lastStatus STOPPED of a Fargate task, each lease by itself; the store
 * compares when it last saw the worker (LW5). A task that ECS doesn't know, or that was only told to stop, ends
 * nothing.
 * TD4  Without the SDK or the permission one line is logged, and this process stops asking.
 */
export class TaskDeathsDuty implements Duty {
  readonly name = 'task deaths'
  readonly #store: LostWorkerStore
  readonly #deps: TaskDeathsDeps
  readonly #schedule = new AskSchedule()
  #isOff = false
  #mayReadServices = true
  #failures = 0

  constructor(store: LostWorkerStore, deps: TaskDeathsDeps) {
    this.#store = store
    this.#deps = deps
  }

  async work(term: DutyTerm): Promise<void> {
    let ecs: EcsTasks | undefined
    try {
      while (!term.signal.aborted) {
        const identity = this.#deps.identity()
        const cluster = clusterOf(identity?.taskArn)
        if (!this.#isOff && identity !== undefined && cluster !== undefined) {
          const workers = await this.#due(cluster)
          if (workers.length > 0) ecs ??= await this.#openEcs(identity.region)
          if (workers.length > 0 && ecs !== undefined) {
            await this.#ask({ ecs, cluster, over: term.signal, primaries: new Map() }, workers)
          }
        }
        term.beat()
        await this.#rest(term)
      }
    } finally {
      ecs?.close()
    }
  }

  /** Returns the workers that are due (TD1), as many as one call takes. */
  async #due({ arnPrefix }: Cluster): Promise<readonly SilentTask[]> {
    const told = await this.#store.silentTasks()
    const own = told.filter(({ taskArn }) => taskArn.startsWith(arnPrefix))
    return this.#schedule.due(own, this.#deps.clock.elapsed(), maxDescribed)
  }

  async #openEcs(region: string): Promise<EcsTasks | undefined> {
    try {
      return await this.#deps.open(region)
    } catch (error) {
      if (!AwsSdkMissingError.is(error)) throw error
      this.#turnOff('@aws-sdk/client-ecs is not installed')
      return undefined
    }
  }

  async #ask(look: Look, workers: readonly SilentTask[]): Promise<void> {
    const arns = [...new Set(workers.map(({ taskArn }) => taskArn))]
    const reply = await look.ecs.describe(look.cluster.name, arns, look.over)
    if (look.over.aborted) return
    if (reply.kind === 'denied') return this.#turnOff(reply.detail)
    if (reply.kind === 'failed') return this.#failed(reply.detail)
    this.#failures = 0
    const tasks = new Map(reply.value.map((task) => [task.taskArn, task]))
    for (const worker of workers) {
      const task = tasks.get(worker.taskArn)
      if (task?.lastStatus === 'STOPPED') await this.#stopped(worker, task, look)
      const isRunning = task?.lastStatus === 'RUNNING' && task.desiredStatus === 'RUNNING'
      this.#schedule.putOff(worker, this.#deps.clock.elapsed(), isRunning)
    }
  }

  async #stopped(worker: SilentTask, task: DescribedTask, look: Look): Promise<void> {
    const { lease, taskArn, worker: name } = worker
    if (worker.state === 'silent') {
      if (task.launchType !== 'FARGATE') return
      if ((await this.#store.reclaimStopped(lease, worker.seenAt)) === 'not lost') return
      this.#deps.log.warn(
        { worker: name, task: taskArn },
        'the task of a silent worker has stopped: it is lost',
      )
    }
    const primary = needsService(task) ? await this.#primaryOf(task, look) : undefined
    if (primary === 'later') return
    const death = judgeDeath(task, {
      primary: primary === 'unknown' ? undefined : primary,
      outlivedWorker: this.#schedule.outlived(worker) || this.#stoppedLater(worker, task),
    })
    if ((await this.#store.explainLoss(lease, death)) === 'unknown') return
    const facts = { worker: name, task: taskArn, cause: death.kind }
    this.#deps.log.info(facts, `the end of a lost worker is explained: ${deathText(death)}`)
  }

  /** JD4: the previous leader may have seen the task running after the loss; this one decides by the times. */
  #stoppedLater(worker: SilentTask, { stoppingAt }: DescribedTask): boolean {
    if (worker.state !== 'lost' || stoppingAt === undefined) return false
    return stoppingAt > this.#deps.clock.now() - worker.lostAgoMs + clockSlackMs
  }

  async #primaryOf(
    { group = '' }: DescribedTask,
    look: Look,
  ): Promise<PrimaryDeployment | 'unknown' | 'later'> {
    const service = group.startsWith('service:') ? group.slice('service:'.length) : ''
    if (service === '' || !this.#mayReadServices) return 'unknown'
    const known = look.primaries.get(service)
    if (known !== undefined) return known
    const reply = await look.ecs.primaryDeployment(look.cluster.name, service, look.over)
    if (reply.kind === 'denied') {
      this.#mayReadServices = false
      this.#deps.log.info(
        { reason: reply.detail },
        "without ecs:DescribeServices a scale-in can't be distinguished from a deployment",
      )
    }
    const primary =
      reply.kind === 'reply' ? (reply.value ?? 'unknown') : reply.kind === 'denied' ? 'unknown' : 'later'
    look.primaries.set(service, primary)
    return primary
  }

  async #rest(term: DutyTerm): Promise<void> {
    if (this.#failures === 0) return term.pause(lookEveryMs)
    const ms = Math.min(maxFailedPauseMs, failedPauseMs * 2 ** Math.min(this.#failures - 1, 10))
    // The age of a duty with long pauses must not look like that of a dead one.
    for (
      let left = ms * (0.5 + this.#deps.clock.random() / 2);
      left > 0 && !term.signal.aborted;
      left -= lookEveryMs
    ) {
      term.beat()
      await term.pause(Math.min(left, lookEveryMs))
    }
  }

  #failed(reason: string): void {
    this.#failures++
    if (this.#failures > 1) return
    this.#deps.log.warn(
      { reason },
      'ECS could not be asked what ended the task of a lost worker; trying again',
    )
  }

  #turnOff(reason: string): void {
    this.#isOff = true
    this.#deps.log.info({ reason }, 'ECS is not asked what ended the tasks of lost workers')
  }
}

/** The cluster of a full task ARN; ARNs of the old form don't name it. */
function clusterOf(taskArn = ''): Cluster | undefined {
  const [, arnPrefix, name] = fullArn.exec(taskArn) ?? []
  return arnPrefix === undefined || name === undefined ? undefined : { arnPrefix, name }
}
