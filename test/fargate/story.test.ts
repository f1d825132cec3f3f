import { expect, onTestFinished, test } from 'vitest'
import type { FakeTask } from '../support/ecs/fake-task.ts'
import { oncePaths } from '../support/ecs/story/story-jobs.ts'
import { drawUpReceipt, type StoryReceipt } from '../support/ecs/story/story-receipt.ts'
import { type StoryOptions, StorySite } from '../support/ecs/story/story-site.ts'
import { printEvidence, provingNumber } from '../support/evidence.ts'
import { SeededRandom } from '../support/seeded-random.ts'

/*
 * The whole story on Redis and the fake of ECS, with workers as processes. `npm test` plays it with 60 runs, which takes some
 * seconds. More: DURABLE_JOBS_PROVE_RUNS=600, with DURABLE_JOBS_PROVE_LEASE=10000 on a busy machine, where a worker that gets no
 * processor for a whole lease loses its runs; `npm run prove -- fargate-story` for 2,000 runs on 12 tasks.
 */

const runs = provingNumber('DURABLE_JOBS_PROVE_RUNS', 60)
const maxTasks = provingNumber('DURABLE_JOBS_PROVE_TASKS', 6)
const interruptions = provingNumber('DURABLE_JOBS_PROVE_INTERRUPTIONS', 1)
const vanishings = provingNumber('DURABLE_JOBS_PROVE_VANISHINGS', 1)
const seed = provingNumber('DURABLE_JOBS_PROVE_SEED', 1)
const leastTasks = 2
const patience = { timeout: '4m' } as const

const stopTimeoutMs = 4_000
const calm: StoryOptions = {
  concurrency: 4,
  leaseMs: provingNumber('DURABLE_JOBS_PROVE_LEASE', 5_000),
  stopTimeoutMs,
  // At-most-once bodies outlast the hold time after the last user of a protection, and end before a renewal.
  minuteMs: 300,
  periodMinutes: 20,
  pace: { bodyMs: 200, sleepMs: stopTimeoutMs + 500 },
  seed,
  tasks: leastTasks,
  capacity: [{ capacityProvider: 'FARGATE' }],
  death: 'seen by peers',
}

test('through rising and falling load and a deployment no task that needs protection is stopped', async () => {
  await using site = await open(calm)
  await site.ready()
  await risingLoad(site)
  await fallingLoad(site)
  await deployment(site)
  await site.ended(patience)

  const { wrong, ...receipt } = await drawUpReceipt(site)
  printEvidence({
    measure: `${leastTasks} -> ${maxTasks} -> ${leastTasks} tasks and a deployment`,
    ...figures(receipt),
  })
  expect(wrong).toEqual([])
  expect(receipt).toMatchObject({ completed: receipt.runs, losses: 0, onceTwice: 0, lookedUp: 0 })
  expect(receipt.stops).toEqual({ 'scale-in': maxTasks - leastTasks, deployment: leastTasks })
})

test('Spot interruptions and machines that vanish: only at-least-once steps repeat', async () => {
  await using site = await open({
    ...calm,
    capacity: [{ capacityProvider: 'FARGATE', base: 1, weight: 0 }, { capacityProvider: 'FARGATE_SPOT' }],
    death: 'leases only',
  })
  const random = new SeededRandom(seed)
  await site.ready()
  await risingLoad(site)
  for (const disruption of disruptions(random)) {
    const victim = await busyTask(site, disruption, random)
    if (disruption === 'spot') site.fake.interruptSpot(victim)
    else site.vanish(victim)
    // Until then ECS counts it as running.
    await victim.stopped
    await site.steady()
  }
  await deployment(site)
  await site.ended(patience)

  const { wrong, ...receipt } = await drawUpReceipt(site)
  printEvidence({
    measure: `${interruptions} Spot interruptions and ${vanishings} vanished machines`,
    ...figures(receipt),
  })
  expect(wrong).toEqual([])
  expect(receipt).toMatchObject({ completed: receipt.runs, onceTwice: 0 })
  expect(receipt.stops).toMatchObject({ spot: interruptions, vanished: vanishings })
})

/** Opens a site that prints the warnings of its workers if the test fails. */
async function open(options: StoryOptions): Promise<StorySite> {
  const site = await StorySite.open(options)
  onTestFinished(({ task }) => {
    if (task.result?.state === 'fail') console.error(site.warnings.join('\n'))
  })
  return site
}

type Disruption = 'spot' | 'gone'

/** The events of tasks, in a random order. */
function disruptions(random: SeededRandom): readonly Disruption[] {
  const spot = Array.from({ length: interruptions }, () => ({
    disruption: 'spot' as const,
    order: random.next(),
  }))
  const gone = Array.from({ length: vanishings }, () => ({
    disruption: 'gone' as const,
    order: random.next(),
  }))
  return [...spot, ...gone].toSorted((a, b) => a.order - b.order).map(({ disruption }) => disruption)
}

/** The backlog grows, and tasks are added. */
async function risingLoad(site: StorySite): Promise<void> {
  await site.enqueue(Math.ceil(runs / 3))
  await site.log.until(() => site.log.lines.some(({ moment }) => moment === 'start'))
  site.scaleTo(maxTasks)
  await site.steady()
}

/** Tasks are removed while they work on runs that need protection. */
async function fallingLoad(site: StorySite): Promise<void> {
  await site.enqueue(Math.floor(runs / 3))
  await site.fake.events.until(() => site.tasks.some((task) => site.fake.isProtected(task)))
  site.scaleTo(leastTasks)
  await site.steady()
}

/** A new revision, with the rest of the runs. */
async function deployment(site: StorySite): Promise<void> {
  await site.enqueue(Math.max(10, runs - site.handles.length))
  site.replaceTasks()
  await site.steady()
}

/**
 * Adds load, and resolves with a task inside a body; the vanishing machine is inside one that runs at most once. Adds
 * more load if all of it ends before there was such a task.
 */
async function busyTask(site: StorySite, disruption: Disruption, random: SeededRandom): Promise<FakeTask> {
  const isVictim = (task: FakeTask): boolean => {
    const slots = site.log.board.slotsOf(site.pidOf(task))
    if (disruption === 'gone')
      return slots.some(({ inside }) => [...inside].some((path) => oncePaths.has(path)))
    return task.capacityProvider === 'FARGATE_SPOT' && slots.some(({ inside }) => inside.size > 0)
  }
  for (;;) {
    await site.enqueue(Math.floor(runs / 3 / (interruptions + vanishings)))
    let isIdle = false
    const ended = site.ended(patience).then(() => {
      isIdle = true
    })
    await Promise.race([site.log.until(() => isIdle || site.tasks.some(isVictim)), ended])
    const victims = site.tasks.filter(isVictim)
    if (victims.length > 0) return random.pick(victims)
  }
}

function figures({
  stops,
  hits,
  ...numbers
}: Omit<StoryReceipt, 'wrong'>): Readonly<Record<string, string | number>> {
  return { ...numbers, hits: hits.length, stops: JSON.stringify(stops) }
}
