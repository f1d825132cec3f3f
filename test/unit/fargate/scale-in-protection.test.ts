import type { ServerResponse } from 'node:http'
import { describe, expect, onTestFinished, test } from 'vitest'
import { scaleInProtection } from '../../../runtime/fargate/index.ts'
import {
  hookedScaleInProtection,
  type ScaleInProtectionOptions,
} from '../../../runtime/fargate/scale-in-protection.ts'
import { TaskIdentityReader } from '../../../runtime/fargate/task-identity-reader.ts'
import { type Clock, systemClock } from '../../../runtime/model/clock.ts'
import { type Protection, protectionSourceIn } from '../../../runtime/model/protection.ts'
import { parseWorkerOptions } from '../../../runtime/worker/worker-options.ts'
import { defineJob } from '../../../sdk/index.ts'
import { LineLog } from '../../support/line-log.ts'
import { EcsEndpoints, failureBody, protectionBody, reply } from './ecs-endpoints.ts'

/** No call is lost on a machine that is too busy to reply: timers are far away. */
const patientClock: Clock = { ...systemClock, after: (ms, run) => systemClock.after(ms * 100, run) }
const job = defineJob({ name: 'job' }, () => 1)

describe('options', () => {
  test.each([
    [{ mode: 'always' }, /^mode: write one of off, best-effort, required, not 'always'/],
    [{ period: '300ms' }, /^period: 300 ms is not possible; ECS counts in whole minutes/],
    [{ period: '90s' }, /^period: 1 min 30 s is not/],
    [{ period: '1m' }, /^period: 1 min 0 s is not/],
    [{ period: '3d' }, /^period: 3 d 0 h is not/],
    [{ period: 'five' }, /^period: 'five' is not a duration/],
    [{ maxTotal: '9m' }, /^maxTotal: 9 min 0 s is less than two periods \(10 min 0 s\)/],
    [{ totl: '1h' }, /unknown option 'totl'/],
    [null, /write an object of options/],
  ])('%o is refused', (options, message) => {
    expect(() => scaleInProtection(options as ScaleInProtectionOptions)).toThrow(message)
  })

  test('are all optional, and their result goes into the middleware of a worker', () => {
    const protection = scaleInProtection()
    const { middleware } = parseWorkerOptions({ jobs: [job], middleware: [{}, protection] })
    expect(protectionSourceIn(middleware)).toBe(protection)
    expect(protectionSourceIn([{}])).toBeUndefined()
  })
})

interface Opened<Found> {
  readonly protection: Found
  readonly log: LineLog
}

async function tryIn(
  env: NodeJS.ProcessEnv,
  options: ScaleInProtectionOptions = {},
  jobs: readonly { name: string; timeoutMs: number | undefined }[] = [],
): Promise<Opened<Protection | undefined>> {
  const log = new LineLog()
  const deps = { clock: patientClock, log }
  const uri = env.ECS_CONTAINER_METADATA_URI_V4
  const identity = uri === undefined ? undefined : new TaskIdentityReader(uri, deps)
  const protection = await hookedScaleInProtection(options, { env }).open({ ...deps, identity, jobs })
  onTestFinished(async () => {
    await protection?.close()
    await identity?.close()
  })
  return { protection, log }
}

/** An endpoint at which protection can be requested. */
async function openIn(...args: Parameters<typeof tryIn>): Promise<Opened<Protection>> {
  const { protection, log } = await tryIn(...args)
  if (protection === undefined) throw new Error('no protection is asked for')
  return { protection, log }
}

function changeOf(protection: Protection, holds: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const check = (): void => {
      if (!holds()) return
      stop()
      resolve()
    }
    const stop = protection.onChange(check)
    check()
  })
}

describe('outside ECS', () => {
  test.each([undefined, 'best-effort', 'off'] as const)('mode %s is quietly off', async (mode) => {
    const { protection, log } = await tryIn({}, mode === undefined ? {} : { mode })
    expect(protection).toBeUndefined()
    expect(log.lines).toEqual([])
  })

  test('mode required does not start', async () => {
    await expect(openIn({}, { mode: 'required' })).rejects.toMatchObject({
      code: 'PROTECTION_UNAVAILABLE',
      message: expect.stringContaining('ECS_CONTAINER_METADATA_URI_V4 is not set'),
    })
  })
})

describe('in a task', () => {
  test('the default is best-effort; off requests nothing', async () => {
    const { env, requests } = await EcsEndpoints.open()
    const { protection } = await openIn(env)
    expect(protection.mode).toBe('best-effort')
    const off = await tryIn(env, { mode: 'off' })
    expect(off.protection).toBeUndefined()
    expect(requests.filter(({ method }) => method === 'PUT')).toEqual([])
  })

  test('the agent is called once the metadata gave the task, and its reply lets a claim continue', async () => {
    const endpoints = await EcsEndpoints.open()
    const { protection, log } = await openIn(endpoints.env, { mode: 'required' })
    expect([protection.mayClaimProtected(), protection.mayAsk()]).toEqual([false, true])
    protection.want()
    expect(protection.keepsSlotFree()).toBe(true)
    await changeOf(protection, () => protection.mayClaimProtected())
    const hold = protection.acquire()
    expect(await hold.confirm()).toBe(true)
    expect(protection.status).toMatchObject({ mode: 'required', state: { kind: 'held' }, users: 1 })
    expect(protection.status.reason).toMatch(/^protected for \d.* more$/)
    hold.release()
    endpoints.agent = reply(200, protectionBody(false))
    await protection.close()
    const puts = endpoints.requests
      .filter(({ method }) => method === 'PUT')
      .map(({ body }) => JSON.parse(body))
    expect(puts).toEqual([{ ProtectionEnabled: true, ExpiresInMinutes: 5 }, { ProtectionEnabled: false }])
    expect(log.lines).toEqual([])
  })

  test('a refusal is read from the body, whatever the status', async () => {
    const endpoints = await EcsEndpoints.open()
    endpoints.agent = reply(200, failureBody('DEPLOYMENT_BLOCKED'))
    const { protection } = await openIn(endpoints.env, { mode: 'required' })
    protection.want()
    await changeOf(protection, () => protection.status.state.kind === 'refused')
    expect(protection.mayClaimProtected()).toBe(false)
    expect(protection.status.reason).toMatch(
      /^protection was refused \(DEPLOYMENT_BLOCKED: .*\); it asks again in \d.*, such runs wait; raise the desired count/,
    )
  })

  test('without metadata required does not start and best-effort says once that it is off', async () => {
    const { agentUri } = await EcsEndpoints.open()
    const env = { ECS_AGENT_URI: agentUri }
    await expect(openIn(env, { mode: 'required' })).rejects.toMatchObject({ code: 'PROTECTION_UNAVAILABLE' })
    const { protection, log } = await tryIn(env)
    expect(protection).toBeUndefined()
    expect(log.messages).toEqual([expect.stringMatching(/^warn: .*METADATA.*without scale-in protection$/)])
  })

  test('a job that may run for longer than half of maxTotal causes a warning', async () => {
    const { env } = await EcsEndpoints.open()
    const jobs = [
      { name: 'short', timeoutMs: 3_600_000 },
      { name: 'endless', timeoutMs: undefined },
      { name: 'long', timeoutMs: 3_600_001 },
    ]
    const { log } = await openIn(env, {}, jobs)
    expect(log.lines.map(({ fields }) => fields)).toEqual([
      { job: 'long', timeout: '1 h 0 min', maxTotal: '2 h 0 min' },
    ])
  })
})

describe('two workers of one process', () => {
  test('share the holder of their task: one protects both, the last one gives it back', async () => {
    const endpoints = await EcsEndpoints.open()
    const first = await openIn(endpoints.env, { mode: 'required' })
    const second = await openIn(endpoints.env, { mode: 'required' })
    first.protection.want()
    await changeOf(second.protection, () => second.protection.mayClaimProtected())
    const hold = second.protection.acquire()
    expect(first.protection.status.users).toBe(1)
    first.protection.drain()
    expect(first.protection.mayClaimProtected()).toBe(false)
    expect(first.protection.status.state).toEqual({ kind: 'closing', cause: 'draining' })
    expect(second.protection.mayClaimProtected()).toBe(true)
    await first.protection.close()
    hold.release()
    expect(second.protection.status.state.kind).toBe('held')
    endpoints.agent = reply(200, protectionBody(false))
    await second.protection.close()
    expect(endpoints.requests.filter(({ method }) => method === 'PUT')).toHaveLength(2)
  })

  test('can’t have different rules for one task', async () => {
    const { env } = await EcsEndpoints.open()
    await openIn(env, { mode: 'required' })
    await expect(openIn(env, { mode: 'required', period: '10m' })).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
    })
  })

  test('that follow each other have a holder each, the second once the first has released protection', async () => {
    const endpoints = await EcsEndpoints.open()
    const order: string[] = []
    const first = await openIn(endpoints.env, { mode: 'required' })
    first.protection.want()
    await changeOf(first.protection, () => first.protection.mayClaimProtected())
    const unprotected = new Promise<ServerResponse>((resolve) => {
      endpoints.agent = resolve
    })
    const closed = first.protection.close()
    const response = await unprotected
    const seen = endpoints.requests.length
    const opening = openIn(endpoints.env, { mode: 'required' }).finally(() => order.push('opened'))
    // The second worker reads its metadata: it had the time to open.
    await endpoints.seen(seen + 2)
    order.push('replied')
    endpoints.agent = reply(200, protectionBody(true))
    reply(200, protectionBody(false))(response, { method: 'PUT', path: '', body: '' })
    await closed
    const second = await opening
    expect(order).toEqual(['replied', 'opened'])
    second.protection.want()
    await changeOf(second.protection, () => second.protection.mayClaimProtected())
    expect(second.protection.status.state.kind).toBe('held')
  })

  test('that begin while the last one drains are protected, too', async () => {
    const endpoints = await EcsEndpoints.open()
    const first = await openIn(endpoints.env, { mode: 'required' })
    first.protection.want()
    await changeOf(first.protection, () => first.protection.mayClaimProtected())
    first.protection.drain()
    const second = await openIn(endpoints.env, { mode: 'required' })
    await first.protection.close()
    second.protection.want()
    if (!second.protection.mayClaimProtected())
      await changeOf(second.protection, () => second.protection.mayClaimProtected())
    expect(second.protection.status.state.kind).toBe('held')
  })

  test('know their task when one of them does', async () => {
    const endpoints = await EcsEndpoints.open()
    const log = new LineLog()
    const blind = await hookedScaleInProtection({ mode: 'required' }, { env: endpoints.env }).open({
      clock: patientClock,
      log,
      // Its worker ended before it read the metadata.
      identity: { current: undefined, onKnown: () => undefined },
      jobs: [],
    })
    if (blind === undefined) throw new Error('no protection is asked for')
    blind.want()
    const { protection } = await openIn(endpoints.env, { mode: 'required' })
    await changeOf(blind, () => blind.mayClaimProtected())
    expect(protection.mayClaimProtected()).toBe(true)
    await blind.close()
  })
})
