import { describe, expect, test } from 'vitest'
import { workerJobs } from '../support/ecs/tasks/worker-jobs.ts'
import { WorkerSite } from './worker-site.ts'

const { charge, deaf, once } = workerJobs(async () => '')
const patience = { timeout: '2m' } as const

describe.concurrent('a task that stops while a step ignores its signal', () => {
  test('the worker abandons the step in time: it runs again elsewhere, and no loss is counted', async ({
    onTestFinished: atEnd,
  }) => {
    const site = await WorkerSite.open({ mode: 'off', environment: { STOP_TIMEOUT: '2000' } }, atEnd)
    const run = await site.jobs.enqueue(deaf)
    await site.said(`deaf begun ${run.id}`)
    const first = site.task
    const second = await site.replaceTask()
    await first.stopped
    expect(first.container().exitCode).toBe(0)
    await second.container().process.said(`deaf begun ${run.id}`)
    site.end(run.id)
    expect(await run.result(patience)).toBe('deaf')
    expect(second.container().process.output).not.toContain('stored begun')
    expect(await site.jobs.inspector.run(run.id)).toMatchObject({ losses: 0, attempt: 1 })
  })

  test('SIGKILL cuts a step that blocks its process: it runs again elsewhere, with a loss and no failure', async ({
    onTestFinished: atEnd,
  }) => {
    const site = await WorkerSite.open(
      { mode: 'off', environment: { BLOCK: '1' }, stopTimeoutMs: 500 },
      atEnd,
    )
    const run = await site.jobs.enqueue(deaf)
    await site.said(`deaf begun ${run.id}`)
    const first = site.task
    const replaced = site.replaceTask()
    await site.fake.events.first(({ type }) => type === 'kill')
    await first.stopped
    site.end(run.id)
    const second = await replaced
    expect(await run.result(patience)).toBe('deaf')
    expect(first.container().exitCode).toBe(137)
    await second.container().process.said(`deaf begun ${run.id}`)
    expect(second.container().process.output).not.toContain('stored begun')
    expect(await site.jobs.inspector.run(run.id)).toMatchObject({ losses: 1, attempt: 1 })
  })
})

describe.concurrent('a task that stops inside an at-most-once body', () => {
  const unknown = 'what became of the step is unknown'

  test('the body continues after other steps are cut, until the process must end: exit 0', async ({
    onTestFinished: atEnd,
  }) => {
    const environment = { STOP_TIMEOUT: '10000' }
    const site = await WorkerSite.open({ mode: 'off', environment, stopTimeoutMs: 60_000 }, atEnd)
    const run = await site.jobs.enqueue(once)
    await site.said(`once begun ${run.id}`)
    const first = site.task
    const replaced = site.replaceTask()
    await first.container().process.said("it isn't cut")
    site.end(run.id)
    await first.stopped
    expect(first.container().exitCode).toBe(0)
    expect(first.container().process.output).not.toContain(unknown)
    expect(await run.result(patience)).toBe('once')
    await replaced
    expect(await site.jobs.inspector.run(run.id)).toMatchObject({ losses: 0, attempt: 1 })
  })

  test('if the body runs too long, the process ends in time: exit 1, and the step is unknown', async ({
    onTestFinished: atEnd,
  }) => {
    const environment = { STOP_TIMEOUT: '1000' }
    const site = await WorkerSite.open({ mode: 'off', environment, stopTimeoutMs: 60_000 }, atEnd)
    const run = await site.jobs.enqueue(once)
    await site.said(`once begun ${run.id}`)
    const first = site.task
    await site.replaceTask()
    await first.stopped
    expect(first.container().exitCode).toBe(1)
    expect(first.container().process.output).toContain(unknown)
    await expect(run.result(patience)).rejects.toMatchObject({ cause: { code: 'STEP_UNKNOWN' } })
  })

  test('a second signal does not wait for the body', async ({ onTestFinished: atEnd }) => {
    const environment = { STOP_TIMEOUT: '3600000' }
    const site = await WorkerSite.open({ mode: 'off', environment }, atEnd)
    const run = await site.jobs.enqueue(once)
    await site.said(`once begun ${run.id}`)
    const { process: worker } = site.task.container()
    worker.terminate()
    await worker.said('draining')
    worker.terminate()
    expect(await worker.ended).toEqual({ kind: 'exited', code: 1 })
    expect(worker.output).toContain(unknown)
  })
})

test.concurrent('a process that restarts in its task: its run continues there, protected again, with one loss and no false death', async ({
  onTestFinished: atEnd,
}) => {
  const site = await WorkerSite.open({ mode: 'required' }, atEnd)
  const { fake, jobs, task } = site
  const run = await jobs.enqueue(charge)
  await site.said(`charge begun ${run.id}`)
  const before = task.container().process
  const earlier = fake.events.history.length
  fake.restartProcess(task)
  await before.ended
  expect(task.container().restarts).toBe(1)
  await site.said(`charge begun ${run.id}`)
  // Not by the protection that ECS granted to the previous process.
  expect(fake.events.history.slice(earlier).some(({ type }) => type === 'protected')).toBe(true)
  site.end(run.id)
  await run.result(patience)
  await fake.events.until(() => !fake.isProtected(task))
  expect(await jobs.inspector.run(run.id)).toMatchObject({ losses: 1, attempt: 1 })
  expect((await jobs.inspector.workers()).filter(({ lost }) => !lost)).toHaveLength(1)
  expect(fake.events.history.filter(({ type }) => type === 'stop')).toEqual([])
})
