import { describe, expect, test } from 'vitest'
import { agentFailure, ecsTimedOut, noTaskRole, unknownContainer } from '../support/ecs/agent-reply.ts'
import { ecsDoors } from '../support/ecs/call-log.ts'
import { ManualClock } from '../support/ecs/clock.ts'
import type { EcsFailure } from '../support/ecs/failure-plan.ts'
import type { FakeEcs, FakeEcsOptions } from '../support/ecs/fake-ecs.ts'
import type { FakeTask } from '../support/ecs/fake-task.ts'
import type { TaskDefinitionInput } from '../support/ecs/task-definition.ts'
import { idle } from '../support/ecs/task-programs.ts'
import { agentUri, registerWorker, startFake } from './start-fake.ts'

interface Site {
  readonly fake: FakeEcs
  readonly task: FakeTask
  put(body: object | string): Promise<Answer>
  get(): Promise<Answer>
}

interface Answer {
  readonly status: number
  readonly body: unknown
}

async function site(
  options: FakeEcsOptions = {},
  definition: Partial<TaskDefinitionInput> = {},
): Promise<Site> {
  const fake = await startFake(options)
  const registered = fake.register({ family: 'worker', containers: [idle()], ...definition })
  const service = fake.createService({ name: 'workers', definition: registered, desiredCount: 1 })
  const [task] = service.tasks
  if (task === undefined) throw new Error('no task')
  const send = async (init: RequestInit): Promise<Answer> => {
    const answer = await fetch(agentUri(task), init)
    return { status: answer.status, body: await answer.json() }
  }
  return {
    fake,
    task,
    put: (body) => send({ method: 'PUT', body: typeof body === 'string' ? body : JSON.stringify(body) }),
    get: () => send({ method: 'GET' }),
  }
}

const isoTime = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)

describe('the agent replies', () => {
  test('protection, with its expiry or null', async () => {
    const { fake, task, put, get } = await site()
    expect(await put({ ProtectionEnabled: true, ExpiresInMinutes: 5 })).toEqual({
      status: 200,
      body: { protection: { ExpirationDate: isoTime, ProtectionEnabled: true, TaskArn: task.arn } },
    })
    expect(fake.isProtected(task)).toBe(true)
    expect(await get()).toEqual({
      status: 200,
      body: { protection: { ExpirationDate: isoTime, ProtectionEnabled: true, TaskArn: task.arn } },
    })
    expect(await put({ ProtectionEnabled: false })).toEqual({
      status: 200,
      body: { protection: { ExpirationDate: null, ProtectionEnabled: false, TaskArn: task.arn } },
    })
    expect(fake.isProtected(task)).toBe(false)
    expect(fake.calls.calls({ door: 'agent', task: task.arn })).toBe(3)
    expect(fake.calls.calls({ door: ecsDoors, operation: 'UpdateTaskProtection' })).toBe(2)
    expect(fake.calls.calls({ door: ecsDoors, operation: 'GetTaskProtection' })).toBe(1)
  })

  test('a failure of ECS, with status 200', async () => {
    const { fake, task, put } = await site()
    fake.failures.add({ at: 'ecs', failure: { kind: 'failure', reason: 'DEPLOYMENT_BLOCKED' }, times: 1 })
    expect(await put({ ProtectionEnabled: true })).toEqual({
      status: 200,
      body: { failure: { Arn: task.arn, Detail: null, Reason: 'DEPLOYMENT_BLOCKED' } },
    })
    expect(fake.isProtected(task)).toBe(false)
    expect((await put({ ProtectionEnabled: true })).body).toHaveProperty('protection')
  })

  test.each([
    ['invalid JSON', 'protect'],
    ['an unknown member', { ProtectionEnabled: true, Cluster: 'fake' }],
    ['a wrong type', { ProtectionEnabled: 'yes' }],
  ])('400 to %s', async (_name, body) => {
    const { put } = await site()
    expect(await put(body)).toEqual({
      status: 400,
      body: {
        error: {
          Code: 'InvalidParameterException',
          Message: 'UpdateTaskProtection: failed to decode request',
        },
      },
    })
  })

  test('400 to a request without ProtectionEnabled, naming the task', async () => {
    const { task, put } = await site()
    expect(await put({ ExpiresInMinutes: 5 })).toEqual({
      status: 400,
      body: {
        error: {
          Arn: task.arn,
          Code: 'InvalidParameterException',
          Message: "Invalid request: does not contain 'ProtectionEnabled' field",
        },
      },
    })
  })

  test('403 if the task has no role', async () => {
    const { task, put } = await site({}, { taskRole: false })
    expect(await put({ ProtectionEnabled: true })).toEqual({
      status: 403,
      body: { error: { Arn: task.arn, Code: noTaskRole.code, Message: noTaskRole.message } },
    })
  })

  test('404 to an unknown container', async () => {
    const { task } = await site()
    const elsewhere = await fetch(agentUri(task).replace(/\/api\/[^/]+/, '/api/none'))
    expect(elsewhere.status).toBe(404)
    expect(await elsewhere.json()).toEqual({
      error: { Code: unknownContainer.code, Message: unknownContainer.message },
    })
  })

  test('504 if ECS does not reply in time', async () => {
    const { fake, task, put } = await site({ agentTimeoutMs: 20 })
    fake.failures.add({ at: 'ecs', failure: { kind: 'hang' } })
    expect(await put({ ProtectionEnabled: true })).toEqual({
      status: 504,
      body: { error: { Arn: task.arn, Code: ecsTimedOut.code, Message: ecsTimedOut.message } },
    })
  })

  test('an error of ECS with its status and request id, throttling after three attempts', async () => {
    const { fake, task, put } = await site({ agentTimeoutMs: 200 })
    const plan = fake.failures.add({ at: 'ecs', failure: { kind: 'error', code: 'ThrottlingException' } })
    expect(await put({ ProtectionEnabled: true })).toEqual({
      status: 400,
      body: {
        requestID: expect.any(String),
        error: { Arn: task.arn, Code: 'ThrottlingException', Message: 'Planned by the test.' },
      },
    })
    expect(plan.hits).toBe(3)
    expect(fake.calls.calls({ door: 'agent-sdk' })).toBe(1)
    plan.lift()
    fake.failures.add({ at: 'ecs', failure: { kind: 'error', code: 'AccessDeniedException', message: 'no' } })
    expect(await put({ ProtectionEnabled: true })).toMatchObject({
      status: 400,
      body: { error: { Code: 'AccessDeniedException', Message: 'no' } },
    })
    expect(fake.calls.attempts({ door: 'agent-sdk' })).toHaveLength(4)
  })

  test('429 to too many requests', async () => {
    const { task, get } = await site({
      clock: new ManualClock(),
      buckets: { reads: { burst: 1_000, perSecond: 1 } },
    })
    for (let sent = 0; sent < 60; sent++) expect((await get()).status).not.toBe(429)
    expect((await fetch(agentUri(task))).status).toBe(429)
  })
})

describe('planned failures of the agent', () => {
  test.each([noTaskRole, unknownContainer, ecsTimedOut])('$status without calling ECS', async (error) => {
    const { fake, put } = await site()
    fake.failures.add({ at: 'agent', failure: agentFailure(error) })
    expect(await put({ ProtectionEnabled: true })).toMatchObject({
      status: error.status,
      body: { error: { Code: error.code } },
    })
    expect(fake.calls.calls({ door: ecsDoors })).toBe(0)
  })

  test('a hang', async () => {
    const { fake, put, task } = await site()
    const plan = fake.failures.add({ at: 'agent', failure: { kind: 'hang' } })
    const hanging = put({ ProtectionEnabled: true }).catch(() => 'cut')
    await plan.met
    expect(fake.isProtected(task)).toBe(false)
    await fake.close()
    expect(await hanging).toBe('cut')
  })

  test('a lost reply: ECS has protected the task', async () => {
    const { fake, put, task } = await site()
    fake.failures.add({ at: 'agent', failure: { kind: 'lost-answer' }, times: 1 })
    await expect(put({ ProtectionEnabled: true })).rejects.toThrow()
    expect(fake.isProtected(task)).toBe(true)
    expect((await put({ ProtectionEnabled: true })).status).toBe(200)
  })

  test('a cut connection: ECS receives nothing', async () => {
    const { fake, put, task } = await site()
    fake.failures.add({ at: 'agent', failure: { kind: 'cut' } })
    await expect(put({ ProtectionEnabled: true })).rejects.toThrow()
    expect(fake.isProtected(task)).toBe(false)
  })

  test.each(['agent', 'ecs'] as const)('a reply delayed at %s: the task is protected earlier', async (at) => {
    const { fake, put, get, task } = await site()
    const { promise, resolve } = Promise.withResolvers<void>()
    const plan = fake.failures.add({ at, times: 1, failure: { kind: 'hold', until: promise } })
    const answers: number[] = []
    const answered = put({ ProtectionEnabled: true }).then(({ status }) => answers.push(status))
    await plan.met
    await fake.events.until(() => fake.isProtected(task))
    expect((await get()).body).toMatchObject({ protection: { ProtectionEnabled: true } })
    expect(answers).toEqual([])
    resolve()
    await answered
    expect(answers).toEqual([200])
  })

  test('a reply of ECS that is delayed too long: the agent gives up, the task is protected', async () => {
    const { fake, put, task } = await site({ agentTimeoutMs: 20 })
    fake.failures.add({ at: 'ecs', failure: { kind: 'hold', until: new Promise(() => undefined) } })
    expect((await put({ ProtectionEnabled: true })).status).toBe(504)
    expect(fake.isProtected(task)).toBe(true)
  })

  test('a lost reply of ECS: the agent calls again', async () => {
    const { fake, put, task } = await site({ agentTimeoutMs: 200 })
    fake.failures.add({ at: 'ecs', failure: { kind: 'lost-answer' }, times: 1 })
    expect(await put({ ProtectionEnabled: true })).toMatchObject({ status: 200 })
    expect(fake.isProtected(task)).toBe(true)
    expect(fake.calls.attempts({ door: 'agent-sdk' }).map(({ outcome }) => outcome)).toEqual(['lost', 'ok'])
  })

  const wrongAnswers: readonly [string, EcsFailure, object][] = [
    [
      'another task',
      { kind: 'wrong-task', taskArn: 'arn:aws:ecs:eu-central-1:123456789012:task/fake/other' },
      { TaskArn: 'arn:aws:ecs:eu-central-1:123456789012:task/fake/other', ProtectionEnabled: true },
    ],
    ['an expiry in the past', { kind: 'past-expiry' }, { ProtectionEnabled: true }],
  ]

  test.each(wrongAnswers)('%s in a 200', async (_name, failure, protection) => {
    const { fake, put, task } = await site()
    fake.failures.add({ at: 'ecs', failure })
    const before = Date.now()
    const answer = await put({ ProtectionEnabled: true })
    expect(answer).toMatchObject({ status: 200, body: { protection } })
    expect(fake.isProtected(task)).toBe(false)
    if (failure.kind !== 'past-expiry') return
    const { ExpirationDate } = (answer.body as { readonly protection: { readonly ExpirationDate: string } })
      .protection
    expect(Date.parse(ExpirationDate)).toBeLessThan(before)
  })

  test('planned failures match by task, direction, order and number', async () => {
    const { fake, put, task } = await site()
    const other = fake.createService({
      name: 'others',
      definition: registerWorker(fake, idle()),
      desiredCount: 1,
    })
    const plan = fake.failures.add({
      at: 'agent',
      task: task.arn,
      protectionEnabled: true,
      after: 1,
      times: 2,
      failure: agentFailure(ecsTimedOut),
    })
    const [neighbor] = other.tasks
    if (neighbor === undefined) throw new Error('no task')
    const body = JSON.stringify({ ProtectionEnabled: true })
    for (let sent = 0; sent < 2; sent++) {
      expect((await fetch(agentUri(neighbor), { method: 'PUT', body })).status).toBe(200)
    }
    const statuses: number[] = []
    for (const ProtectionEnabled of [true, false, true, false, true, true]) {
      statuses.push((await put({ ProtectionEnabled })).status)
    }
    expect(statuses).toEqual([200, 200, 504, 200, 504, 200])
    expect(plan.hits).toBe(2)
  })
})
