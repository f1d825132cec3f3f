import { describe, expect, test } from 'vitest'
import { runs } from '../tui/demo/process-state.ts'
import { ManualClock } from './clock.ts'
import type { FakeEcs } from './fake-ecs.ts'
import type { FakeEcsEvent } from './fake-ecs-event.ts'
import type { FakeService } from './fake-service.ts'
import type { FakeTask } from './fake-task.ts'
import { allReady, registerWorker, startFake, trap } from './start-fake.ts'
import type { StopKind } from './stop-cause.ts'

interface Site {
  readonly fake: FakeEcs
  readonly service: FakeService
  readonly clock: ManualClock
}

/** A service whose tasks are ready. Its clock stands still: nothing is killed for being slow unless a test says so. */
async function site(desiredCount: number, container = trap('heed'), spot = false): Promise<Site> {
  const clock = new ManualClock()
  const fake = await startFake({ clock, pick: () => 0 })
  const service = fake.createService({
    name: 'workers',
    definition: registerWorker(fake, container),
    desiredCount,
    ...(spot ? { capacity: [{ capacityProvider: 'FARGATE_SPOT' }] } : {}),
  })
  await allReady(service.tasks)
  await fake.events.until(() => service.steady)
  return { fake, service, clock }
}

function stops(fake: FakeEcs): readonly Extract<FakeEcsEvent, { type: 'stop' }>[] {
  return fake.events.history.filter((event) => event.type === 'stop')
}

function stopKinds(fake: FakeEcs): readonly StopKind[] {
  return stops(fake).map(({ cause }) => cause.kind)
}

function only(tasks: readonly FakeTask[]): FakeTask {
  const [task] = tasks
  if (task === undefined || tasks.length > 1) throw new Error(`${tasks.length} tasks`)
  return task
}

/** Resolves with the task that has taken the place of `gone`. */
async function replacementOf({ fake, service }: Site, gone: FakeTask): Promise<FakeTask> {
  const found = (): FakeTask | undefined =>
    service.tasks.find((task) => task !== gone && task.status === 'RUNNING')
  await fake.events.until(() => found() !== undefined)
  return found() ?? gone
}

describe('stopping', () => {
  test('SIGTERM, and a process that heeds it ends by itself', async () => {
    const { fake, service } = await site(1)
    const task = only(service.tasks)
    service.update({ desiredCount: 0 })
    await task.stopped
    expect(task.container().process.output).toContain('SIGTERM')
    expect(task.describe()).toMatchObject({ lastStatus: 'STOPPED', containers: [{ exitCode: 0 }] })
    expect(fake.events.history.filter(({ type }) => type === 'kill')).toEqual([])
  })

  test('SIGKILL to a process that does not heed it, when the stop timeout is over', async () => {
    const { fake, service, clock } = await site(1, trap('ignore', { stopTimeoutMs: 30_000 }))
    const task = only(service.tasks)
    service.update({ desiredCount: 0 })
    await task.container().process.said('SIGTERM')
    clock.advance(29_999)
    expect(task.container().process.alive).toBe(true)
    expect(task.describe()).toMatchObject({ lastStatus: 'STOPPING', desiredStatus: 'STOPPED' })
    clock.advance(1)
    await task.stopped
    expect(task.describe()).toMatchObject({
      stopCode: 'ServiceSchedulerInitiated',
      containers: [{ exitCode: 137 }],
    })
    expect(fake.events.history.filter(({ type }) => type === 'kill')).toMatchObject([
      { task, container: 'worker' },
    ])
  })

  test('a task that has not started yet just stops', async () => {
    const clock = new ManualClock()
    const fake = await startFake({ clock, startDelayMs: 1_000 })
    const service = fake.createService({ name: 'workers', definition: registerWorker(fake), desiredCount: 1 })
    const task = only(service.tasks)
    expect(task.describe()).toMatchObject({
      lastStatus: 'PROVISIONING',
      containers: [{ lastStatus: 'PENDING' }],
    })
    service.update({ desiredCount: 0 })
    await task.stopped
    clock.advance(1_000)
    expect(task.startedAt).toBeUndefined()
    expect(task.status).toBe('STOPPED')
  })

  test('a stop timeout above that of Fargate is refused', async () => {
    const fake = await startFake()
    expect(() => registerWorker(fake, trap('heed', { stopTimeoutMs: 120_001 }))).toThrow('at most 120 s')
  })

  test('what a process has started ends with it', async () => {
    const grandchild = `
      const child = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => 0, 1e6)'])
      child.once('spawn', () => console.log('ready ' + child.pid + ' '))
      process.on('SIGTERM', () => process.exit(0))`
    const { service } = await site(1, trap('heed', { command: [process.execPath, '-e', grandchild] }))
    const task = only(service.tasks)
    const pid = Number(/ready (\d+)/.exec(task.container().process.output)?.[1])
    expect(runs(pid)).toBe(true)
    service.update({ desiredCount: 0 })
    await task.stopped
    await expect.poll(() => runs(pid)).toBe(false)
  })
})

describe('scale-in', () => {
  test('stops unprotected tasks of the fullest zone, and tells of those that it may not stop', async () => {
    const { fake, service } = await site(6)
    const [a1, b1, c1, a2] = service.tasks
    for (const task of [a1, b1, c1, a2]) fake.cluster.protections.protect(task?.arn ?? '', 100)
    service.update({ desiredCount: 2 })
    await fake.events.until(() => service.tasks.length === 4)
    expect(service.tasks).toEqual([a1, b1, c1, a2])
    expect(stops(fake).map(({ protectedThen }) => protectedThen)).toEqual([false, false])
    const deployment = service.deployments[0]?.id
    expect(service.events[0]).toBe(
      `(service workers) was unable to reach steady state because (taskSet ${deployment}) was unable to scale in ` +
        'due to (reason 2 tasks under protection)',
    )
    expect(service.steady).toBe(false)
  })

  test('goes on when a protection ends or expires', async () => {
    const { fake, service, clock } = await site(2)
    const [first, second] = service.tasks
    fake.cluster.protections.protect(first?.arn ?? '', 1)
    fake.cluster.protections.protect(second?.arn ?? '', 10)
    service.update({ desiredCount: 0 })
    expect(stopKinds(fake)).toEqual([])
    clock.advance(500)
    await first?.stopped
    expect(service.tasks).toEqual([second])
    clock.advance(4_500)
    await second?.stopped
    await fake.events.until(() => service.steady)
    expect(stopKinds(fake)).toEqual(['scale-in', 'scale-in'])
  })
})

describe('deployments', () => {
  test('new tasks first, then the old ones go, then it is completed', async () => {
    const at = await site(2)
    const old = at.service.tasks
    at.service.update({ definition: registerWorker(at.fake) })
    expect(at.service.describe().deployments).toMatchObject([
      { status: 'PRIMARY', rolloutState: 'IN_PROGRESS', runningCount: 2 },
      { status: 'ACTIVE', runningCount: 2 },
    ])
    await Promise.all(old.map((task) => task.stopped))
    await at.fake.events.until(() => at.service.steady)
    expect(stopKinds(at.fake)).toEqual(['deployment', 'deployment'])
    expect(at.service.tasks.map(({ definition }) => definition.revision)).toEqual([2, 2])
    expect(at.service.describe().deployments).toMatchObject([
      { status: 'PRIMARY', rolloutState: 'COMPLETED' },
    ])
    expect(at.service.events[1]).toMatch(/deployment completed\.$/)
  })

  test('a protected old task keeps its deployment ACTIVE until it is done', async () => {
    const { fake, service } = await site(2)
    const [busy, idle] = service.tasks
    if (busy === undefined || idle === undefined) throw new Error('no tasks')
    fake.cluster.protections.protect(busy.arn, 100)
    service.update({ definition: registerWorker(fake) })
    await idle.stopped
    expect(busy.status).toBe('RUNNING')
    expect(service.describe().deployments).toMatchObject([
      { status: 'PRIMARY', rolloutState: 'IN_PROGRESS', runningCount: 2 },
      { status: 'ACTIVE', runningCount: 1, desiredCount: 1 },
    ])
    fake.cluster.protections.end(busy.arn)
    fake.cluster.protectionChanged(busy)
    await busy.stopped
    await fake.events.until(() => service.steady)
    expect(service.deployments).toHaveLength(1)
  })

  test('waits for tasks to be healthy before old ones go', async () => {
    const clock = new ManualClock()
    const fake = await startFake({ clock, healthyAfterMs: 40_000 })
    const service = fake.createService({ name: 'workers', definition: registerWorker(fake), desiredCount: 1 })
    clock.advance(40_000)
    const old = only(service.tasks)
    service.update({ forceNewDeployment: true })
    await allReady(service.tasks)
    clock.advance(39_999)
    await Promise.resolve()
    expect(old.stopOrdered).toBe(false)
    clock.advance(1)
    await old.stopped
    expect(stopKinds(fake)).toEqual(['deployment'])
  })
})

describe('deaths that no scheduler orders', () => {
  test('Spot: SIGTERM in spite of protection, and a replacement', async () => {
    const at = await site(1, trap('heed'), true)
    const task = only(at.service.tasks)
    at.fake.cluster.protections.protect(task.arn, 100)
    at.fake.interruptSpot(task)
    await task.stopped
    expect(task.describe()).toMatchObject({
      capacityProviderName: 'FARGATE_SPOT',
      stopCode: 'SpotInterruption',
      stoppedReason: 'Your Spot Task was interrupted.',
      containers: [{ exitCode: 0 }],
    })
    expect(stops(at.fake)).toMatchObject([{ protectedThen: true, cause: { kind: 'spot' } }])
    expect((await replacementOf(at, task)).capacityProvider).toBe('FARGATE_SPOT')
  })

  test('Spot takes only what runs on Spot', async () => {
    const { fake, service } = await site(1)
    expect(() => fake.interruptSpot(only(service.tasks))).toThrow('does not run on Spot')
  })

  test('a machine vanishes: no SIGTERM, RUNNING until it is noticed', async () => {
    const at = await site(1)
    const task = only(at.service.tasks)
    at.fake.vanish(task, { noticedAfterMs: 60_000 })
    expect(await task.container().process.ended).toEqual({ kind: 'signaled', signal: 'SIGKILL' })
    expect(task.container().process.output).not.toContain('SIGTERM')
    expect(task.describe()).toMatchObject({ lastStatus: 'RUNNING', desiredStatus: 'RUNNING' })
    at.clock.advance(60_000)
    await task.stopped
    expect(task.describe()).toMatchObject({ lastStatus: 'STOPPED', stopCode: 'InfrastructureHealth' })
    await replacementOf(at, task)
  })

  test('a scale-in of a machine that has vanished unnoticed', async () => {
    const { fake, service, clock } = await site(1)
    const task = only(service.tasks)
    fake.vanish(task, { noticedAfterMs: 60_000 })
    await task.container().process.ended
    service.update({ desiredCount: 0 })
    expect(task.describe()).toMatchObject({ lastStatus: 'STOPPING', desiredStatus: 'STOPPED' })
    clock.advance(60_000)
    await task.stopped
    expect(stopKinds(fake)).toEqual(['scale-in'])
  })

  test('out of memory shows in the reason of the container', async () => {
    const at = await site(1)
    const task = only(at.service.tasks)
    at.fake.exhaustMemory(task)
    await task.stopped
    expect(task.describe()).toMatchObject({
      stopCode: 'EssentialContainerExited',
      containers: [{ exitCode: 137, reason: 'OutOfMemoryError: Container killed due to memory usage' }],
    })
    await replacementOf(at, task)
  })

  test('a crash: the code of the process, and the other containers are told to stop', async () => {
    const fake = await startFake()
    const crash = 'console.log("ready"); setTimeout(() => process.exit(3), 50)'
    const definition = fake.register({
      family: 'worker',
      containers: [
        trap('heed', { command: [process.execPath, '-e', crash] }),
        trap('heed', { name: 'sidecar' }),
      ],
    })
    const task = fake.cluster.launch({
      definition,
      group: 'family:worker',
      startedBy: 'test',
      capacityProvider: 'FARGATE',
    })
    await task.stopped
    expect(task.describe()).toMatchObject({
      stopCode: 'EssentialContainerExited',
      stoppedReason: 'Essential container in task exited',
      containers: [{ exitCode: 3 }, { lastStatus: 'STOPPED' }],
    })
  })

  test('a program that is not there fails to start', async () => {
    const fake = await startFake()
    const definition = registerWorker(fake, trap('heed', { command: ['/nowhere/at-all'] }))
    const task = fake.cluster.launch({
      definition,
      group: 'family:worker',
      startedBy: 'test',
      capacityProvider: 'FARGATE',
    })
    await task.stopped
    expect(task.describe()).toMatchObject({ stopCode: 'TaskFailedToStart' })
  })

  test('maintenance and failed health checks stop a protected task', async () => {
    const { fake, service } = await site(2)
    const [first, second] = service.tasks
    if (first === undefined || second === undefined) throw new Error('no tasks')
    for (const task of [first, second]) fake.cluster.protections.protect(task.arn, 100)
    fake.retire(first)
    fake.failHealthCheck(second)
    await Promise.all([first.stopped, second.stopped])
    expect(stops(fake)).toMatchObject([
      { protectedThen: true, cause: { kind: 'maintenance' } },
      { protectedThen: true, cause: { kind: 'unhealthy' } },
    ])
    expect(second.describe().healthStatus).toBe('UNHEALTHY')
  })
})

describe('inside a task', () => {
  test('a process that is started again leaves the task and its addresses as they are', async () => {
    const { fake, service } = await site(1)
    const task = only(service.tasks)
    const before = task.container().process
    const environment = task.environmentOf()
    fake.restartProcess(task)
    await before.ended
    await allReady([task])
    expect(task.container().process.pid).not.toBe(before.pid)
    expect(task.container().restarts).toBe(1)
    expect(task.environmentOf()).toEqual(environment)
    expect(task.describe()).toMatchObject({ lastStatus: 'RUNNING', desiredStatus: 'RUNNING' })
    expect(stops(fake)).toEqual([])
  })

  test('a restart policy starts a container again that has run for long enough', async () => {
    const { fake, service, clock } = await site(1, trap('heed', { restart: { afterMs: 60_000 } }))
    const task = only(service.tasks)
    clock.advance(60_000)
    const before = task.container().process
    process.kill(before.pid ?? 0, 'SIGKILL')
    await before.ended
    await allReady([task])
    expect(task.container().restarts).toBe(1)
    process.kill(task.container().process.pid ?? 0, 'SIGKILL')
    await task.stopped
    expect(stopKinds(fake)).toEqual(['exited'])
  })

  test('a sidecar that is not essential may end', async () => {
    const fake = await startFake()
    const definition = fake.register({
      family: 'worker',
      containers: [trap('heed'), trap(0, { name: 'sidecar', essential: false })],
    })
    const task = fake.cluster.launch({
      definition,
      group: 'family:worker',
      startedBy: 'test',
      capacityProvider: 'FARGATE',
    })
    await task.container('sidecar').process.ended
    await allReady([task])
    expect(task.describe()).toMatchObject({
      lastStatus: 'RUNNING',
      containers: [{ lastStatus: 'RUNNING' }, { lastStatus: 'STOPPED', exitCode: 0 }],
    })
    task.stop({ kind: 'user', stopCode: 'UserInitiated', stoppedReason: 'test' })
    await task.stopped
  })
})

test('closing ends every process, those that ignore SIGTERM too', async () => {
  const { fake, service } = await site(2, trap('ignore'))
  const processes = service.tasks.map((task) => task.container().process)
  await fake.close()
  expect(processes.map((each) => each.alive)).toEqual([false, false])
})

test('capacity goes by base and weight', async () => {
  const clock = new ManualClock()
  const fake = await startFake({ clock })
  const service = fake.createService({
    name: 'workers',
    definition: registerWorker(fake),
    desiredCount: 5,
    capacity: [
      { capacityProvider: 'FARGATE', base: 1, weight: 1 },
      { capacityProvider: 'FARGATE_SPOT', weight: 1 },
    ],
  })
  const providers = service.tasks.map(({ capacityProvider }) => capacityProvider)
  expect(providers.filter((provider) => provider === 'FARGATE_SPOT')).toHaveLength(2)
  expect(providers[0]).toBe('FARGATE')
})
