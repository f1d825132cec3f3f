import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { fleetMetrics } from '../../runtime/coordination/fleet-metrics.ts'
import { parseDuration } from '../../runtime/model/duration.ts'
import { compileAsInputs } from './compile-with-sdk.ts'
import { parseDockerfile } from './dockerfile.ts'
import {
  type Container,
  filled,
  fillIn,
  kit,
  kitFile,
  repository,
  taskDefinition,
  variables,
} from './fargate-kit.ts'

const policies = readdirSync(join(kit, 'iam')).map((file) => `iam/${file}`)

interface Statement {
  readonly Sid: string
  readonly Effect: string
  readonly Action: string | readonly string[]
  readonly Resource?: string | readonly string[]
}

interface Policy {
  readonly Statement: readonly Statement[]
}

interface Service {
  readonly serviceName: string
  readonly taskDefinition: string
  readonly capacityProviderStrategy: readonly unknown[]
  readonly deploymentConfiguration: object
  readonly availabilityZoneRebalancing: string
}

const listOf = (value: string | readonly string[] = []): readonly string[] =>
  typeof value === 'string' ? [value] : value

describe('task definition and service', () => {
  test("match the SDK's types, which know every field and value", async () => {
    const inputs = {
      RegisterTaskDefinitionCommandInput: await fillIn('task-definition.json'),
      CreateServiceCommandInput: await fillIn('service.json'),
    }
    expect(await compileAsInputs(inputs)).toBe('')
    const wrong = {
      RegisterTaskDefinitionCommandInput: inputs.RegisterTaskDefinitionCommandInput.replace('awsvpc', 'vpc'),
      CreateServiceCommandInput: inputs.CreateServiceCommandInput.replace('desiredCount', 'desired'),
    }
    const found = await compileAsInputs(wrong)
    expect(found).toContain('"vpc"')
    expect(found).toContain('"desired"')
  })

  test('a task has 1 vCPU, one container, one process and the stop timeout that the worker uses', async () => {
    const definition = await taskDefinition()
    const [container] = definition.containerDefinitions
    const env = Object.fromEntries(container.environment.map(({ name, value }) => [name, value]))

    expect(definition).toMatchObject({ cpu: '1024', memory: '2048' })
    expect(definition.containerDefinitions).toHaveLength(1)
    expect(container.restartPolicy).toEqual({ enabled: false })
    expect(container.linuxParameters.initProcessEnabled).toBe(true)
    // The maximum on Fargate.
    expect(container.stopTimeout).toBe(120)
    const { DURABLE_JOBS_STOP_TIMEOUT: stopTimeout = '', NODE_OPTIONS: options = '' } = env
    expect(parseDuration(stopTimeout as `${number}s`, 'stopTimeout')).toBe(container.stopTimeout * 1000)
    const heapMiB = Number(/--max-old-space-size=(\d+)/.exec(options)?.[1])
    expect(heapMiB).toBe(Number(definition.memory) * 0.75)
    expect(container.secrets).toEqual([{ name: 'DURABLE_JOBS_STORE', valueFrom: variables.STORE_SECRET }])
  })

  test('one variable sets the stop timeout of ECS and of the worker', async () => {
    const text = await fillIn('task-definition.json', { ...variables, STOP_TIMEOUT: '60' })
    const [container] = (JSON.parse(text) as { containerDefinitions: [Container] }).containerDefinitions
    expect(container.stopTimeout).toBe(60)
    expect(container.environment).toContainEqual({ name: 'DURABLE_JOBS_STOP_TIMEOUT', value: '60s' })
  })

  test('scaling out uses a metric that the leader prints, of the service that the worker names', async () => {
    const { Utilization } = fleetMetrics({
      ...{ queues: [], workers: [] },
      statistics: { range: '5m', now: 0, coveredMs: 0, jobs: [], points: [], backlogs: [] },
    }).fleet
    const [container] = (await taskDefinition()).containerDefinitions
    const env = Object.fromEntries(container.environment.map(({ name, value }) => [name, value]))
    const { serviceName } = await filled<Service>('service.json')
    expect(env.DURABLE_JOBS_ECS_SERVICE).toBe(serviceName)
    expect(await filled('scale-out.json')).toMatchObject({
      ResourceId: `service/jobs/${serviceName}`,
      TargetTrackingScalingPolicyConfiguration: {
        CustomizedMetricSpecification: {
          ...{ Namespace: env.DURABLE_JOBS_EMF_NAMESPACE, MetricName: 'Utilization', Unit: Utilization?.[1] },
        },
      },
    })
  })

  test('a deployment starts new tasks before it stops old ones, and zone balancing stops no task', async () => {
    const service = await filled<Service>('service.json')
    expect(service.taskDefinition).toBe((await taskDefinition()).family)
    expect(service.availabilityZoneRebalancing).toBe('DISABLED')
    expect(service.deploymentConfiguration).toEqual({
      minimumHealthyPercent: 100,
      maximumPercent: 200,
      deploymentCircuitBreaker: { enable: true, rollback: true },
    })
  })
})

describe('policies', () => {
  test.each(policies)(
    '%s names every action, and all resources only for actions without a resource in IAM',
    async (file) => {
      const { Statement: statements } = await filled<Policy>(file)
      const unscoped = /^(ssmmessages:.*|ecr:GetAuthorizationToken|ecs:RegisterTaskDefinition|ecs:ListTasks)$/
      for (const { Sid, Effect, Action, Resource } of statements) {
        expect(Effect, Sid).toBe('Allow')
        for (const action of listOf(Action)) expect(action, Sid).toMatch(/^[a-z]+:[A-Z][A-Za-z]+$/)
        if (!listOf(Resource).includes('*')) continue
        for (const action of listOf(Action)) expect(action, Sid).toMatch(unscoped)
      }
    },
  )

  test('a worker has no AWS permission except for ECS Exec', async () => {
    const { Statement: statements } = await filled<Policy>('iam/worker.json')
    expect(statements.map(({ Sid }) => Sid)).toEqual(['EcsExec'])
  })

  test('the roles, log group and service that they name are those of the task definition and the service', async () => {
    const definition = await taskDefinition()
    const { serviceName } = await filled<Service>('service.json')
    const group = definition.containerDefinitions[0].logConfiguration.options['awslogs-group']
    const deployer = await fillIn('iam/deployer.json')
    const operator = await fillIn('iam/operator.json')

    for (const role of [definition.executionRoleArn, definition.taskRoleArn])
      expect(deployer).toContain(`"${role}"`)
    for (const text of [deployer, operator]) expect(text).toContain(`:service/jobs/${serviceName}"`)
    for (const text of [operator, await fillIn('iam/execution.json')])
      expect(text).toContain(`:log-group:${group}:*"`)
    expect(operator).toContain(`"ecs:container-name": "${definition.containerDefinitions[0].name}"`)
  })

  test('the policies of a worker allow exactly the calls it makes', async () => {
    const source = readFileSync(join(repository, 'runtime/fargate/ecs-client.ts'), 'utf8')
    const called = [...source.matchAll(/readonly (\w+)Command: new/g)].map(([, name]) => `ecs:${name}`)
    const [protection, deaths] = await Promise.all([
      filled<Policy>('iam/worker-protection.json'),
      filled<Policy>('iam/worker-deaths.json'),
    ])
    const statements = [...protection.Statement, ...deaths.Statement]
    expect(statements.flatMap(({ Action }) => listOf(Action)).toSorted()).toEqual(called.toSorted())
  })
})

describe('fill-in.ts', () => {
  test('names the missing variables, and prints nothing', async () => {
    const { SUBNET_B: _, ...some } = variables
    await expect(fillIn('service.json', { ...some, CLUSTER: '' })).rejects.toMatchObject({
      code: 1,
      stdout: '',
      stderr: 'service.json needs CLUSTER, SUBNET_B: set them in kit.env or in the shell\n',
    })
  })

  test('only the stop timeout becomes a number: an account can start with 0, and a cluster can be digits', async () => {
    const { Statement: statements } = await filled<Policy>('iam/trust.json')
    const condition = { StringEquals: { 'aws:SourceAccount': variables.ACCOUNT } }
    expect(variables.ACCOUNT).toMatch(/^0/)
    expect(statements).toMatchObject([{ Condition: condition }])
    expect(JSON.parse(await fillIn('service.json', { ...variables, CLUSTER: '2026' }))).toMatchObject({
      cluster: '2026',
    })
  })

  test('kit.env names every variable of the files', () => {
    const named = [...kitFile('kit.env').matchAll(/^(\w+)=/gm)].map(([, name]) => name)
    const files = ['task-definition.json', 'service.json', 'scale-out.json', ...policies]
    const used = files.flatMap((file) => [...kitFile(file).matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name))
    expect(named.toSorted()).toEqual([...new Set(used)].toSorted())
    expect(named.toSorted()).toEqual(Object.keys(variables).toSorted())
  })
})

test('the build context holds exactly the files that the Dockerfile copies', () => {
  const copied = parseDockerfile(kitFile('Dockerfile'))
    .filter(({ name, text }) => name === 'COPY' && !text.startsWith('--from'))
    .flatMap(({ text }) => text.split(' ').slice(0, -1))
  const [all, ...let_in] = kitFile('.dockerignore').trim().split('\n')
  expect(all).toBe('*')
  expect(let_in.map((line) => line.slice(1)).toSorted()).toEqual([...new Set(copied)].toSorted())
})
