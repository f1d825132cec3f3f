import { describe, expect, test } from 'vitest'
import {
  type DescribedTask,
  parseDescribedTasks,
  parsePrimaryDeployment,
} from '../../../runtime/fargate/described-task.ts'
import { judgeDeath, needsService } from '../../../runtime/fargate/judge-death.ts'
import { deathText, isBlameless, maxDeathText } from '../../../runtime/model/death-cause.ts'

const own = 'ecs-svc/1234567890123456789'
const newer = 'ecs-svc/9876543210987654321'
const told = new Date('2026-11-01T10:00:00Z')
const after = (ms: number): Date => new Date(told.getTime() + ms)

/** A stopped task as DescribeTasks describes it: a worker that was ordered to stop, and did. */
const stopped = {
  attachments: [],
  availabilityZone: 'eu-central-1a',
  capacityProviderName: 'FARGATE',
  clusterArn: 'arn:aws:ecs:eu-central-1:111122223333:cluster/jobs',
  connectivity: 'CONNECTED',
  containers: [
    {
      containerArn: 'arn:aws:ecs:eu-central-1:111122223333:container/jobs/0af5/1',
      exitCode: 0,
      healthStatus: 'HEALTHY',
      lastStatus: 'STOPPED',
      name: 'worker',
    },
  ],
  desiredStatus: 'STOPPED',
  executionStoppedAt: after(4_000),
  group: 'service:workers',
  lastStatus: 'STOPPED',
  launchType: 'FARGATE',
  startedBy: own,
  stopCode: 'ServiceSchedulerInitiated',
  stoppedAt: after(30_000),
  stoppedReason: `Scaling activity initiated by (deployment ${own})`,
  stoppingAt: told,
  taskArn: 'arn:aws:ecs:eu-central-1:111122223333:task/jobs/0af5b9f40e1d4c5f8f3b4b0a4d3c2b1a',
}

function container(exitCode: number | undefined, reason?: string, name = 'worker') {
  return { name, lastStatus: 'STOPPED', exitCode, reason }
}

function parsed(over: object): DescribedTask {
  const [task] = parseDescribedTasks({ tasks: [{ ...stopped, ...over }], failures: [] })
  if (task === undefined) throw new Error('it was not read')
  return task
}

function primaryOf(id: string, createdAt: Date = after(-3_600_000)) {
  const deployments = [
    { id: id === own ? newer : own, status: 'ACTIVE', createdAt: after(-7_200_000) },
    { id, status: 'PRIMARY', createdAt },
  ]
  return parsePrimaryDeployment({ services: [{ serviceName: 'workers', deployments }] })
}

const scaling = { containers: [container(137)], executionStoppedAt: after(30_400) }
const memory = 'OutOfMemoryError: Container killed due to memory usage'
const essential = {
  stopCode: 'EssentialContainerExited',
  stoppedReason: 'Essential container in task exited',
}

const table: readonly [what: string, task: object, primary: string | undefined, text: string][] = [
  ['a scale-in', {}, own, 'stopped by scale-in'],
  ['a scale-in that had to kill', scaling, own, 'stopped by scale-in, SIGKILL after 30 s'],
  ['a deployment', scaling, newer, 'stopped by a deployment, SIGKILL after 30 s'],
  [
    'a stop of a service that is gone',
    { containers: [container(137)], executionStoppedAt: undefined },
    undefined,
    `stopped by the service (ServiceSchedulerInitiated: Scaling activity initiated by (deployment ${own}); worker: exit code 137)`,
  ],
  [
    'maintenance',
    { stoppedReason: 'ECS is performing maintenance on the underlying infrastructure hosting the task' },
    own,
    'stopped by the service (ServiceSchedulerInitiated: ECS is performing maintenance on the underlying infrastructure ' +
      'hosting the task; worker: exit code 0)',
  ],
  [
    'a failed health check',
    { ...scaling, stoppedReason: '(service workers) (task 0af5) Task failed container health checks' },
    own,
    'stopped by the service, its health check failed, SIGKILL after 30 s',
  ],
  [
    'Spot',
    {
      ...{ capacityProviderName: 'FARGATE_SPOT', stopCode: 'SpotInterruption' },
      stoppedReason: 'Your Spot Task was interrupted.',
    },
    own,
    'stopped by Spot',
  ],
  [
    'Spot, by its name of 2023',
    { ...scaling, stopCode: 'TerminationNotice', stoppedReason: 'Your Spot Task was interrupted.' },
    own,
    'stopped by Spot, SIGKILL after 30 s',
  ],
  [
    'StopTask',
    { stopCode: 'UserInitiated', stoppedReason: 'looks stuck' },
    own,
    'stopped by a user (UserInitiated: looks stuck; worker: exit code 0)',
  ],
  ['out of memory', { ...essential, containers: [container(137, memory)] }, own, 'out of memory'],
  [
    'out of memory while it was stopping',
    { containers: [container(137, memory)], executionStoppedAt: after(2_000) },
    own,
    'out of memory',
  ],
  [
    'a scale-in of a task whose sidecar had run out of memory before',
    { containers: [container(0), container(137, memory, 'sidecar')], executionStoppedAt: undefined },
    own,
    'stopped by scale-in',
  ],
  [
    'a crash',
    { ...essential, containers: [container(3)] },
    own,
    'unknown (EssentialContainerExited: Essential container in task exited; worker: exit code 3)',
  ],
  [
    'a SIGKILL from inside, which is not out of memory',
    { ...essential, containers: [container(137)] },
    own,
    'unknown (EssentialContainerExited: Essential container in task exited; worker: exit code 137)',
  ],
  [
    'a machine that is gone',
    {
      ...{ stopCode: 'InfrastructureHealth', containers: [container(undefined)], stoppingAt: undefined },
      stoppedReason: 'The infrastructure hosting the task is unhealthy',
    },
    own,
    'unknown (InfrastructureHealth: The infrastructure hosting the task is unhealthy; worker: no exit code)',
  ],
  [
    'no known cause',
    { stopCode: undefined, stoppedReason: undefined, containers: undefined },
    own,
    'unknown',
  ],
]

describe('the cause of a task’s end', () => {
  test.each(table)('%s', (_, task, primary, text) => {
    const evidence = {
      primary: primary === undefined ? undefined : primaryOf(primary),
      outlivedWorker: false,
    }
    expect(deathText(judgeDeath(parsed(task), evidence))).toBe(text)
  })

  test('excludes a deployment that came after the stop', () => {
    const later = primaryOf(newer, after(60_000))
    expect(judgeDeath(parsed({}), { primary: later, outlivedWorker: false }).kind).toBe('service')
  })

  test('excludes a stop that came after the death', () => {
    const judged = judgeDeath(parsed(scaling), { primary: primaryOf(own), outlivedWorker: true })
    expect(judged.kind).toBe('unknown')
    expect(judged.text).toContain('its task was stopped later: ServiceSchedulerInitiated')
    const user = parsed({ stopCode: 'UserInitiated' })
    expect(judgeDeath(user, { outlivedWorker: true }).kind).toBe('unknown')
    const unhealthy = parsed({ stoppedReason: 'Task failed container health checks' })
    expect(judgeDeath(unhealthy, { outlivedWorker: true }).kind).toBe('unknown')
    // ECS may notice these late.
    const crashed = parsed({ ...essential, containers: [container(137, memory)] })
    expect(judgeDeath(crashed, { outlivedWorker: true }).kind).toBe('out of memory')
  })

  test('keeps the text of a stop, up to a bound', () => {
    const judged = judgeDeath(parsed({ stopCode: 'UserInitiated', stoppedReason: 'x'.repeat(1_000) }), {
      outlivedWorker: false,
    })
    expect(judged.text).toHaveLength(maxDeathText)
  })

  test('blames no run for stops by the scheduler, by Spot and by users; a failed health check may', () => {
    const blameless = ['scale-in', 'deployment', 'service', 'spot', 'user'] as const
    for (const kind of blameless) expect(isBlameless({ kind }), kind).toBe(true)
    for (const kind of ['unhealthy', 'out of memory', 'unknown'] as const)
      expect(isBlameless({ kind }), kind).toBe(false)
  })

  test('is unknown for a kind that only a newer version knows', () => {
    const kind = 'evicted' as 'unknown'
    expect(isBlameless({ kind })).toBe(false)
    expect(deathText({ kind, text: 'moved' })).toBe('evicted (moved)')
  })

  test('requires the service only if it is decisive', () => {
    expect(needsService(parsed({}))).toBe(true)
    expect(needsService(parsed({ stoppedReason: 'Task failed container health checks' }))).toBe(false)
    expect(needsService(parsed({ stopCode: 'SpotInterruption' }))).toBe(false)
  })
})

describe('a reply of DescribeTasks', () => {
  test('is read as far as it is valid', () => {
    for (const strange of [undefined, null, 'text', {}, { tasks: null }, { tasks: [null, 3, {}] }])
      expect(parseDescribedTasks(strange)).toEqual([])
    for (const strange of [undefined, {}, { services: [] }, { services: [{ deployments: [{}] }] }])
      expect(parsePrimaryDeployment(strange)).toBeUndefined()
  })
})
