import { describe, expect, test } from 'vitest'
import { capacityFor } from '../support/ecs/capacity.ts'
import { ManualClock } from '../support/ecs/clock.ts'
import type { CapacityProvider } from '../support/ecs/fake-task.ts'
import { only, readyService, stopKinds, stops } from './ready-service.ts'
import { allReady, registerWorker, startFake } from './start-fake.ts'

describe('scale-in', () => {
  test('stops unprotected tasks of the fullest zone, and reports those it may not stop', async () => {
    const { fake, service } = await readyService(6)
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
    const told = fake.events.history.filter((event) => event.type === 'service')
    expect(told.flatMap(({ held }) => held ?? [])).toEqual([2])
    expect(service.steady).toBe(false)
  })

  test('continues when a protection ends or expires', async () => {
    const { fake, service, clock } = await readyService(2)
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
  test('start new tasks first, then stop the old ones, then complete', async () => {
    const at = await readyService(2)
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

  test('remain ACTIVE until a protected old task is done', async () => {
    const { fake, service } = await readyService(2)
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

  test('wait for healthy tasks before old ones stop', async () => {
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

test('capacity is distributed by base and weight', () => {
  const order = (...shares: Parameters<typeof capacityFor>[0]): string => {
    const tasks: { readonly capacityProvider: CapacityProvider }[] = []
    for (let started = 0; started < 4; started++) tasks.push({ capacityProvider: capacityFor(shares, tasks) })
    return tasks.map(({ capacityProvider }) => (capacityProvider === 'FARGATE' ? 'F' : 'S')).join('')
  }
  const spot = { capacityProvider: 'FARGATE_SPOT' } as const
  expect(order(spot, { capacityProvider: 'FARGATE', base: 2, weight: 0 })).toBe('FFSS')
  expect(order({ capacityProvider: 'FARGATE', base: 1 }, spot)).toBe('FFSF')
  expect(order({ ...spot, weight: 3 }, { capacityProvider: 'FARGATE' })).toBe('SSSF')
})
