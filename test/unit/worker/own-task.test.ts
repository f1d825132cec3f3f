import { describe, expect, onTestFinished, test } from 'vitest'
import { scaleInProtection } from '../../../runtime/fargate/scale-in-protection.ts'
import type { WorkerOptions } from '../../../runtime/index.ts'
import { defineJob, type Job } from '../../../sdk/index.ts'
import { openFixture } from '../../support/fixture.ts'
import { bothStores } from '../../support/stores/both-stores.ts'
import { digest, EcsEndpoints, reply, taskBody } from '../fargate/ecs-endpoints.ts'
import { ownTask } from '../fargate/holder-script.ts'

const job = defineJob({ name: 'idle' }, () => 1)
const protectedJob = defineJob({ name: 'charge', protect: true }, () => 1)

/** Makes this process one of a task, until the test ends. */
async function inTask(): Promise<EcsEndpoints> {
  const endpoints = await EcsEndpoints.open()
  for (const [name, value] of Object.entries(endpoints.env)) {
    process.env[name] = value
    onTestFinished(() => void delete process.env[name])
  }
  return endpoints
}

describe.each(bothStores)('on the %s store a worker in an ECS task', (_, open) => {
  test('shows its task from its registration on', async () => {
    await inTask()
    const { jobs, lines, work } = await openFixture(await open())
    await work(job)
    const [shown] = await jobs.inspector.workers()
    expect(shown?.task).toMatchObject({
      ...{ taskArn: ownTask, cluster: 'jobs', region: 'eu-central-1', family: 'imports', revision: '7' },
      ...{ zone: 'eu-central-1b', launchType: 'FARGATE', imageDigest: digest, vcpu: 0.5 },
    })
    expect(shown).not.toHaveProperty('protection')
    expect(shown?.task?.startedAt).toBeLessThan(shown?.startedAt ?? 0)
    // Half a vCPU, and no concurrency given.
    expect(shown?.concurrency).toBe(5)
    expect(lines.filter(({ fields }) => 'vcpu' in fields)).toMatchObject([
      {
        ...{ level: 'info', fields: { vcpu: 0.5, concurrency: 5 } },
        message:
          "concurrency isn't set: 5 runs at a time (10 per vCPU, counting one vCPU at most, since all jobs share one core)",
      },
    ])
  })

  test('began when its task did, even if the process was restarted in it', async () => {
    const endpoints = await inTask()
    const pulledAt = Date.now() - 3_600_000
    endpoints.metadata = reply(200, { ...taskBody, PullStartedAt: new Date(pulledAt).toISOString() })
    const { jobs, work } = await openFixture(await open())
    await work(job)
    const [shown] = await jobs.inspector.workers()
    expect(shown?.task).not.toHaveProperty('pulledAt')
    expect(shown?.task?.startedAt).toBeGreaterThan(pulledAt - 60_000)
    expect(shown?.task?.startedAt).toBeLessThan(pulledAt + 1_800_000)
  })

  test('keeps its configured concurrency', async () => {
    await inTask()
    const { jobs, work } = await openFixture(await open())
    await work(job, { concurrency: 12 })
    expect(await jobs.inspector.workers()).toMatchObject([{ concurrency: 12 }])
  })

  test('starts without the metadata, and reports its task once that arrives', async () => {
    const endpoints = await inTask()
    const good = endpoints.metadata
    endpoints.metadata = reply(500, {})
    const { jobs, work } = await openFixture(await open())
    // Its next renewal is 18 min away: reports that the fleet acts on don't wait for it.
    await work(job, { lease: '1h' })
    expect((await jobs.inspector.workers())[0]).not.toHaveProperty('task')
    endpoints.metadata = good
    const read = async () => (await jobs.inspector.workers())[0]?.task?.taskArn
    await expect.poll(read, { timeout: 60_000 }).toBe(ownTask)
    // Its registered data is unchanged.
    expect(await jobs.inspector.workers()).toMatchObject([{ concurrency: 10 }])
  })

  test('reports ECS’s reply on its protection', async () => {
    const endpoints = await inTask()
    const refusal = { failure: { Reason: 'DEPLOYMENT_BLOCKED', Detail: 'too many are protected' } }
    endpoints.agent = reply(200, refusal)
    const { jobs, work } = await openFixture(await open())
    await work(protectedJob, { lease: '1h', middleware: [scaleInProtection({ mode: 'required' })] })
    expect(await jobs.inspector.workers()).toMatchObject([
      { protection: { mode: 'required', state: { kind: 'idle' }, users: 0, protectedForMs: 0 } },
    ])
    await jobs.enqueue(protectedJob)
    const state = async () => (await jobs.inspector.workers())[0]?.protection?.state
    await expect.poll(state, { timeout: 60_000 }).toMatchObject({
      ...{ kind: 'refused', code: 'DEPLOYMENT_BLOCKED', detail: 'too many are protected' },
    })
  })
})

describe('a worker in an ECS task whose jobs want scale-in protection', () => {
  const unasked =
    /^jobs want scale-in protection, and this worker doesn't ask for it: start it with --protect/

  async function warningsOf(jobs: readonly Job[], options: Partial<WorkerOptions> = {}) {
    const { lines, work } = await openFixture()
    await work(jobs, options)
    return lines.filter(({ message }) => unasked.test(message))
  }

  test('warns once, with their names, if it requests none', async () => {
    await inTask()
    expect(await warningsOf([job, protectedJob])).toMatchObject([
      { level: 'warn', fields: { jobs: ['charge'] } },
    ])
  })

  test('does not warn if none of its jobs wants it, if it requests it, or if it is turned off', async () => {
    await inTask()
    expect(await warningsOf([job])).toEqual([])
    for (const mode of ['best-effort', 'off'] as const) {
      expect(await warningsOf([protectedJob], { middleware: [scaleInProtection({ mode })] })).toEqual([])
    }
  })
})

test('a worker outside ECS does not warn of jobs that want scale-in protection', async () => {
  const { lines, work } = await openFixture()
  await work(protectedJob)
  expect(lines.filter(({ level }) => level === 'warn')).toEqual([])
})

test('a worker outside ECS has no task and does not query one', async () => {
  const { jobs, work } = await openFixture()
  await work(job)
  const [shown] = await jobs.inspector.workers()
  expect(shown).not.toHaveProperty('task')
  expect(shown?.concurrency).toBe(10)
})
