import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { ProtectionMode } from '../../runtime/model/protection.ts'
import { connect, type Jobs } from '../../sdk/index.ts'
import type { FakeEcs, FakeEcsOptions } from '../support/ecs/fake-ecs.ts'
import type { FakeService } from '../support/ecs/fake-service.ts'
import type { FakeTask } from '../support/ecs/fake-task.ts'
import type { ContainerDefinition, TaskDefinition } from '../support/ecs/task-definition.ts'
import { taskProgram } from '../support/ecs/task-programs.ts'
import { only, replacementOf } from './ready-service.ts'
import { startFake } from './start-fake.ts'

export interface WorkerSiteOptions {
  readonly mode: ProtectionMode
  /** Before the first task starts. */
  readonly prepare?: (fake: FakeEcs) => void
  /** 1 if left out. */
  readonly desiredCount?: number
  /** Names of more containers in each task, with a worker each as the first one. None if left out. */
  readonly sidecars?: readonly string[]
  /** 1 s if left out. */
  readonly minuteMs?: number
  readonly buckets?: FakeEcsOptions['buckets']
  /** Of the container; as ECS has it if left out. */
  readonly stopTimeoutMs?: number
  /** As tasks/worker.ts reads it. */
  readonly environment?: Readonly<Record<string, string>>
  /** In the site's folder if left out. */
  readonly store?: string
}

/** A service whose tasks are real processes with a worker each. */
export class WorkerSite {
  readonly fake: FakeEcs
  readonly jobs: Jobs
  readonly service: FakeService
  readonly #folder: string
  readonly #define: () => TaskDefinition

  private constructor(
    parts: { readonly fake: FakeEcs; readonly jobs: Jobs; readonly service: FakeService },
    folder: string,
    define: () => TaskDefinition,
  ) {
    this.fake = parts.fake
    this.jobs = parts.jobs
    this.service = parts.service
    this.#folder = folder
    this.#define = define
  }

  /** Ends with its test. Resolves when its workers have started. @param atEnd That of the test where tests are concurrent. */
  static async open(
    options: WorkerSiteOptions,
    atEnd: (close: () => Promise<void> | void) => void = onTestFinished,
  ): Promise<WorkerSite> {
    const { prepare, desiredCount = 1, minuteMs = 1_000, buckets = {} } = options
    const folder = mkdtempSync(join(tmpdir(), 'durable-jobs-fargate-'))
    atEnd(() => rmSync(folder, { recursive: true, force: true }))
    const store = options.store ?? `sqlite:${join(folder, 'jobs.db')}`
    const fake = await startFake({ minuteMs, buckets }, atEnd)
    prepare?.(fake)
    const containers = containersOf({ ...options, minuteMs, store }, folder)
    const define = (): TaskDefinition => fake.register({ family: 'worker', containers })
    const service = fake.createService({ name: 'workers', definition: define(), desiredCount })
    const jobs = await connect(store)
    atEnd(() => jobs.close())
    const site = new WorkerSite({ fake, jobs, service }, folder, define)
    await site.eachSaid('worker started')
    return site
  }

  get task(): FakeTask {
    return only(this.service.tasks)
  }

  /** Resolves when the process of the only task has said it. */
  said(text: string): Promise<void> {
    return this.task.container().process.said(text)
  }

  async eachSaid(text: string): Promise<void> {
    await Promise.all(this.service.tasks.map((task) => task.container().process.said(text)))
  }

  /** Lets the body of a run end. */
  end(run: string): void {
    writeFileSync(join(this.#folder, run), '')
  }

  /** Starts a rolling deployment of the next revision, which is as the one before. */
  deploy(): void {
    this.service.update({ definition: this.#define() })
  }

  /** Orders the only task to stop, and resolves with the task that has taken its place once its worker has started. */
  async replaceTask(): Promise<FakeTask> {
    const gone = this.task
    gone.stop({ kind: 'user', stopCode: 'UserInitiated', stoppedReason: 'by a test' })
    const replacement = await replacementOf(this, gone)
    await replacement.container().process.said('worker started')
    return replacement
  }
}

type Containers = readonly [ContainerDefinition, ...ContainerDefinition[]]

function containersOf(
  options: WorkerSiteOptions & { readonly minuteMs: number; readonly store: string },
  folder: string,
): Containers {
  const { mode, minuteMs, store, environment, stopTimeoutMs, sidecars = [] } = options
  const container = (name: string): ContainerDefinition => ({
    name,
    command: [process.execPath, taskProgram('worker'), store, mode, String(minuteMs)],
    environment: { FOLDER: folder, ...environment },
    ...(stopTimeoutMs === undefined ? {} : { stopTimeoutMs }),
  })
  return [container('worker'), ...sidecars.map(container)]
}
