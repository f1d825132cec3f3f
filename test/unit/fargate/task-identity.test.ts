import { describe, expect, onTestFinished, test } from 'vitest'
import { openTaskIdentity } from '../../../runtime/fargate/open-task-identity.ts'
import { parseTaskMetadata } from '../../../runtime/fargate/parse-task-metadata.ts'
import { type TaskIdentityDeps, TaskIdentityReader } from '../../../runtime/fargate/task-identity-reader.ts'
import { type CancelTimer, type Clock, systemClock } from '../../../runtime/model/clock.ts'
import type { TaskIdentity } from '../../../runtime/model/task-identity.ts'
import { createLogger } from '../../../runtime/worker/logger.ts'
import { LineLog } from '../../support/line-log.ts'
import { containerBody, cut, digest, EcsEndpoints, hang, reply, taskBody } from './ecs-endpoints.ts'
import { ownTask } from './holder-script.ts'

const identity: TaskIdentity = {
  taskArn: ownTask,
  cluster: 'jobs',
  region: 'eu-central-1',
  family: 'imports',
  revision: '7',
  zone: 'eu-central-1b',
  launchType: 'FARGATE',
  imageDigest: digest,
  vcpu: 0.5,
  memoryMiB: 1024,
}

const deadlineMs = 2_000

/** Pauses end at once, deadlines only when a test says so: a busy machine misses none. */
class ImpatientClock implements Clock {
  readonly #deadlines: (() => void)[] = []
  readonly now = systemClock.now
  readonly elapsed = systemClock.elapsed
  readonly uptime = systemClock.uptime
  readonly soon = systemClock.soon
  readonly atMacrotaskEnd = systemClock.atMacrotaskEnd
  readonly random = systemClock.random

  after(ms: number, run: () => void): CancelTimer {
    if (ms !== deadlineMs) return systemClock.after(1, run)
    this.#deadlines.push(run)
    return () => undefined
  }

  /** Requests sent by now are late. */
  passDeadlines(): void {
    for (const run of this.#deadlines.splice(0)) run()
  }
}

function readerOf(endpoints: EcsEndpoints, deps: Partial<TaskIdentityDeps> = {}): TaskIdentityReader {
  const log = createLogger({ stream: { write: () => true } })
  const reader = new TaskIdentityReader(endpoints.metadataUri, { clock: new ImpatientClock(), log, ...deps })
  onTestFinished(() => reader.close())
  return reader
}

function known(reader: TaskIdentityReader): Promise<TaskIdentity> {
  return new Promise((resolve) => reader.onKnown(resolve))
}

describe('the metadata of a task', () => {
  test('gives its identity', () => {
    expect(parseTaskMetadata(taskBody, containerBody)).toEqual(identity)
  })

  test('may name the cluster by its ARN, the service, and the image by its digest', () => {
    const cluster = 'arn:aws:ecs:eu-central-1:111122223333:cluster/jobs'
    const task = { ...taskBody, Cluster: cluster, ServiceName: 'imports' }
    const container = { Image: `repo/worker@${digest}` }
    expect(parseTaskMetadata(task, container)).toEqual({ ...identity, cluster, service: 'imports' })
  })

  test.each([
    ['2026-11-29T10:00:00.5Z', { pulledAt: Date.UTC(2026, 10, 29, 10, 0, 0, 500) }],
    ['soon', {}],
    [5, {}],
  ])('includes the pull time of its images if known: %o', (PullStartedAt, told) => {
    expect(parseTaskMetadata({ ...taskBody, PullStartedAt }, containerBody)).toEqual({ ...identity, ...told })
  })

  test('of another platform lacks what that platform lacks', () => {
    const { TaskARN, Cluster, Family, Revision } = taskBody
    const bare = { TaskARN, Cluster, Family, Revision, Limits: { CPU: 0, Memory: 'much' } }
    const { taskArn, cluster, region, family, revision } = identity
    expect(parseTaskMetadata(bare, undefined)).toEqual({ taskArn, cluster, region, family, revision })
  })

  test.each([
    [undefined],
    ['text'],
    [[]],
    [{ ...taskBody, TaskARN: 5 }],
    [{ ...taskBody, TaskARN: 'arn:aws:ecs:task' }],
    [{ ...taskBody, Family: '' }],
    [{ ...taskBody, Revision: undefined }],
    [{ ...taskBody, Cluster: undefined }],
  ])('that is invalid is refused: %o', (task) => {
    expect(parseTaskMetadata(task, containerBody)).toBeUndefined()
  })
})

describe('a reader of the identity', () => {
  test('has it once the endpoint replied, for earlier and later callers', async () => {
    const endpoints = await EcsEndpoints.open()
    const reader = readerOf(endpoints)
    expect(reader.current).toBeUndefined()
    expect(await known(reader)).toEqual(identity)
    expect(await known(reader)).toEqual(identity)
    expect(endpoints.requests.map(({ path }) => path).sort()).toEqual(['/v4/abc', '/v4/abc/task'])
  })

  test('retries after every kind of failure, and logs one line', async () => {
    const endpoints = await EcsEndpoints.open()
    const good = endpoints.metadata
    const failures = [cut, reply(500, taskBody), reply(200, 'starting'), reply(404, {}), reply(200, {}), cut]
    endpoints.metadata = (response, request) => {
      if (request.path.endsWith('/task')) (failures.shift() ?? good)(response, request)
      else good(response, request)
    }
    const log = new LineLog()
    expect(await known(readerOf(endpoints, { log }))).toEqual(identity)
    expect(failures).toEqual([])
    expect(log.lines.map(({ level, message }) => [level, message])).toEqual([
      ['warn', 'the task metadata could not be read; trying again until it succeeds'],
      ['info', 'the task metadata could be read'],
    ])
  })

  test('waits for a hanging endpoint no longer than its deadline', async () => {
    const endpoints = await EcsEndpoints.open()
    const good = endpoints.metadata
    let asked = 0
    endpoints.metadata = (response, request) =>
      (request.path.endsWith('/task') && asked++ === 0 ? hang : good)(response, request)
    const clock = new ImpatientClock()
    const reader = readerOf(endpoints, { clock })
    await endpoints.seen(2)
    clock.passDeadlines()
    expect(await known(reader)).toEqual(identity)
  })

  test('takes the service from the environment if the metadata lacks it', async () => {
    const endpoints = await EcsEndpoints.open()
    const env = { ...endpoints.env, DURABLE_JOBS_ECS_SERVICE: 'named' }
    const read = async (): Promise<string | undefined> => {
      const reader = openTaskIdentity({ clock: new ImpatientClock(), log: new LineLog(), env })
      if (reader === undefined) expect.unreachable('the environment is that of a task')
      onTestFinished(() => reader.close())
      return (await known(reader)).service
    }
    expect(await read()).toBe('named')
    endpoints.metadata = (response, request) =>
      reply(200, request.path.endsWith('/task') ? { ...taskBody, ServiceName: 'told' } : containerBody)(
        response,
        request,
      )
    expect(await read()).toBe('told')
  })

  test('stops reading when it is closed', async () => {
    const endpoints = await EcsEndpoints.open()
    endpoints.metadata = hang
    const reader = readerOf(endpoints)
    await endpoints.seen(1)
    await reader.close()
    expect(reader.current).toBeUndefined()
  })
})

describe('outside ECS', () => {
  test('there is no identity and no log line', () => {
    const log = new LineLog()
    expect(openTaskIdentity({ clock: systemClock, log, env: {} })).toBeUndefined()
    expect(log.lines).toEqual([])
  })
})
