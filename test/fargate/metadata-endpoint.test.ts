import { expect, test } from 'vitest'
import type { FakeEcs } from '../support/ecs/fake-ecs.ts'
import type { FakeTask } from '../support/ecs/fake-task.ts'
import type { TaskDefinitionInput } from '../support/ecs/task-definition.ts'
import { idle, taskProgram } from '../support/ecs/task-programs.ts'
import { metadataUri, startFake } from './start-fake.ts'

function onlyTask(fake: FakeEcs): FakeTask {
  const [task] = fake.tasks
  if (task === undefined) throw new Error('no task')
  return task
}

async function json(uri: string): Promise<unknown> {
  return (await fetch(uri)).json()
}

test('reports the task and the container as Fargate does', async () => {
  const fake = await startFake({ clusterName: 'production' })
  const definition = fake.register({
    family: 'worker',
    containers: [idle(), idle({ name: 'sidecar' })],
    cpu: 512,
    memory: 1_024,
  })
  fake.createService({ name: 'workers', definition, desiredCount: 1 })
  const task = onlyTask(fake)
  const containers = ['worker', 'sidecar'].map((name) => ({
    Name: name,
    DockerId: task.container(name).dockerId,
    ContainerARN: task.container(name).arn,
    Image: 'worker:1',
    ImageID: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
    KnownStatus: 'RUNNING',
  }))
  expect(await json(`${metadataUri(task)}/task`)).toMatchObject({
    Cluster: 'arn:aws:ecs:eu-central-1:123456789012:cluster/production',
    TaskARN: task.arn,
    Family: 'worker',
    Revision: '1',
    DesiredStatus: 'RUNNING',
    KnownStatus: 'RUNNING',
    Limits: { CPU: 0.5, Memory: 1_024 },
    AvailabilityZone: 'eu-central-1a',
    LaunchType: 'FARGATE',
    Containers: containers,
  })
  expect(await json(`${metadataUri(task)}/task`)).not.toHaveProperty('ServiceName')
  expect(await json(metadataUri(task, 'sidecar'))).toMatchObject(containers[1] ?? {})
  expect(fake.calls.calls({ door: 'metadata', task: task.arn })).toBe(3)
})

test('names the service if configured to', async () => {
  const fake = await startFake({ metadataServiceName: true })
  const definition = fake.register({ family: 'worker', containers: [idle()] })
  fake.createService({ name: 'workers', definition, desiredCount: 1 })
  expect(await json(`${metadataUri(onlyTask(fake))}/task`)).toMatchObject({ ServiceName: 'workers' })
})

test('fails as often as planned', async () => {
  const fake = await startFake()
  const definition = fake.register({ family: 'worker', containers: [idle()] })
  fake.createService({ name: 'workers', definition, desiredCount: 1 })
  const uri = `${metadataUri(onlyTask(fake))}/task`
  fake.failures.add({ at: 'metadata', times: 1, failure: { kind: 'answer', status: 500, body: 'no' } })
  fake.failures.add({ at: 'metadata', times: 1, failure: { kind: 'cut' } })
  expect((await fetch(uri)).status).toBe(500)
  await expect(fetch(uri)).rejects.toThrow()
  expect((await fetch(uri)).status).toBe(200)
  expect((await fetch(uri.replace(/\/v4\/[^/]+/, '/v4/none'))).status).toBe(404)
})

test('the real SDK works inside a task with only its environment', async () => {
  const fake = await startFake()
  const command = [process.execPath, taskProgram('sdk-inside')] as const
  const definition = fake.register({ family: 'worker', containers: [idle({ command })] })
  fake.createService({ name: 'workers', definition, desiredCount: 1 })
  const task = onlyTask(fake)
  await task.container().process.said('agent ')
  const lines = task.container().process.output.split('\n')
  const sdk = lines.find((line) => line.startsWith('sdk '))
  const agent = lines.find((line) => line.startsWith('agent '))
  expect(sdk).toContain(`"taskArn":"${task.arn}"`)
  expect(sdk).toContain('"protectionEnabled":true')
  expect(agent).toBe(
    `agent 200 {"protection":{"ExpirationDate":null,"ProtectionEnabled":false,"TaskArn":"${task.arn}"}}`,
  )
  expect(fake.calls.calls({ door: 'credentials', task: task.arn })).toBe(1)
})

test('the environment equals that of Fargate, with or without agent and role', async () => {
  const fake = await startFake()
  const environment = (more: Partial<TaskDefinitionInput>): Readonly<Record<string, string>> => {
    const definition = fake.register({
      family: 'worker',
      containers: [idle({ environment: { MINE: 'yes' } })],
      ...more,
    })
    return fake.runTask(definition).environmentOf()
  }
  expect(environment({})).toMatchObject({
    AWS_EXECUTION_ENV: 'AWS_ECS_FARGATE',
    AWS_REGION: 'eu-central-1',
    ECS_AGENT_URI: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/api\/[0-9a-f]{32}-\d{10}$/),
    ECS_CONTAINER_METADATA_URI_V4: expect.stringMatching(
      /^http:\/\/127\.0\.0\.1:\d+\/v4\/[0-9a-f]{32}-\d{10}$/,
    ),
    MINE: 'yes',
  })
  expect(environment({ agentUri: false })).not.toHaveProperty('ECS_AGENT_URI')
  expect(environment({})).toHaveProperty('AWS_CONTAINER_CREDENTIALS_FULL_URI')
  expect(environment({ taskRole: false })).not.toHaveProperty('AWS_CONTAINER_CREDENTIALS_FULL_URI')
})
