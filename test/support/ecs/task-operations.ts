import type {
  DescribeTasksResponse,
  ListTasksResponse,
  RunTaskResponse,
  StopTaskResponse,
} from '@aws-sdk/client-ecs'
import { AwsError } from './aws-error.ts'
import type { FakeCluster } from './fake-cluster.ts'
import type { CapacityProvider, FakeTask } from './fake-task.ts'
import type { RequestReader } from './request-reader.ts'
import { stoppedByUser } from './stop-cause.ts'
import type { TaskDefinition } from './task-definition.ts'
import type { Wire } from './wire.ts'

export function describeTasks(cluster: FakeCluster, request: RequestReader): Wire<DescribeTasksResponse> {
  const found = request.texts('tasks', 100).map((name) => cluster.task(name) ?? name)
  return {
    tasks: found.flatMap((each) => (typeof each === 'string' ? [] : [each.describe()])),
    failures: found.flatMap((each) => (typeof each === 'string' ? [{ arn: each, reason: 'MISSING' }] : [])),
  }
}

export function listTasks(cluster: FakeCluster, request: RequestReader): Wire<ListTasksResponse> {
  const arns = cluster.tasks.filter(listFilter(cluster, request)).map(({ arn }) => arn)
  const size = request.optionalInteger('maxResults', { min: 1, max: 100 }) ?? 100
  const from = Number(request.optionalText('nextToken') ?? 0)
  if (!Number.isInteger(from)) throw new AwsError('InvalidParameterException', 'Invalid token.')
  const end = from + size
  return { taskArns: arns.slice(from, end), nextToken: end < arns.length ? String(end) : undefined }
}

export function stopTask(cluster: FakeCluster, request: RequestReader): Wire<StopTaskResponse> {
  const task = cluster.task(request.text('task'))
  if (task === undefined)
    throw new AwsError('InvalidParameterException', 'The referenced task was not found.')
  task.stop(stoppedByUser(request.optionalText('reason')))
  return { task: task.describe() }
}

/** Starts tasks that no service owns. */
export function runTask(cluster: FakeCluster, request: RequestReader): Wire<RunTaskResponse> {
  const definition = overridden(cluster.definitions.find(request.text('taskDefinition')), request)
  const count = request.optionalInteger('count', { min: 1, max: 10 }) ?? 1
  const input = {
    definition,
    group: request.optionalText('group') ?? `family:${definition.family}`,
    startedBy: request.optionalText('startedBy'),
    capacityProvider: capacityProvider(request),
  }
  const tasks = Array.from({ length: count }, () => cluster.launch(input))
  return { tasks: tasks.map((task) => task.describe()), failures: [] }
}

function listFilter(cluster: FakeCluster, request: RequestReader): (task: FakeTask) => boolean {
  const family = request.optionalText('family')
  const startedBy = request.optionalText('startedBy')
  const desired = request.optionalText('desiredStatus') ?? 'RUNNING'
  const launchType = request.optionalText('launchType') ?? 'FARGATE'
  const serviceName = request.optionalText('serviceName')
  if (startedBy !== undefined && (family !== undefined || serviceName !== undefined)) {
    throw new AwsError('InvalidParameterException', 'startedBy must be the only filter.')
  }
  const service = serviceName === undefined ? undefined : cluster.service(serviceName)
  if (serviceName !== undefined && service === undefined) {
    throw new AwsError('ServiceNotFoundException', 'Service not found.')
  }
  return (task) =>
    launchType === 'FARGATE' &&
    (task.stopOrdered ? 'STOPPED' : 'RUNNING') === desired &&
    (family === undefined || task.definition.family === family) &&
    (startedBy === undefined || task.startedBy === startedBy) &&
    (service === undefined || task.service === service.name)
}

function capacityProvider(request: RequestReader): CapacityProvider {
  const [strategy] = request.objects('capacityProviderStrategy')
  return strategy?.text('capacityProvider') === 'FARGATE_SPOT' ? 'FARGATE_SPOT' : 'FARGATE'
}

/** Returns the definition with the commands and variables that the request gives its containers. */
function overridden(definition: TaskDefinition, request: RequestReader): TaskDefinition {
  const overrides = request.optionalObject('overrides')?.objects('containerOverrides') ?? []
  const containers = definition.containers.map((container) => {
    const override = overrides.find((each) => each.optionalText('name') === container.name)
    if (override === undefined) return container
    const [program, ...args] = override.optionalTexts('command', 1_000) ?? container.command
    const variables = override
      .objects('environment')
      .map((each) => [each.text('name'), each.text('value')] as const)
    const environment = { ...container.environment, ...Object.fromEntries(variables) }
    return { ...container, environment, command: [program ?? '', ...args] as const }
  })
  return { ...definition, containers }
}
