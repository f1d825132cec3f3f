import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type Duration, type Jobs, type StoreOptions } from '../../../../sdk/index.ts'
import { deleteAtExit, deleteNow } from '../../processes/orphans.ts'
import { RedisServer } from '../../redis/redis-server.ts'
import { SeededRandom } from '../../seeded-random.ts'
import type { CapacityShare } from '../capacity.ts'
import { FakeEcs } from '../fake-ecs.ts'
import type { FakeService } from '../fake-service.ts'
import type { FakeTask } from '../fake-task.ts'
import type { TaskDefinition } from '../task-definition.ts'
import { taskProgram } from '../task-programs.ts'
import { type StoryJobs, storyJobs } from './story-jobs.ts'
import { enqueueLoad, type StoryHandle, type StoryPace } from './story-load.ts'
import { StoryLog } from './story-log.ts'
import type { StoryWorkerSpec } from './story-worker-spec.ts'

export interface StoryOptions
  extends Pick<StoryWorkerSpec, 'concurrency' | 'leaseMs' | 'stopTimeoutMs' | 'minuteMs' | 'periodMinutes'> {
  readonly pace: StoryPace
  readonly seed: number
  /** Tasks that the service has from the beginning. */
  readonly tasks: number
  /** Where they run. */
  readonly capacity: readonly [CapacityShare, ...CapacityShare[]]
  /** `leases only`: no worker sees that the connection of another one is gone, as when a machine vanishes without closing any. */
  readonly death: 'seen by peers' | 'leases only'
}

/** How long a task runs before a deployment counts on it: its worker needs that to start. */
const healthyAfterMs = 1_000
/** Node's own default folder: a worker starts in half the time when it finds itself compiled. */
const compileCache = join(tmpdir(), 'node-compile-cache')

/** A fleet on the fake of ECS: a Redis, a service whose tasks are workers, a client, and the faults that hit them. */
export class StorySite implements AsyncDisposable {
  readonly fake: FakeEcs
  readonly service: FakeService
  readonly client: Jobs
  readonly log: StoryLog
  readonly jobs: StoryJobs
  readonly handles: StoryHandle[] = []
  readonly #options: StoryOptions
  readonly #server: RedisServer
  readonly #folder: string
  readonly #random: SeededRandom
  readonly #define: () => TaskDefinition
  readonly #pids = new Map<FakeTask, number>()

  private constructor(
    options: StoryOptions,
    parts: { server: RedisServer; folder: string; fake: FakeEcs; client: Jobs; store: StoreOptions },
  ) {
    this.#options = options
    this.#server = parts.server
    this.#folder = parts.folder
    this.#random = new SeededRandom(options.seed)
    this.fake = parts.fake
    this.client = parts.client
    this.log = new StoryLog(join(parts.folder, 'log.jsonl'))
    this.jobs = storyJobs(this.log.bodyLog)
    const spec: StoryWorkerSpec = { ...options, store: parts.store, log: this.log.bodyLog.file }
    this.#define = () => define(parts.fake, spec)
    this.#keepPids()
    this.service = parts.fake.createService({
      name: 'workers',
      definition: this.#define(),
      desiredCount: options.tasks,
      capacity: options.capacity,
    })
  }

  static async open(options: StoryOptions): Promise<StorySite> {
    const server = await RedisServer.start()
    const folder = mkdtempSync(join(tmpdir(), 'durable-jobs-story-'))
    deleteAtExit(folder)
    const store = { url: await addressFor(server, options.death), namespace: 'story' }
    const fake = await FakeEcs.start({ minuteMs: options.minuteMs, healthyAfterMs })
    return new StorySite(options, {
      server,
      folder,
      fake,
      store,
      client: await connect(`${server.url}?namespace=story`),
    })
  }

  /** Tasks without a requested stop. */
  get tasks(): readonly FakeTask[] {
    return this.service.tasks.filter(({ stopOrdered }) => !stopOrdered)
  }

  /** All tasks that have run so far, in the order they were started. */
  get everyTask(): readonly FakeTask[] {
    return [...this.#pids.keys()]
  }

  /** The warnings and errors of the workers' logs. */
  get warnings(): readonly string[] {
    return this.everyTask.flatMap((task) => {
      const lines = task.container().process.output.split('\n')
      return lines.filter((line) => /"level":[45]0/.test(line)).map((line) => `${this.pidOf(task)}: ${line}`)
    })
  }

  async enqueue(count: number): Promise<readonly StoryHandle[]> {
    const { pace } = this.#options
    const handles = await enqueueLoad(this.client, this.jobs, count, pace, this.#random)
    this.handles.push(...handles)
    return handles
  }

  /** Resolves when all runs so far have ended; rejects if one has not completed. */
  async ended(options: { readonly timeout?: Duration } = {}): Promise<void> {
    await Promise.all(this.handles.map((handle) => handle.result(options)))
  }

  /** The process of a task, also when it has ended. */
  pidOf(task: FakeTask): number {
    return this.#pids.get(task) ?? 0
  }

  /** Resolves when the workers of all tasks have started. */
  async ready(): Promise<void> {
    await Promise.all(this.tasks.map((task) => task.container().process.said('worker started')))
  }

  /** Sets the desired count as an autoscaler does. */
  scaleTo(desiredCount: number): void {
    this.service.update({ desiredCount })
  }

  /** Starts a rolling deployment of a new revision. */
  replaceTasks(): void {
    this.service.update({ definition: this.#define() })
  }

  /** Resolves when the service has as many tasks as desired, all of its newest revision, and their workers have started. */
  async steady(): Promise<void> {
    await this.fake.events.until(() => this.service.steady)
    await this.ready()
  }

  /** The task's machine vanishes: no SIGTERM, and no worker sees its connection end. */
  vanish(task: FakeTask): void {
    this.log.bodyLog.write('killed', { pid: this.pidOf(task) })
    this.fake.vanish(task, { noticedAfterMs: this.#options.leaseMs })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.fake.close()
    await this.client.close()
    this.log.close()
    await this.#server.remove()
    deleteNow(this.#folder)
  }

  /** The event log names processes before they are killed: their open work may start again elsewhere. */
  #keepPids(): void {
    this.fake.events.subscribe((event) => {
      if (event.type === 'task' && event.status === 'RUNNING') {
        this.#pids.set(event.task, event.task.container().process.pid ?? 0)
      }
      if (event.type === 'stop')
        this.log.bodyLog.write('signalled', { pid: this.pidOf(event.task), note: 'SIGTERM' })
      if (event.type === 'kill') this.log.bodyLog.write('killed', { pid: this.pidOf(event.task) })
    })
  }
}

function define(fake: FakeEcs, spec: StoryWorkerSpec): TaskDefinition {
  return fake.register({
    family: 'worker',
    containers: [
      {
        name: 'worker',
        command: [
          process.execPath,
          '--disable-warning=ExperimentalWarning',
          taskProgram('story-worker'),
          JSON.stringify(spec),
        ],
        environment: { NODE_COMPILE_CACHE: compileCache },
        stopTimeoutMs: spec.stopTimeoutMs,
      },
    ],
  })
}

/** The address for workers. A user without permission to list connections leaves them only leases. */
async function addressFor(server: RedisServer, death: StoryOptions['death']): Promise<string> {
  if (death === 'seen by peers') return server.url
  await server.command('ACL', 'SETUSER', 'leases-only', 'on', '>secret', '~*', '&*', '+@all', '-client|list')
  return `redis://leases-only:secret@127.0.0.1:${server.port}`
}
