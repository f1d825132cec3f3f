import {
  ClusterNotFoundException,
  GetTaskProtectionCommand,
  InvalidParameterException,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs'
import { describe, expect, test } from 'vitest'
import { ManualClock } from '../support/ecs/clock.ts'
import { idle } from '../support/ecs/task-programs.ts'
import { arnsOf, cluster, protect, sdkSite, unprotect } from './sdk-site.ts'
import { clientOf, registerWorker, startFake } from './start-fake.ts'

describe('task protection through the SDK', () => {
  test('protects until the requested time, two hours by default, and ends it', async () => {
    const clock = new ManualClock()
    const at = await sdkSite(2, clock)
    const [first = '', second = ''] = arnsOf(at)
    const both = await protect(at.client, [first, second])
    expect(both.failures).toEqual([])
    const until = new Date(clock.now() + 120 * 500)
    expect(both.protectedTasks).toEqual([
      { taskArn: first, protectionEnabled: true, expirationDate: until },
      { taskArn: second, protectionEnabled: true, expirationDate: until },
    ])
    const shorter = await protect(at.client, [first], 3)
    expect(shorter.protectedTasks?.[0]?.expirationDate).toEqual(new Date(clock.now() + 1_500))
    const ended = await unprotect(at.client, [second])
    expect(ended.protectedTasks).toEqual([{ taskArn: second, protectionEnabled: false }])
    clock.advance(1_500)
    const read = await at.client.send(new GetTaskProtectionCommand({ cluster, tasks: [first, second] }))
    expect(read.protectedTasks?.map((task) => task.protectionEnabled)).toEqual([false, false])
    expect(at.fake.events.history.filter(({ type }) => type === 'expired')).toHaveLength(1)
  })

  test('accepts ids in place of ARNs', async () => {
    const at = await sdkSite(1)
    const [task] = at.service.tasks
    const answer = await protect(at.client, [task?.id ?? ''])
    expect(answer.protectedTasks?.[0]?.taskArn).toBe(task?.arn)
  })

  test('refuses with DEPLOYMENT_BLOCKED beyond the desired count, in a 200', async () => {
    const at = await sdkSite(2)
    const [first = ''] = arnsOf(at)
    await protect(at.client, [first])
    await at.client.send(new UpdateServiceCommand({ cluster, service: 'workers', desiredCount: 1 }))
    await at.fake.events.until(() => at.service.steady)
    const [left] = at.service.tasks
    expect(left?.arn).toBe(first)
    await at.client.send(new UpdateServiceCommand({ cluster, service: 'workers', forceNewDeployment: true }))
    await at.fake.events.until(() =>
      at.service.tasks.some(({ arn, status }) => arn !== first && status === 'RUNNING'),
    )
    const young = at.service.tasks.find(({ arn }) => arn !== first)?.arn ?? ''
    const refused = await protect(at.client, [young])
    expect(refused).toMatchObject({
      protectedTasks: [],
      failures: [{ arn: young, reason: 'DEPLOYMENT_BLOCKED' }],
    })
    await unprotect(at.client, [first])
    expect((await protect(at.client, [young])).failures).toEqual([])
  })

  test.each([true, false])('renewals beyond the desired count: refused if %s', async (renewalsBlocked) => {
    const fake = await startFake({ renewalsBlocked })
    const service = fake.createService({
      name: 'workers',
      definition: registerWorker(fake, idle()),
      desiredCount: 2,
    })
    const client = clientOf(fake)
    const [first = '', second = ''] = service.tasks.map(({ arn }) => arn)
    await protect(client, [first, second])
    service.update({ desiredCount: 1 })
    const renewed = await protect(client, [first])
    expect(renewed.failures?.map(({ reason }) => reason)).toEqual(
      renewalsBlocked ? ['DEPLOYMENT_BLOCKED'] : [],
    )
    expect(fake.isProtected(fake.task(first))).toBe(true)
  })

  test('refuses tasks without a service, unknown tasks and stopping tasks', async () => {
    const at = await sdkSite(1)
    const standalone = at.fake.runTask(registerWorker(at.fake))
    const [own] = at.service.tasks
    own?.stop({ kind: 'user', stopCode: 'UserInitiated', stoppedReason: 'test' })
    const unknown = at.fake.cluster.arns.task('0'.repeat(32))
    const answer = await protect(at.client, [standalone.arn, unknown, own?.arn ?? ''])
    expect(answer.failures?.map(({ reason }) => reason)).toEqual([
      'TASK_NOT_VALID',
      'MISSING',
      'TASK_NOT_VALID',
    ])
    await unprotect(at.client, [standalone.arn])
    await at.client.send(new GetTaskProtectionCommand({ cluster, tasks: [standalone.arn] }))
    const refused = at.fake.events.history.filter((event) => event.type === 'refused')
    // Three to protect, one to end a protection; reads cause no refusal.
    expect(refused.map((event) => event.protect)).toEqual([true, true, true, false])
  })

  test('refuses bad parameters', async () => {
    const at = await sdkSite(1)
    const eleven = Array.from({ length: 11 }, (_, index) => String(index))
    await expect(protect(at.client, eleven)).rejects.toBeInstanceOf(InvalidParameterException)
    await expect(protect(at.client, arnsOf(at), 0)).rejects.toBeInstanceOf(InvalidParameterException)
    await expect(protect(at.client, arnsOf(at), 2_881)).rejects.toBeInstanceOf(InvalidParameterException)
    const elsewhere = new GetTaskProtectionCommand({ cluster: 'other', tasks: [] })
    await expect(at.client.send(elsewhere)).rejects.toBeInstanceOf(ClusterNotFoundException)
  })
})
