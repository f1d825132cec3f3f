import { test } from 'vitest'
import { explainRun } from '../../runtime/describe/explain-run.ts'
import type { WorkerInfo } from '../../runtime/store/worker-info.ts'
import { taskIdOf } from '../../runtime/store/worker-report.ts'
import { workerJobs } from '../support/ecs/tasks/worker-jobs.ts'
import { WorkerSite } from './worker-site.ts'

const { charge } = workerJobs(async () => '')
const patience = { timeout: '2m' } as const
const polling = { timeout: 60_000 } as const

// Each waits for processes and for minutes of protection most of the time.
test.concurrent('two processes in one task both retain the protection', async ({
  expect,
  onTestFinished: atEnd,
}) => {
  const site = await WorkerSite.open({ mode: 'required', sidecars: ['second'] }, atEnd)
  const { fake, jobs } = site
  const sharing = async () =>
    (await jobs.inspector.workers()).filter(({ protection }) => protection?.sharesTask).length
  await expect.poll(sharing, polling).toBe(2)
  const run = await jobs.enqueue(charge)
  site.end(run.id)
  await run.result(patience)
  await fake.events.first((event) => event.type === 'expired')
  expect(fake.events.history.some(({ type }) => type === 'unprotected')).toBe(false)
})

test.concurrent('in a deployment the old task takes no new protected run; ECS refuses the new task until the old one has ended', async ({
  expect,
  onTestFinished: atEnd,
}) => {
  const site = await WorkerSite.open({ mode: 'required' }, atEnd)
  const { jobs, task: old } = site
  const first = await jobs.enqueue(charge)
  await site.said(`charge begun ${first.id}`)
  const executions = await jobs.inspector.executions(first.id)
  expect(executions).toMatchObject([{ task: taskIdOf(old.arn) }])

  site.deploy()
  const oldWorker = async (): Promise<WorkerInfo | undefined> =>
    (await jobs.inspector.workers()).find(({ lost, task }) => !lost && task?.taskArn === old.arn)
  expect((await oldWorker())?.task).toMatchObject({
    ...{ family: 'worker', revision: String(old.definition.revision), zone: old.zone, launchType: 'FARGATE' },
  })
  const cause = async () => (await oldWorker())?.protection?.state
  await expect.poll(cause, polling).toEqual({ kind: 'closing', cause: 'newer revision' })
  const second = await jobs.enqueue(charge)
  const why = async () => (await explainRun(jobs.inspector, second.id, Date.now())).sentences.join(' ')
  await expect.poll(why, polling).toMatch(/refused protection by ECS \(DEPLOYMENT_BLOCKED: /)
  expect(await why()).toContain('1 worker is of an older revision than another one, and takes no such runs')

  site.end(first.id)
  await first.result(patience)
  site.end(second.id)
  await second.result(patience)
  expect(await jobs.inspector.run(second.id)).toMatchObject({ losses: 0, attempt: 1 })
})
