import {
  AccessDeniedException,
  ClientException,
  ClusterNotFoundException,
  ConflictException,
  ECSServiceException,
  InvalidParameterException,
  ListTasksCommand,
  ResourceNotFoundException,
  RunTaskCommand,
  ServerException,
  ServiceNotActiveException,
  ServiceNotFoundException,
  UnsupportedFeatureException,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs'
import { describe, expect, test } from 'vitest'
import type { AwsErrorCode } from '../support/ecs/aws-error.ts'
import { ecsDoors } from '../support/ecs/call-log.ts'
import { ManualClock } from '../support/ecs/clock.ts'
import { arnsOf, cluster, protect, sdkSite } from './sdk-site.ts'
import { clientOf, startFake } from './start-fake.ts'

describe('errors and counts', () => {
  const classes: readonly [AwsErrorCode, new (...args: never[]) => ECSServiceException, number][] = [
    ['AccessDeniedException', AccessDeniedException, 1],
    ['ClientException', ClientException, 1],
    ['ClusterNotFoundException', ClusterNotFoundException, 1],
    ['InvalidParameterException', InvalidParameterException, 1],
    ['ResourceNotFoundException', ResourceNotFoundException, 1],
    ['UnsupportedFeatureException', UnsupportedFeatureException, 1],
    ['ServerException', ServerException, 3],
    ['ThrottlingException', ECSServiceException, 3],
  ]

  test.each(classes)('%s arrives as its class', async (code, errorClass, attempts) => {
    const at = await sdkSite(1)
    at.fake.failures.add({ at: 'ecs', failure: { kind: 'error', code, message: 'as planned' } })
    const error = await protect(at.client, arnsOf(at)).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(errorClass)
    expect(error).toMatchObject({ name: code, message: 'as planned' })
    const filter = { door: ecsDoors, operation: 'UpdateTaskProtection' }
    expect(at.fake.calls.calls(filter)).toBe(1)
    expect(at.fake.calls.attempts(filter)).toHaveLength(attempts)
    expect(at.fake.calls.attempts(filter).map(({ attempt }) => attempt)).toEqual(
      Array.from({ length: attempts }, (_, index) => index + 1),
    )
  })

  test.each([
    ['ServiceNotFoundException', ServiceNotFoundException],
    ['ServiceNotActiveException', ServiceNotActiveException],
  ] as const)('%s of UpdateService arrives as its class', async (code, errorClass) => {
    const at = await sdkSite(0)
    at.fake.failures.add({ at: 'ecs', operation: 'UpdateService', failure: { kind: 'error', code } })
    const update = new UpdateServiceCommand({ cluster, service: 'workers', desiredCount: 1 })
    await expect(at.client.send(update)).rejects.toBeInstanceOf(errorClass)
    expect(at.service.desiredCount).toBe(0)
  })

  test('a refused clientToken of RunTask arrives as its class', async () => {
    const at = await sdkSite(0)
    at.fake.failures.add({
      at: 'ecs',
      operation: 'RunTask',
      failure: { kind: 'error', code: 'ConflictException' },
    })
    const run = new RunTaskCommand({ cluster, taskDefinition: 'worker' })
    await expect(at.client.send(run)).rejects.toBeInstanceOf(ConflictException)
  })

  test('the SDK handles a reply that is delayed, lost, about another task or in the past', async () => {
    const at = await sdkSite(1)
    const [task = ''] = arnsOf(at)
    const { promise, resolve } = Promise.withResolvers<void>()
    const held = at.fake.failures.add({ at: 'ecs', times: 1, failure: { kind: 'hold', until: promise } })
    const answer = protect(at.client, [task])
    await held.met
    resolve()
    expect((await answer).protectedTasks).toMatchObject([{ taskArn: task }])
    at.fake.failures.add({ at: 'ecs', times: 1, failure: { kind: 'lost-answer' } })
    expect((await protect(at.client, [task])).protectedTasks).toHaveLength(1)
    at.fake.failures.add({ at: 'ecs', times: 1, failure: { kind: 'wrong-task', taskArn: 'other' } })
    expect((await protect(at.client, [task])).protectedTasks).toMatchObject([{ taskArn: 'other' }])
    at.fake.failures.add({ at: 'ecs', times: 1, failure: { kind: 'past-expiry' } })
    const past = (await protect(at.client, [task])).protectedTasks?.[0]?.expirationDate
    expect(past?.getTime()).toBeLessThan(Date.now())
    expect(at.fake.calls.attempts({ door: 'sdk' }).map(({ outcome }) => outcome)).toEqual([
      'ok',
      'lost',
      'ok',
      'ok',
      'ok',
    ])
  })

  test('a lost reply does not revert the operation', async () => {
    const at = await sdkSite(1)
    at.fake.failures.add({ at: 'ecs', failure: { kind: 'lost-answer' } })
    await expect(protect(at.client, arnsOf(at))).rejects.toThrow()
    expect(at.service.tasks.map((task) => at.fake.isProtected(task))).toEqual([true])
  })

  test('an empty bucket throttles, and the SDK retries', async () => {
    const clock = new ManualClock()
    const fake = await startFake({ clock, buckets: { reads: { burst: 1, perSecond: 1 } } })
    const client = clientOf(fake)
    const list = () => client.send(new ListTasksCommand({ cluster }))
    await list()
    await expect(list()).rejects.toMatchObject({ name: 'ThrottlingException' })
    expect(fake.calls.calls()).toBe(2)
    expect(fake.calls.attempts().map(({ outcome }) => outcome)).toEqual([
      'ok',
      'error ThrottlingException',
      'error ThrottlingException',
      'error ThrottlingException',
    ])
    clock.advance(1_000)
    await list()
    fake.calls.reset()
    expect(fake.calls.calls()).toBe(0)
  })

  test('requires a signature', async () => {
    const fake = await startFake()
    const answer = await fetch(fake.clientConfig.endpoint, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': 'AmazonEC2ContainerServiceV20141113.ListTasks',
      },
      body: '{}',
    })
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({ __type: 'MissingAuthenticationTokenException' })
  })
})
