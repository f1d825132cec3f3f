import {
  ClientException,
  ClusterNotFoundException,
  DescribeServicesCommand,
  DescribeTasksCommand,
  InvalidParameterException,
  ListServicesCommand,
  ListTasksCommand,
  RunTaskCommand,
  ServiceNotFoundException,
  StopTaskCommand,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs'
import { describe, expect, test } from 'vitest'
import { ManualClock } from '../support/ecs/clock.ts'
import { arnsOf, cluster, protect, sdkSite } from './sdk-site.ts'
import { allReady } from './start-fake.ts'

describe('tasks and services through the SDK', () => {
  test('describes a running task and a service as AWS does', async () => {
    const at = await sdkSite(2)
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
    const at = await sdkSite(3)
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
    expect(await by({ startedBy: 'other' })).toBe(0)
    expect(await by({ desiredStatus: 'STOPPED' })).toBe(0)
    await expect(by({ serviceName: 'none' })).rejects.toBeInstanceOf(ServiceNotFoundException)
  })

  test('runs tasks without a service, with other commands and variables, and stops them', async () => {
    const at = await sdkSite(0)
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
    const at = await sdkSite(1, clock)
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

  test('names the missing resource', async () => {
    const at = await sdkSite(0)
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

  test('a sixth unfinished deployment is refused', async () => {
    const at = await sdkSite(1)
    await protect(at.client, arnsOf(at))
    const redeploy = () =>
      at.client.send(new UpdateServiceCommand({ cluster, service: 'workers', forceNewDeployment: true }))
    for (const unfinished of [2, 3, 4, 5]) {
      await redeploy()
      const young = at.service.tasks.find(({ startedBy }) => startedBy === at.service.deployments[0]?.id)
      expect(young).toBeDefined()
      // A protected task keeps each of them open: the service is large enough for that in between.
      at.service.update({ desiredCount: unfinished })
      await at.fake.events.until(() => young?.status === 'RUNNING')
      await protect(at.client, [young?.arn ?? ''])
    }
    expect(at.service.deployments).toHaveLength(5)
    await expect(redeploy()).rejects.toMatchObject({
      name: 'InvalidParameterException',
      message: '5 active deployments exist, unable to create new deployment.',
    })
  })
})
