import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { ProtectionMode } from '../../runtime/model/protection.ts'
import { connect, type Jobs } from '../../sdk/index.ts'
import type { FakeEcs, FakeEcsOptions } from './fake-ecs.ts'
import type { FakeService } from './fake-service.ts'
import type { FakeTask } from './fake-task.ts'
import { only } from './ready-service.ts'
import { startFake } from './start-fake.ts'
import { taskProgram } from './task-programs.ts'

export interface WorkerSiteOptions {
  readonly mode: ProtectionMode
  /** Before the first task starts. */
  readonly prepare?: (fake: FakeEcs) => void
  /** 1 if left out. */
  readonly desiredCount?: number
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

  private constructor(fake: FakeEcs, jobs: Jobs, service: FakeService, folder: string) {
    this.fake = fake
    this.jobs = jobs
    this.service = service
    this.#folder = folder
  }

  /** Ends with its test. Resolves when its workers have started. @param atEnd That of the test where tests are concurrent. */
  static async open(
    options: WorkerSiteOptions,
    atEnd: (close: () => Promise<void> | void) => void = onTestFinished,
  ): Promise<WorkerSite> {
    const {
      mode,
      prepare,
      desiredCount = 1,
      minuteMs = 1_000,
      buckets = {},
      stopTimeoutMs,
      environment,
    } = options
    const folder = mkdtempSync(join(tmpdir(), 'durable-jobs-fargate-'))
    atEnd(() => rmSync(folder, { recursive: true, force: true }))
    const store = options.store ?? `sqlite:${join(folder, 'jobs.db')}`
    const fake = await startFake({ minuteMs, buckets }, atEnd)
    prepare?.(fake)
    const command = [process.execPath, taskProgram('worker'), store, mode, String(minuteMs)] as const
    const definition = fake.register({
      family: 'worker',
      containers: [
        {
          name: 'worker',
          command: [...command],
          environment: { FOLDER: folder, ...environment },
          ...(stopTimeoutMs === undefined ? {} : { stopTimeoutMs }),
        },
      ],
    })
    const service = fake.createService({ name: 'workers', definition, desiredCount })
    const jobs = await connect(store)
    atEnd(() => jobs.close())
    const site = new WorkerSite(fake, jobs, service, folder)
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

  /** Orders the only task to stop, and resolves with the task that has taken its place once its worker has started. */
  async replaceTask(): Promise<FakeTask> {
    const gone = this.task
    gone.stop({ kind: 'user', stopCode: 'UserInitiated', stoppedReason: 'by a test' })
    const found = (): FakeTask | undefined =>
      this.service.tasks.find((task) => task !== gone && task.status === 'RUNNING')
    await this.fake.events.until(() => found() !== undefined)
    const replacement = found() ?? gone
    await replacement.container().process.said('worker started')
    return replacement
  }
}
