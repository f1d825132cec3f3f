import { expect, test } from 'vitest'
import { type DemoPace, demoOptions, stagePace } from '../../scripts/demo-fargate/play.ts'
import { runDemo } from '../../scripts/demo-fargate/run-demo.ts'
import { Scene } from '../../scripts/demo-fargate/scene.ts'
import { StorySite } from '../support/ecs/story/story-site.ts'
import { only } from './ready-service.ts'
import { protect, unprotect } from './sdk-site.ts'
import { clientOf } from './start-fake.ts'

/** The story of `npm run demo:fargate`, without time to look at it. */
const hurried: DemoPace = { ...stagePace, minuteMs: 500, stopTimeoutMs: 4_000, bodyMs: 150, readMs: 0 }

test('the demo plays its story, and every line of its receipt holds', async () => {
  let text = ''
  const screen = {
    terminal: false,
    live: false,
    columns: () => undefined,
    write: (more: string): void => {
      text += more
    },
  }
  const code = await runDemo(screen, () => 0, hurried)

  expect(text).toMatch(/> load rises, 40 runs wait: desired count 2 -> 6\n/)
  expect(text).toMatch(/> load falls: desired count 6 -> 2, while \d tasks are protected\n/)
  expect(text).toMatch(/ {2}ECS has to wait for protected tasks: \d\n/)
  expect(text).toMatch(/ {2}task \d gets SIGTERM by Spot: /)
  expect(text).toMatch(/ {2}task \d+ starts on (?:Fargate|Spot), revision 2\n/)
  const checks = text.split('\n').filter((line) => /^ {2}[✓✗]/.test(line))
  expect(checks).toEqual([
    expect.stringMatching(/✓ runs +112 enqueued, 112 completed, 0 lost/),
    expect.stringMatching(/✓ steps .* stored steps begun again: none/),
    expect.stringMatching(/✓ once .* 0 begun twice/),
    expect.stringMatching(/✓ scale-in 4 tasks stopped, none while protected, 0 inside a run that needs it/),
    expect.stringMatching(/✓ spot +1 task interrupted/),
    expect.stringMatching(/✓ deploy +2 tasks replaced/),
  ])
  expect(code).toBe(0)
})

test('a task that requests protection while it stops is not reported as one without a service', async () => {
  await using site = await StorySite.open({ ...demoOptions(hurried), tasks: 1 })
  const scene = new Scene(site)
  const client = clientOf(site.fake)
  const task = only(site.tasks)
  site.scaleTo(0)
  await protect(client, [task.arn])
  await unprotect(client, [task.arn])
  const told = scene.told.map(({ text }) => text)
  expect(told.filter((text) => /too late|refuses/.test(text))).toEqual([
    'task 1 had asked for protection too late: it is being stopped',
    'task 1 gives its protection back too late: it is being stopped',
  ])
})
