import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { StopTaskCommand } from '@aws-sdk/client-ecs'
import { expect, onTestFinished, test } from 'vitest'
import { deathText } from '../../runtime/model/death-cause.ts'
import type { HistoryEntry } from '../../runtime/store/store.ts'
import { connect, type Jobs, type LostWorker } from '../../sdk/index.ts'
import type { FakeEcs } from '../support/ecs/fake-ecs.ts'
import type { FakeTask } from '../support/ecs/fake-task.ts'
import type { TaskDefinition } from '../support/ecs/task-definition.ts'
import { taskProgram, trap } from '../support/ecs/task-programs.ts'
import { stubborn } from '../support/ecs/tasks/stubborn-job.ts'
import { only } from './ready-service.ts'
import { clientOf, startFake } from './start-fake.ts'

/** The long cases have their time in `prove`: they wait for tasks that are killed and replaced, again and again. */
const isProving = process.env.DURABLE_JOBS_PROVE_CASES === 'all'
const patience = { timeout: 60_000, interval: 100 } as const

interface Site {
  readonly fake: FakeEcs
  readonly jobs: Jobs
  readonly register: () => TaskDefinition
}

/** Workers in tasks with a sidecar that has ended, on a store in a folder; each is given a run that it never ends. */
async function open(): Promise<Site> {
  const folder = mkdtempSync(join(tmpdir(), 'durable-jobs-deaths-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const store = `sqlite:${join(folder, 'jobs.db')}`
  const fake = await startFake()
  const jobs = await connect(store)
  onTestFinished(() => jobs.close())
  const command = [process.execPath, taskProgram('stubborn-worker'), store] as const
  const register = () =>
    fake.register({
      family: 'worker',
      containers: [
        { name: 'worker', command: [...command], stopTimeoutMs: 1_000 },
        trap(0, { name: 'sidecar', essential: false }),
      ],
    })
  return { fake, jobs, register }
}

/** Resolves to the run that each of these tasks holds. */
async function heldBy({ jobs }: Site, tasks: readonly FakeTask[]): Promise<Map<FakeTask, string>> {
  const held = new Map<FakeTask, string>()
  await expect
    .poll(async () => {
      const workers = await jobs.inspector.workers()
      const { runs } = await jobs.inspector.runs({ states: ['running'], limit: 100 })
      for (const task of tasks) {
        const names = workers.filter((worker) => worker.task?.taskArn === task.arn).map(({ name }) => name)
        const run = runs.find((one) => one.state === 'running' && names.includes(one.worker))
        if (run !== undefined) held.set(task, run.id)
      }
      return held.size
    }, patience)
    .toBe(tasks.length)
  return held
}

/** Resolves to the cause of death of each task, once all are known. */
async function deathsOf({ jobs }: Site, tasks: readonly FakeTask[]): Promise<readonly string[]> {
  let lost: readonly LostWorker[] = []
  const found = (task: FakeTask) => lost.find(({ taskArn }) => taskArn === task.arn)
  await expect
    .poll(async () => {
      lost = await jobs.inspector.lostWorkers()
      return tasks.filter((task) => found(task)?.death === undefined).map(({ id }) => id)
    }, patience)
    .toEqual([])
  return tasks.map((task) => {
    const death = found(task)?.death
    return death === undefined ? '' : deathText(death)
  })
}

async function explained({ jobs }: Site, run: string): Promise<readonly HistoryEntry[]> {
  return (await jobs.inspector.history(run)).filter(({ kind }) => kind === 'explained')
}

/** Each loss of the run has been taken back. */
async function expectTakenBack(site: Site, run: string): Promise<void> {
  const shown = await site.jobs.inspector.run(run)
  expect(shown?.losses).toBeGreaterThan(0)
  expect(shown).not.toHaveProperty('lossStreak')
  const entries = await explained(site, run)
  expect(entries).toHaveLength(shown?.losses ?? 0)
  for (const { reason } of entries) expect(reason).toMatch(/; the loss doesn't count$/)
}

test.runIf(isProving)(
  'runs report what ended a task without a service, and a restart inside a task is no death (npm run prove -- fargate-tasks)',
  async () => {
    const site = await open()
    const { fake, jobs } = site
    const definition = site.register()
    const tasks = Array.from({ length: 4 }, () => fake.runTask(definition))
    const [restarted, gone, greedy, stopped] = tasks as [FakeTask, FakeTask, FakeTask, FakeTask]
    for (const _ of tasks) await jobs.enqueue(stubborn)
    const held = await heldBy(site, tasks)

    fake.restartProcess(restarted)
    fake.vanish(gone)
    fake.exhaustMemory(greedy, 'worker')
    const request = { cluster: fake.clusterName, task: stopped.arn, reason: 'looks stuck' }
    await clientOf(fake).send(new StopTaskCommand(request))
    const deaths = await deathsOf(site, [gone, greedy, stopped])
    expect(deaths[0]).toMatch(
      /^unknown \(InfrastructureHealth: The infrastructure hosting the task is unhealthy/,
    )
    expect(deaths[1]).toBe('out of memory')
    expect(deaths[2]).toMatch(
      /^stopped by a user, SIGKILL after 1 s \(UserInitiated: looks stuck; worker: exit code 137/,
    )

    // A user's stop says nothing about the run; the others may be its work.
    for (const [task, cause] of [
      [gone, undefined],
      [greedy, undefined],
      [stopped, 'exit'],
    ] as const) {
      const entries = await explained(site, held.get(task) ?? '')
      expect(entries).toMatchObject([
        { reason: expect.stringContaining(deaths[[gone, greedy, stopped].indexOf(task)] ?? '') },
      ])
      expect(entries[0]?.cause).toBe(cause)
    }
    // The task of the process that was started again lives, with a worker of its own; its sidecar has ended.
    const lost = await jobs.inspector.lostWorkers()
    expect(lost.find(({ taskArn }) => taskArn === restarted.arn)).not.toHaveProperty('death')
    expect(restarted.status).toBe('RUNNING')
    expect(restarted.container('sidecar').status).toBe('STOPPED')
    await heldBy(site, [restarted])
  },
)

test('a scale-in that kills a task is reported to its run, and counts no loss', async () => {
  const site = await open()
  const { fake } = site
  const service = fake.createService({ name: 'workers', definition: site.register(), desiredCount: 1 })
  // Queries ECS about the other one.
  const bodyLog = fake.runTask(site.register())
  const tasks = [...service.tasks, bodyLog]
  for (const _ of tasks) await site.jobs.enqueue(stubborn)
  const held = await heldBy(site, tasks)
  const shrunk = only(service.tasks)
  service.update({ desiredCount: 0 })
  expect(await deathsOf(site, [shrunk])).toEqual(['stopped by scale-in, SIGKILL after 1 s'])
  await expectTakenBack(site, held.get(shrunk) ?? '')
})

test.runIf(isProving)(
  'stops by the scheduler and by Spot are distinguished, and count no loss (npm run prove -- fargate-tasks)',
  async () => {
    const site = await open()
    const { fake, jobs } = site
    const service = fake.createService({
      name: 'workers',
      definition: site.register(),
      desiredCount: 3,
      capacity: [{ capacityProvider: 'FARGATE_SPOT' }],
    })
    // Queries ECS about the others, even if the service is removed.
    const bodyLog = fake.runTask(site.register())
    const first = service.tasks
    for (const _ of [...first, bodyLog]) await jobs.enqueue(stubborn)
    const held = await heldBy(site, [...first, bodyLog])

    service.update({ desiredCount: 2 })
    const { task: shrunk } = await fake.events.first((event) => event.type === 'stop')
    const [taken, replaced] = first.filter((task) => task !== shrunk)
    if (taken === undefined || replaced === undefined) throw new Error('two tasks were to be left')
    fake.interruptSpot(taken)
    expect(await deathsOf(site, [shrunk, taken])).toEqual([
      'stopped by scale-in, SIGKILL after 1 s',
      'stopped by Spot, SIGKILL after 1 s',
    ])
    service.update({ definition: site.register() })
    expect(await deathsOf(site, [replaced])).toEqual(['stopped by a deployment, SIGKILL after 1 s'])

    // The deployment has also replaced the replacement of the task that Spot interrupted.
    await expect
      .poll(
        async () => (await jobs.inspector.lostWorkers()).filter(({ death }) => death === undefined),
        patience,
      )
      .toEqual([])
    for (const task of [shrunk, taken, replaced]) await expectTakenBack(site, held.get(task) ?? '')
  },
)

test('without the permission the leader logs one line, and losses remain unchanged', async () => {
  const site = await open()
  const { fake, jobs } = site
  const denied = {
    kind: 'error',
    code: 'AccessDeniedException',
    message: 'not authorized to perform: ecs:DescribeTasks',
  } as const
  const plan = fake.failures.add({ at: 'ecs', operation: 'DescribeTasks', failure: denied })
  const definition = site.register()
  const [gone, other] = [fake.runTask(definition), fake.runTask(definition)]
  for (const _ of [gone, other]) await jobs.enqueue(stubborn)
  const held = await heldBy(site, [gone, other])
  fake.vanish(gone)
  await other.container().process.said('ECS is not asked what ended the tasks of lost workers')
  expect(other.container().process.output).toContain('ecs:DescribeTasks')
  expect(plan.hits).toBe(1)
  expect(await jobs.inspector.lostWorkers()).toMatchObject([{ taskArn: gone.arn, seenBy: 'exit', runs: 1 }])
  expect(await jobs.inspector.run(held.get(gone) ?? '')).toMatchObject({ losses: 1, lossStreak: 1 })
  expect(only(fake.tasks)).toBe(other)
})
