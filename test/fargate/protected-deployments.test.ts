import { expect, test } from 'vitest'
import { defineJob } from '../../sdk/index.ts'
import type { FakeEcsEvent } from '../support/ecs/fake-ecs-event.ts'
import type { FakeService } from '../support/ecs/fake-service.ts'
import { idle } from '../support/ecs/task-programs.ts'
import { provingNumber } from '../support/evidence.ts'
import { abortOf, gate, openFixture } from '../support/fixture.ts'
import { registerWorker } from './start-fake.ts'
import { SteeredFleet } from './steered-fleet.ts'

/*
 * Deployments whose old tasks are protected. Hours of protection pass as the test says; workers, store, agent and ECS
 * are real to each other.
 */

const minutes = 60_000
const maxTotalMs = 120 * minutes
/** Tasks that a deployment replaces; five in `npm run prove -- fargate-tasks`. */
const oldTasks = provingNumber('DURABLE_JOBS_PROVE_OLD_TASKS', 2)

type Stop = Extract<FakeEcsEvent, { type: 'stop' }>

interface Site {
  readonly fleet: SteeredFleet
  readonly service: FakeService
  /** Starts a deployment, and resolves when its tasks have workers. */
  readonly deploy: () => Promise<void>
  readonly isDeployed: () => boolean
  readonly stops: () => readonly Stop[]
}

async function open(fleet: SteeredFleet, desiredCount: number): Promise<Site> {
  const { fake } = fleet
  const first = registerWorker(fake, idle())
  const service = fake.createService({ name: 'workers', definition: first, desiredCount })
  await fleet.started(desiredCount)
  return {
    fleet,
    service,
    deploy: async () => {
      service.update({ definition: registerWorker(fake, idle()) })
      await fleet.started(2 * desiredCount)
    },
    isDeployed: () => service.steady && service.deployments.length === 1,
    stops: () => fake.events.history.filter((event) => event.type === 'stop'),
  }
}

test.concurrent('if all old tasks are protected, ECS refuses new ones until those have ended, and the log and explain report it', async ({
  onTestFinished: atEnd,
}) => {
  const shop = await openFixture({}, atEnd)
  const { jobs } = shop
  const ends = [gate(), gate(), gate()]
  let begun = 0
  const charge = defineJob({ name: 'charge', protect: true }, () => ends[begun++]?.opened)
  const fleet = await SteeredFleet.open(shop, [charge], { mode: 'required' }, atEnd)
  const { clock } = fleet
  const { service, deploy, isDeployed, stops } = await open(fleet, 2)
  const runs = [await jobs.enqueue(charge), await jobs.enqueue(charge)]
  await clock.passUntil(() => begun === 2)
  const old = [...fleet.workers]
  await deploy()
  const waiting = await jobs.enqueue(charge)
  const refusals = (): number =>
    shop.lines.filter(({ level, message }) => level === 'warn' && message.includes('DEPLOYMENT_BLOCKED'))
      .length
  await clock.passUntil(() => refusals() > 0)
  expect(shop.lines.find(({ message }) => message.includes('DEPLOYMENT_BLOCKED'))?.message).toContain(
    'raise the desired count above the number of protected tasks, or wait for one to end',
  )
  // As a worker does that has seen the newer revision.
  for (const [, { protection }] of old) protection.opened.supersede(true)
  const explained = async (): Promise<string> => (await jobs.explain(waiting.id)).sentences.join(' ')
  await clock.passUntil(async () =>
    (await explained()).includes('waits for a worker with scale-in protection'),
  )
  await clock.advance(20 * minutes)
  expect([begun, stops().length, service.deployments.length]).toEqual([2, 0, 2])
  for (const end of ends.slice(0, 2)) end.open()
  await clock.passUntil(() => begun === 3 && isDeployed())
  ends[2]?.open()
  await Promise.all([...runs, waiting].map((run) => run.result({ timeout: '2m' })))
  expect(
    stops().map(({ task, protectedThen }) => [old.some(([each]) => each === task), protectedThen]),
  ).toEqual([
    [true, false],
    [true, false],
  ])
})

test.concurrent('old tasks with an endless protected run each: the deployment ends within maxTotal', async ({
  onTestFinished: atEnd,
}) => {
  const shop = await openFixture({}, atEnd)
  const begun: string[] = []
  const endless = defineJob({ name: 'endless', protect: true }, ({ step, run }) =>
    step.run('wait', async ({ signal }) => {
      begun.push(run.id)
      throw await abortOf(signal)
    }),
  )
  const fleet = await SteeredFleet.open(shop, [endless], { mode: 'required', maxTotal: maxTotalMs }, atEnd)
  const { clock } = fleet
  const { deploy, isDeployed, stops } = await open(fleet, oldTasks)
  const runs = await Promise.all(Array.from({ length: oldTasks }, () => shop.jobs.enqueue(endless)))
  await clock.passUntil(() => begun.length === oldTasks)
  await clock.advance(10 * minutes)
  const deployedAt = clock.now()
  await deploy()
  await clock.passUntil(isDeployed, 1 * minutes)
  expect(stops().map(({ protectedThen }) => protectedThen)).toEqual(
    Array.from({ length: oldTasks }, () => false),
  )
  for (const { at } of stops()) expect(at - deployedAt).toBeLessThanOrEqual(maxTotalMs)
  // They continue in new tasks.
  await clock.passUntil(() => begun.length > oldTasks)
  for (const { id } of runs) {
    expect(await shop.jobs.inspector.run(id)).toMatchObject({ losses: 0, attempt: 1 })
  }
})

test.concurrent('old tasks with consecutive protected runs: the deployment ends by itself before maxTotal', async ({
  onTestFinished: atEnd,
}) => {
  const shop = await openFixture({}, atEnd)
  let ended = 0
  const brief = defineJob({ name: 'brief', protect: true }, ({ step }) =>
    step.run('wait', async ({ signal }) => {
      const over = new Promise<void>((resolve) => clock.after(3 * minutes, resolve))
      await Promise.race([over, abortOf(signal)])
      signal.throwIfAborted()
      ended++
      await shop.jobs.enqueue(brief)
    }),
  )
  const fleet = await SteeredFleet.open(shop, [brief], { mode: 'required', maxTotal: maxTotalMs }, atEnd)
  const { clock } = fleet
  const { deploy, isDeployed, stops } = await open(fleet, oldTasks)
  for (let i = 0; i < 2 * oldTasks; i++) await shop.jobs.enqueue(brief)
  await clock.passUntil(() => ended > oldTasks)
  const deployedAt = clock.now()
  await deploy()
  await clock.passUntil(isDeployed, 20_000)
  expect(stops().map(({ protectedThen }) => protectedThen)).toEqual(
    Array.from({ length: oldTasks }, () => false),
  )
  for (const { at } of stops()) expect(at - deployedAt).toBeLessThanOrEqual(maxTotalMs)
  // From half of it on they take no new ones: no run has used the whole.
  expect(shop.lines.filter(({ message }) => message.includes('protected for maxTotal'))).toEqual([])
  const before = ended
  await clock.passUntil(() => ended > before, 1 * minutes)
})
