import { describe, expect, test } from 'vitest'
import { ManualClock } from '../support/ecs/clock.ts'
import { trap } from '../support/ecs/task-programs.ts'
import { runs } from '../support/processes/process-state.ts'
import { only, readyService } from './ready-service.ts'
import { allReady, registerWorker, startFake } from './start-fake.ts'

describe('stopping', () => {
  test('SIGTERM, and a process that handles it ends by itself', async () => {
    const { fake, service, clock } = await readyService(1)
    const task = only(service.tasks)
    service.update({ desiredCount: 0 })
    await task.stopped
    expect(task.container().process.output).toContain('SIGTERM')
    expect(task.describe()).toMatchObject({ lastStatus: 'STOPPED', containers: [{ exitCode: 0 }] })
    clock.advance(30_000)
    expect(fake.events.history.filter(({ type }) => type === 'kill')).toEqual([])
  })

  test('SIGKILL after the stop timeout to a process that ignores SIGTERM', async () => {
    const { fake, service, clock } = await readyService(1, trap('ignore', { stopTimeoutMs: 30_000 }))
    const task = only(service.tasks)
    service.update({ desiredCount: 0 })
    await task.container().process.said('SIGTERM')
    clock.advance(29_999)
    expect(task.container().process.alive).toBe(true)
    expect(fake.events.history.filter(({ type }) => type === 'kill')).toEqual([])
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

  test('STOPPED follows the end of the processes, later if configured', async () => {
    const clock = new ManualClock()
    const fake = await startFake({ clock, deprovisionMs: 5_000 })
    const task = fake.runTask(registerWorker(fake))
    await allReady([task])
    task.stop({ kind: 'user', stopCode: 'UserInitiated', stoppedReason: 'test' })
    await fake.events.until(() => task.status === 'DEPROVISIONING')
    expect(task.container().process.alive).toBe(false)
    clock.advance(5_000)
    await task.stopped
    expect(task.stoppedAt).toBe(clock.now())
  })

  test('a stop timeout above that of Fargate is refused', async () => {
    const fake = await startFake()
    expect(() => registerWorker(fake, trap('heed', { stopTimeoutMs: 120_001 }))).toThrow('at most 120 s')
  })

  test('child processes end with their process', async () => {
    const grandchild = `
      const child = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => 0, 1e6)'])
      child.once('spawn', () => console.log('ready ' + child.pid + ' '))
      process.on('SIGTERM', () => process.exit(0))`
    const { service } = await readyService(1, trap('heed', { command: [process.execPath, '-e', grandchild] }))
    const task = only(service.tasks)
    const pid = Number(/ready (\d+)/.exec(task.container().process.output)?.[1])
    expect(runs(pid)).toBe(true)
    service.update({ desiredCount: 0 })
    await task.stopped
    await expect.poll(() => runs(pid)).toBe(false)
  })
})

test('closing ends every process, including those that ignore SIGTERM', async () => {
  const { fake, service } = await readyService(2, trap('ignore'))
  const processes = service.tasks.map((task) => task.container().process)
  await fake.close()
  expect(processes.map((each) => each.alive)).toEqual([false, false])
  const known = fake.cluster.tasks
  service.update({ desiredCount: 3 })
  expect(fake.cluster.tasks).toEqual(known)
})
