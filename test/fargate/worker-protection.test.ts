import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { ProtectionMode } from '../../runtime/model/protection.ts'
import { connect, type Jobs } from '../../sdk/index.ts'
import { agentFailure, noTaskRole } from './agent-answer.ts'
import type { FakeEcs } from './fake-ecs.ts'
import type { FakeService } from './fake-service.ts'
import type { FakeTask } from './fake-task.ts'
import { only } from './ready-service.ts'
import { startFake } from './start-fake.ts'
import { taskProgram } from './task-programs.ts'
import { workerJobs } from './tasks/worker-jobs.ts'

const { plain, charge, once, goesOn } = workerJobs(async () => '')
const minuteMs = 1_000
const patience = { timeout: '2m' } as const

interface Site {
  readonly fake: FakeEcs
  readonly jobs: Jobs
  readonly service: FakeService
  /** Lets the body of a run end. */
  readonly end: (run: string) => void
  readonly task: () => FakeTask
}

/** A service of one worker in a task, on a store in a folder. */
async function open(mode: ProtectionMode, prepare: (fake: FakeEcs) => void = () => undefined): Promise<Site> {
  const folder = mkdtempSync(join(tmpdir(), 'durable-jobs-fargate-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const store = `sqlite:${join(folder, 'jobs.db')}`
  const fake = await startFake({ minuteMs })
  prepare(fake)
  const command = [process.execPath, taskProgram('worker'), store, mode, String(minuteMs)] as const
  const definition = fake.register({
    family: 'worker',
    containers: [{ name: 'worker', command: [...command] }],
  })
  const service = fake.createService({ name: 'workers', definition, desiredCount: 1 })
  const jobs = await connect(store)
  onTestFinished(() => jobs.close())
  const task = (): FakeTask => only(service.tasks)
  await task().container().process.said('worker started')
  return { fake, jobs, service, task, end: (run) => writeFileSync(join(folder, run), '') }
}

function said(site: Site, text: string): Promise<void> {
  return site.task().container().process.said(text)
}

function refuseAll(fake: FakeEcs): { lift(): void } {
  return fake.failures.add({ at: 'agent', protectionEnabled: true, failure: agentFailure(noTaskRole) })
}

describe('a run that needs protection', () => {
  test('is claimed once ECS has confirmed it, and its task survives a scale-in', async () => {
    let confirm = (): void => undefined
    const until = new Promise<void>((resolve) => {
      confirm = resolve
    })
    const site = await open('required', (fake) => {
      fake.failures.add({ at: 'agent', times: 1, failure: { kind: 'hold', until } })
    })
    const { fake, jobs, service } = site
    const run = await jobs.enqueue(charge)
    await expect.poll(() => fake.calls.calls({ door: 'agent' })).toBeGreaterThan(0)
    // Ordinary work goes on while ECS is asked.
    await (await jobs.enqueue(plain)).result(patience)
    expect((await jobs.inspector.run(run.id))?.state).toBe('ready')
    confirm()
    await said(site, `charge begun ${run.id}`)
    service.update({ desiredCount: 0 })
    await fake.events.first((event) => event.type === 'service' && event.message.includes('under protection'))
    site.end(run.id)
    expect(await run.result(patience)).toBe('charge')
    // The protection is given back after a minute without users; then the task may go.
    const stop = await fake.events.first((event) => event.type === 'stop')
    expect(stop).toMatchObject({ protectedThen: false })
    expect((await jobs.inspector.run(run.id))?.losses).toBe(0)
  })

  test('waits where ECS refuses, and starts when it no longer does', async () => {
    const refused: { lift(): void }[] = []
    const site = await open('required', (fake) => refused.push(refuseAll(fake)))
    const { fake, jobs } = site
    const run = await jobs.enqueue(charge)
    await expect.poll(() => fake.calls.calls({ door: 'agent' })).toBeGreaterThan(0)
    await (await jobs.enqueue(plain)).result(patience)
    expect((await jobs.inspector.run(run.id))?.state).toBe('ready')
    for (const plan of refused) plan.lift()
    await said(site, `charge begun ${run.id}`)
    expect(fake.events.history.some(({ type }) => type === 'protected')).toBe(true)
    site.end(run.id)
    await run.result(patience)
  })

  test.each(['best-effort', 'off'] as const)('starts without it in mode %s', async (mode) => {
    const site = await open(mode, refuseAll)
    const run = await site.jobs.enqueue(charge)
    await said(site, `charge begun ${run.id}`)
    site.end(run.id)
    await run.result(patience)
    expect(site.fake.calls.calls({ door: 'agent' }) > 0).toBe(mode === 'best-effort')
  })

  test('is told when a renewal is refused, and handed over without a loss', async () => {
    const site = await open('required')
    const { fake, jobs } = site
    const run = await jobs.enqueue(charge)
    await said(site, `charge begun ${run.id}`)
    const plan = refuseAll(fake)
    await said(site, `charge told ${run.id} protection lost`)
    await expect.poll(async () => (await jobs.inspector.run(run.id))?.state).toBe('ready')
    plan.lift()
    site.end(run.id)
    await run.result(patience)
    expect(await jobs.inspector.run(run.id)).toMatchObject({ losses: 0, attempt: 1 })
  })
})

describe('an at-most-once step of another run', () => {
  test('begins only under protection; the run is marked and waits where ECS refuses', async () => {
    const refused: { lift(): void }[] = []
    const site = await open('required', (fake) => refused.push(refuseAll(fake)))
    const { jobs } = site
    const run = await jobs.enqueue(once)
    await expect.poll(async () => (await jobs.inspector.run(run.id))?.protect).toBe(true)
    expect(await jobs.inspector.run(run.id)).toMatchObject({ state: 'ready', losses: 0, attempt: 1 })
    expect(site.task().container().process.output).not.toContain('once begun')
    for (const plan of refused) plan.lift()
    await said(site, `once begun ${run.id}`)
    expect(site.fake.events.history.some(({ type }) => type === 'protected')).toBe(true)
    site.end(run.id)
    await run.result(patience)
  })

  test('keeps its task from a scale-in while its body runs', async () => {
    const site = await open('required')
    const { fake, jobs, service } = site
    const run = await jobs.enqueue(once)
    await said(site, `once begun ${run.id}`)
    service.update({ desiredCount: 0 })
    await fake.events.first((event) => event.type === 'service' && event.message.includes('under protection'))
    site.end(run.id)
    expect(await run.result(patience)).toBe('once')
    expect(await fake.events.first((event) => event.type === 'stop')).toMatchObject({ protectedThen: false })
  })
})

test('the rest of a run whose at-most-once step has ended keeps no task', async () => {
  const site = await open('required')
  const run = await site.jobs.enqueue(goesOn)
  await said(site, `rest begun ${run.id}`)
  await site.fake.events.first((event) => event.type === 'unprotected')
  expect((await site.jobs.inspector.run(run.id))?.state).toBe('running')
  site.end(run.id)
  await run.result(patience)
})

test('an idle worker that polls gives its protection back', async () => {
  const site = await open('required')
  const run = await site.jobs.enqueue(charge)
  await said(site, `charge begun ${run.id}`)
  site.end(run.id)
  await run.result(patience)
  await site.fake.events.first((event) => event.type === 'unprotected' || event.type === 'expired')
  expect(site.fake.events.history.some(({ type }) => type === 'unprotected')).toBe(true)
})
