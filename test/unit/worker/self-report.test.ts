import { expect, test } from 'vitest'
import type { ProtectionStatus } from '../../../runtime/model/protection.ts'
import type { TaskIdentity } from '../../../runtime/model/task-identity.ts'
import { maxDrainPlans, type RunDrainPlan } from '../../../runtime/store/worker-drain.ts'
import { SelfReport } from '../../../runtime/worker/self-report.ts'

const task: TaskIdentity = {
  ...{ taskArn: 'arn:aws:ecs:eu-central-1:111122223333:task/jobs/a', cluster: 'jobs' },
  ...{ region: 'eu-central-1', family: 'imports', revision: '7' },
}
const calls = {
  asked: 0,
  renewed: 0,
  released: 0,
  retried: 0,
  confirmed: 0,
  refused: 0,
  throttled: 0,
  lost: 0,
}
const idle: ProtectionStatus = {
  ...{ mode: 'required', state: { kind: 'idle' }, users: 0, protectedForMs: 0, sharesTask: false, calls },
  reason: '',
}

/** A worker whose sources the test sets. */
class Sources {
  task: TaskIdentity | undefined
  protection: ProtectionStatus | undefined
  drainPlan: readonly RunDrainPlan[] = []
  now = 0
  readonly report = new SelfReport({
    task: () => this.task,
    protection: () => this.protection,
    drainPlan: () => this.drainPlan,
    upMs: () => 1_234.5,
    now: () => this.now,
  })
}

test('a worker outside ECS never reports anything', () => {
  const sources = new Sources()
  expect([sources.report.whole(), sources.report.next()]).toEqual([undefined, undefined])
})

test('a task is reported once, when it becomes known', () => {
  const sources = new Sources()
  sources.task = { ...task, pulledAt: 7 }
  const process = expect.stringMatching(/^[0-9a-f]{12}$/)
  expect(sources.report.next()).toEqual({ n: 1, agoMs: 0, task: { ...task, process, upMs: 1_235 } })
  expect(sources.report.next()).toBeUndefined()
})

test('a full report is made for every new lease, with a number of its own', () => {
  const sources = new Sources()
  sources.task = task
  expect([sources.report.whole()?.n, sources.report.next(), sources.report.whole()?.n]).toEqual([
    1,
    undefined,
    2,
  ])
})

test('protection is reported when more than time has changed it', () => {
  const sources = new Sources()
  const news = (protection: ProtectionStatus): unknown => {
    sources.protection = protection
    return sources.report.next()?.protection
  }
  expect(news(idle)).toEqual({ mode: 'required', state: { kind: 'idle' }, users: 0, protectedForMs: 0 })
  expect(news(idle)).toBeUndefined()
  const asking = (forMs: number): ProtectionStatus => ({
    ...idle,
    state: { kind: 'asking', forMs, keepsSlot: forMs < 10_000 },
  })
  expect(news(asking(0))).toMatchObject({ state: { kind: 'asking' } })
  expect(news(asking(5_000))).toBeUndefined()
  const held = { ...idle, state: { kind: 'held' }, users: 1, protectedForMs: 300_000 } as const
  expect(news(held)).toMatchObject({ state: { kind: 'held' }, users: 1, protectedForMs: 300_000 })
  sources.now = 240_000
  expect(news({ ...held, protectedForMs: 60_000 })).toBeUndefined()
  // Renewed: the same state, a later end.
  expect(news({ ...held, protectedForMs: 300_000 })).toMatchObject({ protectedForMs: 300_000 })
  // The list of its users is sent with other reports.
  expect(news({ ...held, users: 2 })).toBeUndefined()
  expect(news({ ...held, users: 3, sharesTask: true })).toMatchObject({ users: 3, sharesTask: true })
  const refused = (code: string, retryInMs: number): ProtectionStatus => ({
    ...idle,
    state: { kind: 'refused', code, detail: 'no', retryInMs },
  })
  expect(news(refused('a', 5_000))).toMatchObject({ state: { code: 'a' } })
  expect(news(refused('a', 4_000))).toBeUndefined()
  expect(news(refused('b', 4_000))).toMatchObject({ state: { code: 'b' } })
})

test('the plan of a drain is reported as it changes, and when it becomes empty', () => {
  const sources = new Sources()
  const inStep: RunDrainPlan = { run: 'a', plan: 'finishing step', path: 'pay' }
  sources.drainPlan = [inStep, { run: 'b', plan: 'handing over' }]
  expect(sources.report.next()).toMatchObject({ n: 1, drainPlan: [inStep, { run: 'b' }] })
  expect(sources.report.next()).toBeUndefined()
  sources.drainPlan = Array.from({ length: maxDrainPlans + 1 }, () => inStep)
  expect(sources.report.next()?.drainPlan).toHaveLength(maxDrainPlans)
  sources.drainPlan = []
  expect(sources.report.next()).toEqual({ n: 3, agoMs: 0 })
  expect([sources.report.next(), sources.report.whole()]).toEqual([undefined, undefined])
})
