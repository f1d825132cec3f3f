import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { explainRun } from '../../runtime/describe/explain-run.ts'
import type { WorkerInfo } from '../../runtime/store/worker-info.ts'
import { taskIdOf } from '../../runtime/store/worker-report.ts'
import { connect, type Jobs } from '../../sdk/index.ts'
import type { FakeEcs } from './fake-ecs.ts'
import { only } from './ready-service.ts'
import { startFake } from './start-fake.ts'
import type { TaskDefinition } from './task-definition.ts'
import { taskProgram } from './task-programs.ts'
import { workerJobs } from './tasks/worker-jobs.ts'

const { charge } = workerJobs(async () => '')
const minuteMs = 1_000
const patience = { timeout: '2m' } as const

interface Site {
  readonly fake: FakeEcs
  readonly jobs: Jobs
  /** Registers a revision of the family `worker` whose tasks have these containers. */
  readonly register: (first: string, ...others: readonly string[]) => TaskDefinition
  readonly worker: (fits: (worker: WorkerInfo) => boolean) => Promise<WorkerInfo | undefined>
  /** Lets the body of a run end. */
  readonly end: (run: string) => void
}

async function open(): Promise<Site> {
  const folder = mkdtempSync(join(tmpdir(), 'durable-jobs-identity-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const store = `sqlite:${join(folder, 'jobs.db')}`
  const fake = await startFake({ minuteMs })
  const command = [process.execPath, taskProgram('worker'), store, 'required', String(minuteMs)] as const
  const jobs = await connect(store)
  onTestFinished(() => jobs.close())
  return {
    ...{ fake, jobs },
    register: (first, ...others) => {
      const container = (name: string) => ({ name, command: [...command] }) as const
      return fake.register({ family: 'worker', containers: [container(first), ...others.map(container)] })
    },
    worker: async (fits) => (await jobs.inspector.workers()).find((one) => !one.lost && fits(one)),
    end: (run) => writeFileSync(join(folder, run), ''),
  }
}

const polling = { timeout: 60_000 } as const

test('of two processes in one task neither gives the protection back', async () => {
  const site = await open()
  const { fake, jobs } = site
  fake.createService({ name: 'workers', definition: site.register('worker', 'second'), desiredCount: 1 })
  const sharing = async () =>
    (await jobs.inspector.workers()).filter(({ protection }) => protection?.sharesTask).length
  await expect.poll(sharing, polling).toBe(2)
  const run = await jobs.enqueue(charge)
  site.end(run.id)
  await run.result(patience)
  await fake.events.first((event) => event.type === 'expired')
  expect(fake.events.history.some(({ type }) => type === 'unprotected')).toBe(false)
})

test('in a deployment the old task takes no new protected run; ECS refuses the new one until the old one has ended', async () => {
  const site = await open()
  const { fake, jobs } = site
  const service = fake.createService({
    name: 'workers',
    definition: site.register('worker'),
    desiredCount: 1,
  })
  const [old] = [only(service.tasks)]
  await old.container().process.said('worker started')
  const first = await jobs.enqueue(charge)
  await old.container().process.said(`charge begun ${first.id}`)
  const executions = await jobs.inspector.executions(first.id)
  expect(executions).toMatchObject([{ task: taskIdOf(old.arn) }])

  service.update({ definition: site.register('worker') })
  const oldWorker = () => site.worker(({ task }) => task?.taskArn === old.arn)
  expect((await oldWorker())?.task).toMatchObject({
    ...{ family: 'worker', revision: String(old.definition.revision), zone: old.zone, launchType: 'FARGATE' },
  })
  const cause = async () => (await oldWorker())?.protection?.state
  await expect.poll(cause, polling).toEqual({ kind: 'closing', cause: 'newer revision' })
  const second = await jobs.enqueue(charge)
  const why = async () => (await explainRun(jobs.inspector, second.id, Date.now())).sentences.join(' ')
  await expect.poll(why, polling).toMatch(/refused it by ECS \(DEPLOYMENT_BLOCKED: /)
  expect(await why()).toContain('1 worker is of an older revision than one that has started, and takes none')

  site.end(first.id)
  await first.result(patience)
  site.end(second.id)
  await second.result(patience)
  expect(await jobs.inspector.run(second.id)).toMatchObject({ losses: 0, attempt: 1 })
})
