import { setTimeout as wait } from 'node:timers/promises'
import type { FakeTask } from '../../test/support/ecs/fake-task.ts'
import type { StoryOptions } from '../../test/support/ecs/story/story-site.ts'
import type { Scene } from './scene.ts'

/** Runs at a time in a task. */
export const slotsPerTask = 3
const fewTasks = 2
const manyTasks = 6
/** Tasks that are to be protected when the load falls. */
const busyTasks = 3
/** On a slow machine fewer will do. */
const maxWaitMs = 8_000

/** How fast the story goes. */
export interface DemoPace {
  /** The length of a minute of protection. */
  readonly minuteMs: number
  /** Real: processes need it to end. Reminders sleep for longer. */
  readonly stopTimeoutMs: number
  /** The longest body of a page; at-most-once bodies take four times as long. */
  readonly bodyMs: number
  /** Before each act, so that one can read what is about to happen. */
  readonly readMs: number
}

/** For people. */
export const stagePace: DemoPace = { minuteMs: 1_000, stopTimeoutMs: 8_000, bodyMs: 500, readMs: 1_500 }

export function demoOptions({ minuteMs, stopTimeoutMs, bodyMs }: DemoPace): StoryOptions {
  return {
    concurrency: slotsPerTask,
    leaseMs: 10_000,
    stopTimeoutMs,
    minuteMs,
    // Nothing has to be renewed meanwhile.
    periodMinutes: 30,
    pace: { bodyMs, sleepMs: stopTimeoutMs + 1_000 },
    seed: 7,
    tasks: fewTasks,
    capacity: [{ capacityProvider: 'FARGATE', base: 1, weight: 0 }, { capacityProvider: 'FARGATE_SPOT' }],
    death: 'seen by peers',
  }
}

/** Plays the story: resolves when every run has ended. */
export async function play(scene: Scene, { readMs }: DemoPace): Promise<void> {
  const { site } = scene
  await site.ready()
  for (const act of [riseLoad, fallLoad, interruptSpot, deploy]) {
    await wait(readMs)
    await act(scene)
  }
  scene.title = 'the last runs'
  await site.ended()
  site.log.read()
  scene.title = 'every run has ended'
  scene.tell('every run has ended', 'good')
}

async function riseLoad(scene: Scene): Promise<void> {
  const { site } = scene
  await site.enqueue(40)
  scene.begin('load rises: 2 -> 6 tasks', 'load rises, 40 runs wait: desired count 2 -> 6')
  site.scaleTo(manyTasks)
  await site.steady()
}

async function fallLoad(scene: Scene): Promise<void> {
  const { site } = scene
  await site.enqueue(40)
  scene.begin('six tasks at work', '40 more runs; those that charge a card need a protected task')
  await until(scene, () => scene.protectedTasks >= busyTasks && site.log.board.ended >= 15)
  scene.begin(
    'load falls: 6 -> 2 tasks',
    `load falls: desired count 6 -> 2, while ${scene.protectedTasks} tasks are protected`,
  )
  site.scaleTo(fewTasks)
  await site.steady()
}

async function interruptSpot(scene: Scene): Promise<void> {
  const { site } = scene
  await site.enqueue(16)
  const onSpot = (): FakeTask | undefined =>
    site.tasks.find(
      (task) => task.capacityProvider === 'FARGATE_SPOT' && site.log.board.isInside(site.pidOf(task)),
    )
  await until(scene, () => onSpot() !== undefined)
  const victim = onSpot()
  if (victim === undefined) return
  scene.begin('Spot takes a task', `Spot takes ${scene.nameOf(victim)}: protection doesn't help against that`)
  site.fake.interruptSpot(victim)
  await victim.stopped
  await site.steady()
}

async function deploy(scene: Scene): Promise<void> {
  const { site } = scene
  await site.enqueue(16)
  scene.begin('a rolling deployment', 'a rolling deployment: new tasks first, then the old ones end')
  site.replaceTasks()
  await site.steady()
}

async function until(scene: Scene, holds: () => boolean): Promise<void> {
  const latest = performance.now() + maxWaitMs
  await scene.site.log.until(() => holds() || performance.now() > latest)
}
