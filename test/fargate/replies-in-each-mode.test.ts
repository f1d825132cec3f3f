import { describe, expect, type TestContext, test } from 'vitest'
import type { ProtectionMode } from '../../runtime/model/protection.ts'
import { defineJob, type Jobs } from '../../sdk/index.ts'
import { agentFailure, ecsTimedOut, noTaskRole, unknownContainer } from '../support/ecs/agent-reply.ts'
import type { FailurePlan, PlannedFailure } from '../support/ecs/failure-plan.ts'
import type { FakeEcs } from '../support/ecs/fake-ecs.ts'
import type { FakeTask } from '../support/ecs/fake-task.ts'
import { idle } from '../support/ecs/task-programs.ts'
import { abortOf, type Fixture, type Gate, gate, openFixture } from '../support/fixture.ts'
import { CloudClock } from './cloud-clock.ts'
import { only } from './ready-service.ts'
import { registerWorker, startFake } from './start-fake.ts'
import { SteeredProtection } from './steered-protection.ts'

/*
 * What docs/fargate.md states of each failure in each mode. The worker, the agent's endpoint and the fake's ECS are real
 * to each other; minutes of protection pass as the test says.
 */

interface Row {
  readonly plan: Pick<FailurePlan, 'at' | 'failure'>
  /** Calls until the holder pauses. */
  readonly calls: number
  /** The code in its log line. */
  readonly says: string
}

const otherTask = 'arn:aws:ecs:eu-central-1:123456789012:task/fake/00000000000000000000000000000000'
const throttled = { status: 400, code: 'ThrottlingException', message: 'Rate exceeded' } as const

const rows: readonly (readonly [string, Row])[] = [
  ['403', { plan: { at: 'agent', failure: agentFailure(noTaskRole) }, calls: 1, says: noTaskRole.code }],
  [
    '404',
    { plan: { at: 'agent', failure: agentFailure(unknownContainer) }, calls: 1, says: unknownContainer.code },
  ],
  ['504', { plan: { at: 'agent', failure: agentFailure(ecsTimedOut) }, calls: 3, says: ecsTimedOut.code }],
  ['a hang', { plan: { at: 'agent', failure: { kind: 'hang' } }, calls: 3, says: 'no reply within 6.0 s' }],
  ['throttling', { plan: { at: 'agent', failure: agentFailure(throttled) }, calls: 3, says: throttled.code }],
  [
    'a failure body with 200',
    {
      plan: { at: 'ecs', failure: { kind: 'failure', reason: 'DEPLOYMENT_BLOCKED', detail: 'too many' } },
      calls: 1,
      says: 'DEPLOYMENT_BLOCKED',
    },
  ],
  [
    'a reply about another task',
    {
      plan: { at: 'ecs', failure: { kind: 'wrong-task', taskArn: otherTask } },
      calls: 1,
      says: 'wrong task',
    },
  ],
  [
    'an expiry in the past',
    { plan: { at: 'ecs', failure: { kind: 'past-expiry' } }, calls: 1, says: 'expired' },
  ],
  ['a lost reply', { plan: { at: 'agent', failure: { kind: 'lost-answer' } }, calls: 3, says: 'no answer' }],
]

const patience = { timeout: '2m' } as const

/** One worker in a task, with a job that needs protection and one that doesn't. */
class Site {
  readonly clock: CloudClock
  readonly fake: FakeEcs
  readonly shop: Fixture
  readonly task: FakeTask
  readonly protection: SteeredProtection
  /** Whether the worker counted on protection when the body began, each time. */
  readonly begins: boolean[] = []
  /** Whether ECS did protect the task then. */
  readonly inEcs: boolean[] = []
  readonly told: string[] = []
  readonly end: Gate = gate()
  firstSteps = 0
  readonly plain = defineJob({ name: 'plain' }, () => 'plain')
  readonly charge = defineJob({ name: 'charge', protect: true }, async ({ step }) => {
    await step.run('first', () => void this.firstSteps++)
    return step.run('charge', ({ signal }) => this.#body(signal))
  })

  private constructor(fake: FakeEcs, shop: Fixture, task: FakeTask, protection: SteeredProtection) {
    this.fake = fake
    this.shop = shop
    this.task = task
    this.protection = protection
    this.clock = protection.clock
  }

  /** @param owner Starts its task. */
  static async open(
    mode: ProtectionMode,
    { onTestFinished: atEnd }: TestContext,
    owner: 'service' | 'RunTask' = 'service',
  ): Promise<Site> {
    const clock = new CloudClock()
    const [fake, shop] = await Promise.all([
      startFake({ clock, minuteMs: 60_000 }, atEnd),
      openFixture({}, atEnd),
    ])
    const definition = registerWorker(fake, idle())
    const task =
      owner === 'RunTask'
        ? fake.runTask(definition)
        : only(fake.createService({ name: 'workers', definition, desiredCount: 1 }).tasks)
    const site = new Site(fake, shop, task, new SteeredProtection(clock, fake, task, { mode }))
    await shop.work([site.plain, site.charge], { concurrency: 2, middleware: [site.protection.middleware] })
    return site
  }

  get jobs(): Jobs {
    return this.shop.jobs
  }

  get holder(): string {
    return this.protection.opened.status.state.kind
  }

  get calls(): number {
    return this.fake.calls.calls({ door: 'agent' })
  }

  fail({ plan }: Row): PlannedFailure {
    return this.fake.failures.add({ ...plan, protectionEnabled: true } as FailurePlan)
  }

  /** Warnings about protection that contain `text`. */
  warnings(text: string): number {
    return this.shop.lines.filter(
      ({ level, fields, message }) =>
        level === 'warn' && `${message} ${JSON.stringify(fields)}`.includes(text),
    ).length
  }

  async doPlain(): Promise<void> {
    await (await this.jobs.enqueue(this.plain)).result(patience)
  }

  async #body(signal: AbortSignal): Promise<string> {
    this.begins.push(this.protection.protectedForMs > 0)
    this.inEcs.push(this.fake.isProtected(this.task))
    const told = abortOf(signal).then((reason) => {
      this.told.push((reason as { reason: string }).reason)
      throw reason
    })
    await Promise.race([this.end.opened, told])
    return 'charged'
  }
}

/** In `npm test`: a refusal by the agent, one by ECS, and a repeated call. The unit tests cover the holder's part of all rows. */
const always: ReadonlySet<string> = new Set(['403', 'a failure body with 200', 'a lost reply'])
const isProving = process.env.DURABLE_JOBS_PROVE_CASES === 'all'
if (!isProving) console.log('other failures in each mode: npm run prove -- fargate-tasks')

// Each waits for real pauses of store and worker: they pass side by side.
describe.concurrent.each(rows.filter(([name]) => isProving || always.has(name)))('%s', (_name, row) => {
  test('off: the worker requests nothing, and the run starts', async (context) => {
    const site = await Site.open('off', context)
    site.fail(row)
    const run = await site.jobs.enqueue(site.charge)
    site.end.open()
    expect(await run.result(patience)).toBe('charged')
    expect(site.calls).toBe(0)
  })

  test('best-effort: the run starts without protection, gets it later, and continues when a renewal fails', async (context) => {
    const site = await Site.open('best-effort', context)
    const { clock, jobs, begins } = site
    const asking = site.fail(row)
    const run = await jobs.enqueue(site.charge)
    await clock.passUntil(() => begins.length === 1)
    await clock.passUntil(() => site.holder === 'refused')
    expect([begins, site.calls]).toEqual([[false], row.calls])
    expect(site.warnings(row.says)).toBe(1)
    asking.lift()
    await clock.passUntil(() => site.holder === 'held')
    site.fail(row)
    await clock.passUntil(() => site.warnings('the run goes on without it') === 1, 10_000)
    site.end.open()
    expect(await run.result(patience)).toBe('charged')
    expect([site.told, site.begins.length, site.firstSteps]).toEqual([[], 1, 1])
    expect(await jobs.inspector.run(run.id)).toMatchObject({ losses: 0, attempt: 1 })
  })

  test('required: the run waits for protection; a failed renewal is reported to the run, and nothing is lost', async (context) => {
    const site = await Site.open('required', context)
    const { clock, jobs, begins } = site
    const asking = site.fail(row)
    const run = await jobs.enqueue(site.charge)
    await clock.passUntil(() => site.holder === 'refused')
    expect(site.calls).toBe(row.calls)
    expect(site.warnings(row.says)).toBe(1)
    // Through pauses and retries, while other work continues.
    await clock.advance(5 * 60_000)
    await site.doPlain()
    expect([begins, (await jobs.inspector.run(run.id))?.state]).toEqual([[], 'ready'])
    asking.lift()
    await clock.passUntil(() => begins.length === 1)
    const renewing = site.fail(row)
    await clock.passUntil(() => site.told.length === 1, 10_000)
    await clock.passUntil(async () => (await jobs.inspector.run(run.id))?.state === 'ready', 0)
    renewing.lift()
    await clock.passUntil(() => begins.length === 2)
    site.end.open()
    expect(await run.result(patience)).toBe('charged')
    expect([begins, site.inEcs]).toEqual([
      [true, true],
      [true, true],
    ])
    expect([site.told, site.firstSteps]).toEqual([['protection lost'], 1])
    expect(site.warnings("can't be renewed")).toBe(1)
    expect(await jobs.inspector.run(run.id)).toMatchObject({ losses: 0, attempt: 1 })
  })
})

describe.concurrent('a task that no service owns', () => {
  const hours = 60 * 60_000

  test('best-effort: the run starts without protection, which the worker never requests again', async (context) => {
    const site = await Site.open('best-effort', context, 'RunTask')
    const run = await site.jobs.enqueue(site.charge)
    await site.clock.passUntil(() => site.begins.length === 1)
    await site.clock.advance(24 * hours)
    site.end.open()
    expect(await run.result(patience)).toBe('charged')
    expect([site.begins, site.calls, site.warnings('TASK_NOT_VALID')]).toEqual([[false], 1, 1])
  })

  test('required: the run waits for another worker, and this one never requests protection again', async (context) => {
    const site = await Site.open('required', context, 'RunTask')
    const run = await site.jobs.enqueue(site.charge)
    await site.clock.passUntil(() => site.holder === 'refused')
    await site.clock.advance(24 * hours)
    await site.doPlain()
    expect((await site.jobs.inspector.run(run.id))?.state).toBe('ready')
    expect([site.begins, site.calls, site.warnings('TASK_NOT_VALID')]).toEqual([[], 1, 1])
  })
})
