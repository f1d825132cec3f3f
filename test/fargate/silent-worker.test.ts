import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { DutyTerm } from '../../runtime/coordination/duty.ts'
import { openEcsTasks } from '../../runtime/fargate/ecs-tasks.ts'
import { TaskDeathsDuty } from '../../runtime/fargate/task-deaths-duty.ts'
import { systemClock } from '../../runtime/model/clock.ts'
import { deathText } from '../../runtime/model/death-cause.ts'
import type { Store } from '../../runtime/store/store.ts'
import { ManualClock } from '../support/ecs/clock.ts'
import type { FakeEcs } from '../support/ecs/fake-ecs.ts'
import type { FakeTask } from '../support/ecs/fake-task.ts'
import { idle } from '../support/ecs/task-programs.ts'
import { LineLog } from '../support/line-log.ts'
import { sharedRedisServer } from '../support/redis/redis-server.ts'
import { embeddedStore } from '../support/stores/embedded-store-kind.ts'
import { redisStore } from '../support/stores/redis-store-kind.ts'
import { newRun } from '../support/stores/store-inputs.ts'
import type { StoreUnderTest } from '../support/stores/store-under-test.ts'
import { TestWorker } from '../support/stores/test-worker.ts'
import { startFake } from './start-fake.ts'

/** A fleet on a store whose time a test moves; the real SDK calls ECS. */
function openSite({ store, advance }: StoreUnderTest, fake: FakeEcs) {
  for (const [name, value] of Object.entries(fake.operatorEnvironment)) vi.stubEnv(name, value)
  const definition = fake.register({ family: 'worker', containers: [idle()] })
  const leader = fake.runTask(definition)
  const identityOf = (task: FakeTask) => ({
    ...{ taskArn: task.arn, cluster: fake.clusterName, region: 'eu-central-1' },
    ...{ family: 'worker', revision: '1' },
  })
  const log = new LineLog()
  const duty = new TaskDeathsDuty(store, {
    ...{ clock: systemClock, log, identity: () => identityOf(leader), open: openEcsTasks },
  })
  return {
    log,
    runTask: () => fake.runTask(definition),
    /** A worker in a task, with a lease of a minute. */
    worker: (task: FakeTask): Promise<TestWorker> =>
      TestWorker.register(store, {
        leaseMs: 60_000,
        report: { n: 1, agoMs: 0, task: { ...identityOf(task), process: 'p', upMs: 0 } },
      }),
    /** Lets two renewals of all others than these pass. */
    fallSilent: async (...alive: readonly TestWorker[]): Promise<void> => {
      for (let passed = 0; passed < 37_000; passed += 4_000) {
        advance(4_000)
        for (const worker of alive) await worker.renew()
      }
    },
    /** One look of the leader's duty. */
    look: async (): Promise<void> => {
      const over = new AbortController()
      const term: DutyTerm = {
        ...{ signal: over.signal, fence: 1, beat: () => undefined },
        pause: async () => over.abort(),
      }
      await duty.work(term)
    },
  }
}

async function stateOf(store: Store, id: string): Promise<string | undefined> {
  return (await store.run(id))?.state
}

describe.each([embeddedStore, redisStore('Redis', async () => (await sharedRedisServer()).url)])(
  'on the $name store',
  ({ open }) => {
    test('a silent worker is lost once ECS reports STOPPED, and no other lease of its task', async () => {
      const under = await open()
      onTestFinished(() => under.close())
      const { store } = under
      const clock = new ManualClock()
      const fake = await startFake({ clock })
      const site = openSite(under, fake)
      const task = site.runTask()
      const [victim, twin] = [await site.worker(task), await site.worker(task)]
      const run = newRun()
      await store.enqueue([run])
      await victim.claimOne()
      await site.fallSilent(twin)

      await site.look()
      expect(await stateOf(store, run.id)).toBe('running')
      fake.vanish(task, { noticedAfterMs: 60_000 })
      // ECS has not noticed it yet.
      await site.look()
      expect(await stateOf(store, run.id)).toBe('running')
      clock.advance(60_000)
      await site.look()

      expect(await store.run(run.id)).toMatchObject({ state: 'ready', losses: 1, lossStreak: 1 })
      expect(await victim.renew()).toEqual({ kind: 'lost' })
      expect(await twin.renew()).toMatchObject({ kind: 'held' })
      const [lost, ...others] = await store.lostWorkers()
      expect(others).toEqual([])
      expect(lost).toMatchObject({ name: victim.name, taskArn: task.arn, seenBy: 'exit', runs: 1 })
      expect(deathText(lost?.death ?? { kind: 'spot', text: '' })).toMatch(
        /^unknown \(InfrastructureHealth: /,
      )
      expect(site.log.messages).toEqual([
        'warn: the task of a silent worker has stopped: it is lost',
        expect.stringMatching(/^info: the end of a lost worker is explained: unknown \(InfrastructureHealth/),
      ])
    })
  },
)
