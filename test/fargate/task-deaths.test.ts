import { describe, expect, test } from 'vitest'
import { trap } from '../support/ecs/task-programs.ts'
import { only, readyService, replacementOf, stopKinds, stops } from './ready-service.ts'
import { allReady, registerWorker, startFake } from './start-fake.ts'

describe('deaths without a scheduler', () => {
  test('Spot: SIGTERM despite protection, and a replacement', async () => {
    const at = await readyService(1, trap('heed'), true)
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

  test('Spot interrupts only tasks on Spot', async () => {
    const { fake, service } = await readyService(1)
    expect(() => fake.interruptSpot(only(service.tasks))).toThrow('does not run on Spot')
  })

  test('a vanished machine: no SIGTERM, RUNNING until it is detected', async () => {
    const at = await readyService(1)
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

  test('a scale-in of a machine that vanished undetected', async () => {
    const { fake, service, clock } = await readyService(1)
    const task = only(service.tasks)
    fake.vanish(task, { noticedAfterMs: 60_000 })
    await task.container().process.ended
    service.update({ desiredCount: 0 })
    expect(task.describe()).toMatchObject({ lastStatus: 'STOPPING', desiredStatus: 'STOPPED' })
    clock.advance(60_000)
    await task.stopped
    expect(stopKinds(fake)).toEqual(['scale-in'])
  })

  test('out of memory is the reason of the container', async () => {
    const at = await readyService(1)
    const task = only(at.service.tasks)
    at.fake.exhaustMemory(task)
    await task.stopped
    expect(task.describe()).toMatchObject({
      stopCode: 'EssentialContainerExited',
      containers: [{ exitCode: 137, reason: 'OutOfMemoryError: Container killed due to memory usage' }],
    })
    await replacementOf(at, task)
  })

  test('a crash: the exit code of the process, and a stop of the other containers', async () => {
    const fake = await startFake()
    const crash = 'console.log("ready"); setTimeout(() => process.exit(3), 50)'
    const definition = fake.register({
      family: 'worker',
      containers: [
        trap('heed', { command: [process.execPath, '-e', crash] }),
        trap('heed', { name: 'sidecar' }),
      ],
    })
    const task = fake.runTask(definition)
    await task.stopped
    expect(task.describe()).toMatchObject({
      stopCode: 'EssentialContainerExited',
      stoppedReason: 'Essential container in task exited',
      containers: [{ exitCode: 3 }, { lastStatus: 'STOPPED' }],
    })
  })

  test('a missing program fails to start', async () => {
    const fake = await startFake()
    const definition = registerWorker(fake, trap('heed', { command: ['/nowhere/at-all'] }))
    const task = fake.runTask(definition)
    await task.stopped
    expect(task.describe()).toMatchObject({ stopCode: 'TaskFailedToStart' })
  })

  test('maintenance and failed health checks stop a protected task', async () => {
    const { fake, service } = await readyService(2)
    const [first, second] = service.tasks
    if (first === undefined || second === undefined) throw new Error('no tasks')
    for (const task of [first, second]) fake.cluster.protections.protect(task.arn, 100)
    fake.retire(first)
    fake.failHealthCheck(second)
    await Promise.all([first.stopped, second.stopped])
    expect(stops(fake)).toMatchObject([
      { protectedThen: true, cause: { kind: 'maintenance', stopCode: 'ServiceSchedulerInitiated' } },
      { protectedThen: true, cause: { kind: 'unhealthy', stopCode: 'ServiceSchedulerInitiated' } },
    ])
    expect(second.describe().healthStatus).toBe('UNHEALTHY')
  })
})

describe('inside a task', () => {
  test('a restarted process leaves the task and its addresses unchanged', async () => {
    const { fake, service } = await readyService(1)
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

  test('a restart policy restarts a container that has run for long enough', async () => {
    const { fake, service, clock } = await readyService(1, trap('heed', { restart: { afterMs: 60_000 } }))
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

  test('a sidecar that isn’t essential may end', async () => {
    const fake = await startFake()
    const definition = fake.register({
      family: 'worker',
      containers: [trap('heed'), trap(0, { name: 'sidecar', essential: false })],
    })
    const task = fake.runTask(definition)
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
