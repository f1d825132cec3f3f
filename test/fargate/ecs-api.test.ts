import {
  AccessDeniedException,
  ClientException,
  ClusterNotFoundException,
  DescribeServicesCommand,
  DescribeTasksCommand,
  type ECSClient,
  ECSServiceException,
  GetTaskProtectionCommand,
  InvalidParameterException,
  ListServicesCommand,
  ListTasksCommand,
  ResourceNotFoundException,
  RunTaskCommand,
  ServerException,
  ServiceNotFoundException,
  StopTaskCommand,
  UnsupportedFeatureException,
  UpdateServiceCommand,
  UpdateTaskProtectionCommand,
} from '@aws-sdk/client-ecs'
import { describe, expect, test } from 'vitest'
import type { AwsErrorCode } from './aws-error.ts'
import { ecsDoors } from './call-log.ts'
import { ManualClock } from './clock.ts'
import type { FakeEcs } from './fake-ecs.ts'
import type { FakeService } from './fake-service.ts'
import { allReady, clientOf, idle, registerWorker, startFake } from './start-fake.ts'

const cluster = 'fake'

interface Site {
  readonly fake: FakeEcs
  readonly client: ECSClient
  readonly service: FakeService
}

async function site(desiredCount = 2, clock?: ManualClock): Promise<Site> {
  const fake = await startFake(clock === undefined ? {} : { clock })
  const service = fake.createService({ name: 'workers', definition: registerWorker(fake), desiredCount })
  await fake.events.until(() => service.steady)
  return { fake, client: clientOf(fake), service }
}

function arnsOf({ service }: Site): string[] {
  return service.tasks.map(({ arn }) => arn)
}

async function protect(at: Site, tasks: string[], minutes?: number): ReturnType<typeof send> {
  return send(at.client, tasks, true, minutes)
}

function send(client: ECSClient, tasks: string[], protectionEnabled: boolean, expiresInMinutes?: number) {
  return client.send(new UpdateTaskProtectionCommand({ cluster, tasks, protectionEnabled, expiresInMinutes }))
}

describe('task protection through the SDK', () => {
  test('protects until the time asked for, two hours if none, and ends it', async () => {
    const clock = new ManualClock()
    const at = await site(2, clock)
    const [first = '', second = ''] = arnsOf(at)
    const both = await protect(at, [first, second])
    expect(both.failures).toEqual([])
    const until = new Date(clock.now() + 120 * 500)
    expect(both.protectedTasks).toEqual([
      { taskArn: first, protectionEnabled: true, expirationDate: until },
      { taskArn: second, protectionEnabled: true, expirationDate: until },
    ])
    const shorter = await protect(at, [first], 3)
    expect(shorter.protectedTasks?.[0]?.expirationDate).toEqual(new Date(clock.now() + 1_500))
    const ended = await send(at.client, [second], false)
    expect(ended.protectedTasks).toEqual([{ taskArn: second, protectionEnabled: false }])
    clock.advance(1_500)
    const read = await at.client.send(new GetTaskProtectionCommand({ cluster, tasks: [first, second] }))
    expect(read.protectedTasks?.map((task) => task.protectionEnabled)).toEqual([false, false])
    expect(at.fake.events.history.filter(({ type }) => type === 'expired')).toHaveLength(1)
  })

  test('takes ids for ARNs', async () => {
    const at = await site(1)
    const [task] = at.service.tasks
    const answer = await protect(at, [task?.id ?? ''])
    expect(answer.protectedTasks?.[0]?.taskArn).toBe(task?.arn)
  })

  test('refuses with DEPLOYMENT_BLOCKED beyond the desired count, in a 200', async () => {
    const at = await site(2)
    const [first = ''] = arnsOf(at)
    await protect(at, [first])
    await at.client.send(new UpdateServiceCommand({ cluster, service: 'workers', desiredCount: 1 }))
    await at.fake.events.until(() => at.service.steady)
    const [left] = at.service.tasks
    expect(left?.arn).toBe(first)
    await at.client.send(new UpdateServiceCommand({ cluster, service: 'workers', forceNewDeployment: true }))
    await at.fake.events.until(() =>
      at.service.tasks.some(({ arn, status }) => arn !== first && status === 'RUNNING'),
    )
    const young = at.service.tasks.find(({ arn }) => arn !== first)?.arn ?? ''
    const refused = await protect(at, [young])
    expect(refused).toMatchObject({
      protectedTasks: [],
      failures: [{ arn: young, reason: 'DEPLOYMENT_BLOCKED' }],
    })
    await send(at.client, [first], false)
    expect((await protect(at, [young])).failures).toEqual([])
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
    await send(client, [first, second], true)
    service.update({ desiredCount: 1 })
    const renewed = await send(client, [first], true)
    expect(renewed.failures?.map(({ reason }) => reason)).toEqual(
      renewalsBlocked ? ['DEPLOYMENT_BLOCKED'] : [],
    )
    expect(fake.isProtected(fake.task(first))).toBe(true)
  })

  test('refuses tasks without a service, unknown ones and those that stop', async () => {
    const at = await site(1)
    const standalone = at.fake.cluster.launch({
      definition: registerWorker(at.fake),
      group: 'family:worker',
      startedBy: undefined,
      capacityProvider: 'FARGATE',
    })
    const [own] = at.service.tasks
    own?.stop({ kind: 'user', stopCode: 'UserInitiated', stoppedReason: 'test' })
    const unknown = at.fake.cluster.arns.task('0'.repeat(32))
    const answer = await protect(at, [standalone.arn, unknown, own?.arn ?? ''])
    expect(answer.failures?.map(({ reason }) => reason)).toEqual([
      'TASK_NOT_VALID',
      'MISSING',
      'TASK_NOT_VALID',
    ])
  })

  test('refuses bad parameters', async () => {
    const at = await site(1)
    const eleven = Array.from({ length: 11 }, (_, index) => String(index))
    await expect(protect(at, eleven)).rejects.toBeInstanceOf(InvalidParameterException)
    await expect(protect(at, arnsOf(at), 0)).rejects.toBeInstanceOf(InvalidParameterException)
    await expect(protect(at, arnsOf(at), 2_881)).rejects.toBeInstanceOf(InvalidParameterException)
    const elsewhere = new GetTaskProtectionCommand({ cluster: 'other', tasks: [] })
    await expect(at.client.send(elsewhere)).rejects.toBeInstanceOf(ClusterNotFoundException)
  })
})

describe('tasks and services through the SDK', () => {
  test('describes a running task and a service as AWS does', async () => {
    const at = await site(2)
    const [task] = at.service.tasks
    const unknown = at.fake.cluster.arns.task('0'.repeat(32))
    const described = await at.client.send(
      new DescribeTasksCommand({ cluster, tasks: [task?.id ?? '', unknown] }),
    )
    expect(described.failures).toEqual([{ arn: unknown, reason: 'MISSING' }])
    expect(described.tasks).toMatchObject([
      {
        taskArn: task?.arn,
        clusterArn: 'arn:aws:ecs:eu-central-1:123456789012:cluster/fake',
        taskDefinitionArn: 'arn:aws:ecs:eu-central-1:123456789012:task-definition/worker:1',
        group: 'service:workers',
        startedBy: at.service.deployments[0]?.id,
        lastStatus: 'RUNNING',
        desiredStatus: 'RUNNING',
        launchType: 'FARGATE',
        cpu: '1024',
        memory: '2048',
        startedAt: new Date(task?.startedAt ?? 0),
        containers: [{ name: 'worker', lastStatus: 'RUNNING' }],
      },
    ])
    const services = await at.client.send(
      new DescribeServicesCommand({ cluster, services: ['workers', 'none'] }),
    )
    expect(services.failures).toMatchObject([{ reason: 'MISSING' }])
    expect(services.services).toMatchObject([
      {
        serviceName: 'workers',
        status: 'ACTIVE',
        desiredCount: 2,
        runningCount: 2,
        pendingCount: 0,
        deployments: [{ status: 'PRIMARY', rolloutState: 'COMPLETED', desiredCount: 2, runningCount: 2 }],
        events: [{ message: '(service workers) has reached a steady state.' }, {}, {}],
        availabilityZoneRebalancing: 'DISABLED',
      },
    ])
    expect(new Set(at.service.tasks.map(({ zone }) => zone)).size).toBe(2)
  })

  test('lists tasks in pages and by filter', async () => {
    const at = await site(3)
    const pages: string[] = []
    let nextToken: string | undefined
    do {
      const page = await at.client.send(new ListTasksCommand({ cluster, maxResults: 2, nextToken }))
      pages.push(...(page.taskArns ?? []))
      nextToken = page.nextToken
    } while (nextToken !== undefined)
    expect(pages.toSorted()).toEqual(arnsOf(at).toSorted())
    const by = async (filter: object): Promise<number> =>
      (await at.client.send(new ListTasksCommand({ cluster, ...filter }))).taskArns?.length ?? 0
    expect(await by({ serviceName: 'workers' })).toBe(3)
    expect(await by({ family: 'other' })).toBe(0)
    expect(await by({ startedBy: at.service.deployments[0]?.id })).toBe(3)
    expect(await by({ desiredStatus: 'STOPPED' })).toBe(0)
    await expect(by({ serviceName: 'none' })).rejects.toBeInstanceOf(ServiceNotFoundException)
  })

  test('runs tasks of no service, with other commands and variables, and stops them', async () => {
    const at = await site(0)
    const ran = await at.client.send(
      new RunTaskCommand({
        cluster,
        taskDefinition: 'worker',
        count: 2,
        startedBy: 'me',
        overrides: {
          containerOverrides: [
            {
              name: 'worker',
              command: [
                process.execPath,
                '-e',
                'console.log(process.env.GREETING); setInterval(() => 0, 1e6)',
              ],
              environment: [{ name: 'GREETING', value: 'hello' }],
            },
          ],
        },
      }),
    )
    expect(ran.tasks).toMatchObject([{ startedBy: 'me', group: 'family:worker' }, { startedBy: 'me' }])
    const task = at.fake.task(ran.tasks?.[0]?.taskArn ?? '')
    await at.fake.events.until(() => task.status === 'RUNNING')
    await task.container().process.said('hello')
    const stopped = await at.client.send(new StopTaskCommand({ cluster, task: task.arn, reason: 'enough' }))
    expect(stopped.task).toMatchObject({
      desiredStatus: 'STOPPED',
      stopCode: 'UserInitiated',
      stoppedReason: 'enough',
    })
    await task.stopped
    const listed = await at.client.send(new ListTasksCommand({ cluster, desiredStatus: 'STOPPED' }))
    expect(listed.taskArns).toEqual([task.arn])
  })

  test('a stopped task can be described for an hour', async () => {
    const clock = new ManualClock()
    const at = await site(1, clock)
    const [task] = at.service.tasks
    if (task === undefined) throw new Error('no task')
    await allReady([task])
    at.service.update({ desiredCount: 0 })
    await task.stopped
    const describeIt = () => at.client.send(new DescribeTasksCommand({ cluster, tasks: [task.arn] }))
    expect((await describeIt()).tasks).toMatchObject([
      {
        lastStatus: 'STOPPED',
        stopCode: 'ServiceSchedulerInitiated',
        stoppedReason: `Scaling activity initiated by (deployment ${task.startedBy})`,
        stoppingAt: new Date(clock.now()),
        stoppedAt: new Date(clock.now()),
        containers: [{ exitCode: 0 }],
      },
    ])
    clock.advance(60 * 500)
    expect((await describeIt()).failures).toMatchObject([{ reason: 'MISSING' }])
  })

  test('names what is not there', async () => {
    const at = await site(0)
    const noService = new UpdateServiceCommand({ cluster, service: 'none', desiredCount: 1 })
    await expect(at.client.send(noService)).rejects.toBeInstanceOf(ServiceNotFoundException)
    const noDefinition = new RunTaskCommand({ cluster, taskDefinition: 'none' })
    await expect(at.client.send(noDefinition)).rejects.toBeInstanceOf(ClientException)
    const noTask = new StopTaskCommand({ cluster, task: 'none' })
    await expect(at.client.send(noTask)).rejects.toBeInstanceOf(InvalidParameterException)
    await expect(at.client.send(new ListServicesCommand({ cluster }))).rejects.toMatchObject({
      name: 'UnknownOperationException',
    })
    await expect(at.client.send(new ListTasksCommand({}))).rejects.toBeInstanceOf(ClusterNotFoundException)
  })
})

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
    const at = await site(1)
    at.fake.failures.add({ at: 'ecs', failure: { kind: 'error', code, message: 'as planned' } })
    const error = await protect(at, arnsOf(at)).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(errorClass)
    expect(error).toMatchObject({ name: code, message: 'as planned' })
    const filter = { door: ecsDoors, operation: 'UpdateTaskProtection' }
    expect(at.fake.calls.calls(filter)).toBe(1)
    expect(at.fake.calls.attempts(filter)).toHaveLength(attempts)
    expect(at.fake.calls.attempts(filter).map(({ attempt }) => attempt)).toEqual(
      Array.from({ length: attempts }, (_, index) => index + 1),
    )
  })

  test('an empty bucket throttles, and the SDK tries again', async () => {
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

  test('wants a signature', async () => {
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

  test('a sixth unfinished deployment is refused', async () => {
    const at = await site(1)
    await protect(at, arnsOf(at))
    const redeploy = () =>
      at.client.send(new UpdateServiceCommand({ cluster, service: 'workers', forceNewDeployment: true }))
    for (const unfinished of [2, 3, 4, 5]) {
      await redeploy()
      const young = at.service.tasks.find(({ startedBy }) => startedBy === at.service.deployments[0]?.id)
      expect(young).toBeDefined()
      // A protected task keeps each of them open: the service is large enough for that in between.
      at.service.update({ desiredCount: unfinished })
      await at.fake.events.until(() => young?.status === 'RUNNING')
      await protect(at, [young?.arn ?? ''])
    }
    expect(at.service.deployments).toHaveLength(5)
    await expect(redeploy()).rejects.toMatchObject({
      name: 'InvalidParameterException',
      message: '5 active deployments exist, unable to create new deployment.',
    })
  })
})
