import { describe, type TestContext, test } from 'vitest'
import { agentFailure, noTaskRole } from '../support/ecs/agent-reply.ts'
import type { FakeEcs } from '../support/ecs/fake-ecs.ts'
import { workerJobs } from '../support/ecs/tasks/worker-jobs.ts'
import { WorkerSite } from './worker-site.ts'

const { plain, charge, once, goesOn } = workerJobs(async () => '')
const patience = { timeout: '2m' } as const

function openSite(
  { onTestFinished: atEnd }: TestContext,
  prepare?: (fake: FakeEcs) => void,
): Promise<WorkerSite> {
  return WorkerSite.open({ mode: 'required', ...(prepare === undefined ? {} : { prepare }) }, atEnd)
}

function refuseAll(fake: FakeEcs): { lift(): void } {
  return fake.failures.add({ at: 'agent', protectionEnabled: true, failure: agentFailure(noTaskRole) })
}

// Each waits for processes and for minutes of protection most of the time.
test.concurrent('a run that needs protection is claimed once ECS has confirmed it, and its task survives a scale-in', async (context) => {
  const { expect } = context
  let confirm = (): void => undefined
  const until = new Promise<void>((resolve) => {
    confirm = resolve
  })
  const site = await openSite(context, (fake) => {
    fake.failures.add({ at: 'agent', times: 1, failure: { kind: 'hold', until } })
  })
  const { fake, jobs, service } = site
  const run = await jobs.enqueue(charge)
  await expect.poll(() => fake.calls.calls({ door: 'agent' })).toBeGreaterThan(0)
  // Ordinary work continues during the call to ECS.
  await (await jobs.enqueue(plain)).result(patience)
  expect((await jobs.inspector.run(run.id))?.state).toBe('ready')
  confirm()
  await site.said(`charge begun ${run.id}`)
  service.update({ desiredCount: 0 })
  await fake.events.first((event) => event.type === 'service' && event.held !== undefined)
  site.end(run.id)
  expect(await run.result(patience)).toBe('charge')
  // The protection is released after a minute without users; then the task may be stopped.
  const stop = await fake.events.first((event) => event.type === 'stop')
  expect(stop).toMatchObject({ protectedThen: false })
  expect((await jobs.inspector.run(run.id))?.losses).toBe(0)
})

describe.concurrent('an at-most-once step of another run', () => {
  test('begins only under protection; if ECS refuses, the run is marked and waits', async (context) => {
    const { expect } = context
    const refused: { lift(): void }[] = []
    const site = await openSite(context, (fake) => refused.push(refuseAll(fake)))
    const { jobs } = site
    const run = await jobs.enqueue(once)
    await expect.poll(async () => (await jobs.inspector.run(run.id))?.protect).toBe(true)
    expect(await jobs.inspector.run(run.id)).toMatchObject({ state: 'ready', losses: 0, attempt: 1 })
    expect(site.task.container().process.output).not.toContain('once begun')
    for (const plan of refused) plan.lift()
    await site.said(`once begun ${run.id}`)
    expect(site.fake.events.history.some(({ type }) => type === 'protected')).toBe(true)
    site.end(run.id)
    await run.result(patience)
  })

  test('protects its task from a scale-in while its body runs', async (context) => {
    const { expect } = context
    const site = await openSite(context)
    const { fake, jobs, service } = site
    const run = await jobs.enqueue(once)
    await site.said(`once begun ${run.id}`)
    service.update({ desiredCount: 0 })
    await fake.events.first((event) => event.type === 'service' && event.held !== undefined)
    site.end(run.id)
    expect(await run.result(patience)).toBe('once')
    expect(await fake.events.first((event) => event.type === 'stop')).toMatchObject({ protectedThen: false })
  })
})

test.concurrent('after its at-most-once step the rest of a run protects no task', async (context) => {
  const { expect } = context
  const site = await openSite(context)
  const run = await site.jobs.enqueue(goesOn)
  await site.said(`rest begun ${run.id}`)
  await site.fake.events.first((event) => event.type === 'unprotected')
  expect((await site.jobs.inspector.run(run.id))?.state).toBe('running')
  site.end(run.id)
  await run.result(patience)
})

test.concurrent('an idle worker that polls releases its protection', async (context) => {
  const { expect } = context
  const site = await openSite(context)
  const run = await site.jobs.enqueue(charge)
  await site.said(`charge begun ${run.id}`)
  site.end(run.id)
  await run.result(patience)
  await site.fake.events.first((event) => event.type === 'unprotected' || event.type === 'expired')
  expect(site.fake.events.history.some(({ type }) => type === 'unprotected')).toBe(true)
})
