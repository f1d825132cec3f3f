import { describe, expect, test } from 'vitest'
import type { DutyTerm } from '../../../runtime/coordination/duty.ts'
import { AskSchedule } from '../../../runtime/fargate/ask-schedule.ts'
import type { DescribedTask } from '../../../runtime/fargate/described-task.ts'
import type { EcsReply, EcsTasks } from '../../../runtime/fargate/ecs-tasks.ts'
import { TaskDeathsDuty } from '../../../runtime/fargate/task-deaths-duty.ts'
import type { DeathCause } from '../../../runtime/model/death-cause.ts'
import { AwsSdkMissingError } from '../../../runtime/model/protection-errors.ts'
import { type SilentTask, silentShare } from '../../../runtime/store/lost-workers.ts'
import { renewalShare } from '../../../runtime/worker/lease-messages.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { LineLog } from '../../support/line-log.ts'

const cluster = 'arn:aws:ecs:eu-central-1:111122223333:task/jobs/'
const identity = {
  ...{ taskArn: `${cluster}own`, cluster: 'jobs', region: 'eu-central-1', family: 'workers', revision: '1' },
}
const primary = { id: 'ecs-svc/1' }

function lost(task: string, lease = task): SilentTask {
  return {
    lease,
    worker: `w-${lease}`,
    taskArn: task.startsWith('arn:') ? task : cluster + task,
    ...{ state: 'lost', lostAgoMs: 0 },
  }
}

function silent(task: string, lease = task): SilentTask {
  return { ...lost(task, lease), state: 'silent', seenAt: 7 }
}

function running(task: string): DescribedTask {
  return {
    ...{ taskArn: cluster + task, lastStatus: 'RUNNING', desiredStatus: 'RUNNING', launchType: 'FARGATE' },
    ...{ group: 'service:workers', startedBy: 'ecs-svc/1', containers: [] },
  }
}

function stopped(task: string, over: Partial<DescribedTask> = {}): DescribedTask {
  return {
    ...running(task),
    ...{ lastStatus: 'STOPPED', desiredStatus: 'STOPPED', stopCode: 'ServiceSchedulerInitiated' },
    stoppedReason: 'Scaling activity initiated by (deployment ecs-svc/1)',
    ...over,
  }
}

type Described = EcsReply<readonly DescribedTask[]>

const denied: Described = { kind: 'denied', detail: 'AccessDeniedException: not authorized' }
const failed: Described = { kind: 'failed', detail: 'ThrottlingException: Rate exceeded' }

/** A leader that looks when a test calls it. The replies of the store and of ECS are set before each look. */
class Site {
  readonly clock = new FakeClock()
  readonly log = new LineLog()
  readonly asked: string[][] = []
  readonly explained: [lease: string, DeathCause['kind']][] = []
  readonly reclaimed: [lease: string, seenAt: number][] = []
  opened = 0
  closed = 0
  told: SilentTask[] = []
  tasks: DescribedTask[] = []
  failure: Described | undefined
  services: EcsReply<typeof primary | undefined> = { kind: 'reply', value: primary }
  isKnown = true
  isInstalled = true
  readonly duty: TaskDeathsDuty
  beats = 0
  /** The term ends during a call to ECS. */
  endsInCall = false
  #over = new AbortController()

  constructor() {
    const ecs: EcsTasks = {
      describe: async (_, arns) => {
        this.asked.push(arns.map((arn) => arn.slice(cluster.length)))
        if (this.endsInCall) this.#over.abort()
        return (
          this.failure ?? { kind: 'reply', value: this.tasks.filter(({ taskArn }) => arns.includes(taskArn)) }
        )
      },
      primaryDeployment: async (_, service) => {
        this.asked.push([`service ${service}`])
        return this.services
      },
      close: () => void this.closed++,
    }
    const store = {
      silentTasks: async () => this.told,
      explainLoss: async (lease: string, { kind }: DeathCause) => {
        this.explained.push([lease, kind])
        this.told = this.told.filter((one) => one.lease !== lease)
        return 'explained' as const
      },
      reclaimStopped: async (lease: string, seenAt: number) => {
        this.reclaimed.push([lease, seenAt])
        return 'lost' as const
      },
    }
    this.duty = new TaskDeathsDuty(store, {
      ...{ clock: this.clock, log: this.log, identity: () => (this.isKnown ? identity : undefined) },
      open: async () => {
        this.opened++
        if (!this.isInstalled) throw new AwsSdkMissingError(new Error('no such package'))
        return ecs
      },
    })
  }

  /** Plays a term until `ms` have passed; returns the tasks in the requests, call by call. */
  async play(ms: number): Promise<readonly (readonly string[])[]> {
    const over = new AbortController()
    this.#over = over
    const begun = this.asked.length
    let left = ms
    const term: DutyTerm = {
      ...{ signal: over.signal, fence: 1 },
      beat: () => void this.beats++,
      pause: async (pauseMs) => {
        left -= pauseMs
        this.clock.stopFor(pauseMs)
        if (left <= 0) over.abort()
      },
    }
    await this.duty.work(term)
    return this.asked.slice(begun)
  }
}

describe('a lost worker', () => {
  test('is explained once its task is stopped; until then queries become rarer', async () => {
    const site = new Site()
    site.told = [lost('a')]
    site.tasks = [{ ...running('a'), desiredStatus: 'STOPPED', lastStatus: 'STOPPING' }]
    expect(await site.play(60_000)).toEqual([['a'], ['a'], ['a'], ['a']])
    expect(site.explained).toEqual([])
    site.tasks = [stopped('a')]
    await site.play(60_000)
    expect(site.explained).toEqual([['a', 'scale-in']])
    expect(site.reclaimed).toEqual([])
    expect(await site.play(60_000)).toEqual([])
    expect([site.opened, site.closed]).toEqual([2, 2])
  })

  test('whose task was running after it is not explained by a later stop', async () => {
    const site = new Site()
    // The process was started again in its task, or was cut off.
    site.told = [lost('a', 'first')]
    site.tasks = [running('a')]
    await site.play(10_000)
    site.told.push(lost('a', 'second'))
    site.tasks = [stopped('a')]
    await site.play(60_000)
    expect(site.explained.toSorted()).toEqual([
      ['first', 'unknown'],
      ['second', 'scale-in'],
    ])
  })

  test.each([
    ['long after the loss', 60_001, 'unknown'],
    ['before it, within the accuracy of clocks', 60_000, 'scale-in'],
  ])(
    'is judged by the times at which an earlier leader saw its task run: it was stopped %s',
    async (_, afterMs, kind) => {
      const site = new Site()
      site.clock.stopFor(1_800_000)
      site.told = [{ ...lost('a'), lostAgoMs: 1_200_000 } as SilentTask]
      site.tasks = [stopped('a', { stoppingAt: 600_000 + afterMs })]
      await site.play(5_000)
      expect(site.explained).toEqual([['a', kind]])
    },
  )

  test('whose task was running after it keeps that verdict, whatever is seen of the task later', async () => {
    const site = new Site()
    site.told = [lost('a')]
    site.tasks = [running('a')]
    await site.play(5_000)
    site.tasks = [{ ...running('a'), lastStatus: 'STOPPING', desiredStatus: 'STOPPED' }]
    await site.play(10_000)
    site.tasks = [stopped('a')]
    await site.play(60_000)
    expect(site.explained).toEqual([['a', 'unknown']])
  })

  test('whose task was running, but ordered to stop, is explained by that stop', async () => {
    const site = new Site()
    site.told = [lost('a')]
    site.tasks = [{ ...running('a'), desiredStatus: 'STOPPED' }]
    await site.play(5_000)
    site.tasks = [stopped('a')]
    await site.play(60_000)
    expect(site.explained).toEqual([['a', 'scale-in']])
  })

  test.each([
    ['a reply', undefined],
    ['a refusal', denied],
    ['a failure', failed],
  ])(
    'is left to the next leader if the term ends during the call: %s changes nothing',
    async (_, failure) => {
      const site = new Site()
      site.endsInCall = true
      site.failure = failure
      site.told = [lost('a')]
      site.tasks = [stopped('a')]
      await site.play(5_000)
      expect([site.explained, site.log.messages]).toEqual([[], []])
      site.endsInCall = false
      site.failure = undefined
      await site.play(5_000)
      expect(site.explained).toEqual([['a', 'scale-in']])
    },
  )

  test('that the store no longer lists is dropped', () => {
    const schedule = new AskSchedule()
    const worker = lost('a')
    expect(schedule.due([worker], 0, 100)).toEqual([worker])
    schedule.putOff(worker, 0, true)
    expect([schedule.outlived(worker), schedule.due([worker], 0, 100)]).toEqual([true, []])
    schedule.due([], 0, 100)
    expect([schedule.outlived(worker), schedule.due([worker], 0, 100)]).toEqual([false, [worker]])
  })

  test('is unchanged while ECS does not know its task', async () => {
    const site = new Site()
    site.told = [lost('a')]
    await site.play(600_000)
    expect(site.explained).toEqual([])
    expect(site.asked.length).toBeLessThan(10)
  })

  test('of another region, account or cluster, or with an ARN of the old form, is not queried', async () => {
    const site = new Site()
    const arns = [
      'arn:aws:ecs:us-east-1:111122223333:task/jobs/a',
      'arn:aws:ecs:eu-central-1:444455556666:task/jobs/a',
      'arn:aws:ecs:eu-central-1:111122223333:task/jobs2/a',
      'arn:aws:ecs:eu-central-1:111122223333:task/a',
    ]
    site.told = [...arns.map((arn) => lost(arn)), lost('mine')]
    expect(await site.play(5_000)).toEqual([['mine']])
  })

  test('is one of at most 100 tasks in a call; the rest follow in the next', async () => {
    const site = new Site()
    site.told = Array.from({ length: 130 }, (_, i) => lost(`t${i}`))
    const calls = await site.play(9_000)
    expect(calls.map((call) => call.length)).toEqual([100, 100])
    expect(new Set(calls.flat()).size).toBe(130)
  })

  test('the service is requested once per round; without that permission a stop is the service’s', async () => {
    const site = new Site()
    site.told = [lost('a'), lost('b')]
    site.tasks = [stopped('a'), stopped('b')]
    expect(await site.play(5_000)).toEqual([['a', 'b'], ['service workers']])
    site.services = { kind: 'denied', detail: 'AccessDeniedException: not authorized' }
    site.told = [lost('c'), lost('d')]
    site.tasks = [stopped('c'), stopped('d')]
    await site.play(5_000)
    site.told = [lost('e')]
    site.tasks = [stopped('e')]
    expect(await site.play(5_000)).toEqual([['e']])
    expect(site.explained.map(([, kind]) => kind)).toEqual([
      'scale-in',
      'scale-in',
      'service',
      'service',
      'service',
    ])
    expect(site.log.messages.filter((line) => line.includes('ecs:DescribeServices'))).toHaveLength(1)
  })

  test('waits while its service can’t be requested', async () => {
    const site = new Site()
    site.services = { kind: 'failed', detail: 'TimeoutError' }
    site.told = [lost('a')]
    site.tasks = [stopped('a')]
    await site.play(5_000)
    expect(site.explained).toEqual([])
    site.services = { kind: 'reply', value: undefined }
    await site.play(60_000)
    expect(site.explained).toEqual([['a', 'service']])
  })
})

describe('a silent worker', () => {
  test('is lost, and explained, once its Fargate task is STOPPED', async () => {
    const site = new Site()
    site.told = [silent('a')]
    site.tasks = [running('a')]
    // With each look: its lease lasts only a short while.
    expect(await site.play(15_000)).toEqual([['a'], ['a'], ['a']])
    site.tasks = [stopped('a')]
    await site.play(5_000)
    expect(site.reclaimed).toEqual([['a', 7]])
    expect(site.explained).toEqual([['a', 'scale-in']])
  })

  test.each([
    ['is only ordered to stop', { ...running('a'), desiredStatus: 'STOPPED' }],
    ['is stopping', { ...stopped('a'), lastStatus: 'STOPPING' }],
    ['is deprovisioning', { ...stopped('a'), lastStatus: 'DEPROVISIONING' }],
    ['is not a Fargate task', stopped('a', { launchType: 'EC2' })],
    ['is not known', undefined],
    ['is another one', stopped('b')],
  ])('is unaffected while its task %s', async (_, task) => {
    const site = new Site()
    site.told = [silent('a')]
    site.tasks = task === undefined ? [] : [task]
    await site.play(20_000)
    expect(site.reclaimed).toEqual([])
  })

  test('has missed two renewals', () => {
    expect(silentShare).toBe(2 * renewalShare)
  })
})

describe('ECS', () => {
  test('is not called, and its SDK not loaded, while no worker is silent or the own task is unknown', async () => {
    const site = new Site()
    await site.play(60_000)
    site.told = [lost('a')]
    site.isKnown = false
    await site.play(60_000)
    expect([site.opened, site.asked]).toEqual([0, []])
    expect(site.beats).toBe(24)
  })

  test.each([
    ['the permission', 'AccessDeniedException: not authorized'],
    ['the SDK', '@aws-sdk/client-ecs is not installed'],
  ])('is not called any more without %s: one line', async (what, reason) => {
    const site = new Site()
    if (what === 'the SDK') site.isInstalled = false
    else site.failure = denied
    site.told = [lost('a'), silent('b')]
    await site.play(60_000)
    await site.play(60_000)
    expect(site.opened).toBe(1)
    expect(site.asked.length).toBeLessThanOrEqual(1)
    expect(site.log.lines).toEqual([
      { level: 'info', fields: { reason }, message: 'ECS is not asked what ended the tasks of lost workers' },
    ])
    // It is no dead duty.
    expect(site.beats).toBe(24)
  })

  test('that fails is called ever less often, and the duty reports itself alive meanwhile', async () => {
    const site = new Site()
    site.failure = failed
    site.told = [silent('a')]
    await site.play(300_000)
    expect(site.asked.length).toBeGreaterThan(2)
    expect(site.asked.length).toBeLessThan(10)
    expect(site.beats).toBeGreaterThan(50)
    expect(site.log.messages).toEqual([
      'warn: ECS could not be asked what ended the task of a lost worker; trying again',
    ])
    site.failure = undefined
    site.tasks = [stopped('a')]
    await site.play(600_000)
    expect(site.explained).toEqual([['a', 'scale-in']])
  })
})
