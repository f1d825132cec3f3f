import { expect, test } from 'vitest'
import type { Protection } from '../../runtime/model/protection.ts'
import { type CallFilter, ecsDoors } from '../support/ecs/call-log.ts'
import type { FakeEcs } from '../support/ecs/fake-ecs.ts'
import { idle } from '../support/ecs/task-programs.ts'
import { printEvidence } from '../support/evidence.ts'
import { LineLog } from '../support/line-log.ts'
import { SeededRandom } from '../support/seeded-random.ts'
import { CloudClock } from './cloud-clock.ts'
import { registerWorker, startFake } from './start-fake.ts'
import { SteeredProtection } from './steered-protection.ts'

/*
 * What protection costs in calls to ECS, counted at the fake's API: holders ask over the agent's endpoint, throttled as
 * the fake throttles. Time is the test's.
 */

const seconds = 1_000
const minutes = 60 * seconds
const updates: CallFilter = { door: ecsDoors, operation: 'UpdateTaskProtection' }

interface Site {
  readonly clock: CloudClock
  readonly fake: FakeEcs
  readonly holders: readonly Protection[]
}

async function open(tasks: number): Promise<Site> {
  const clock = new CloudClock()
  const fake = await startFake({ clock, minuteMs: minutes })
  const definition = registerWorker(fake, idle())
  const service = fake.createService({ name: 'workers', definition, desiredCount: tasks })
  const deps = { log: new LineLog(), jobs: [] }
  const holders = await Promise.all(
    service.tasks.map(async (task) => {
      const protection = new SteeredProtection(clock, fake, task, { mode: 'required' })
      await protection.open(deps)
      return protection.opened
    }),
  )
  return { clock, fake, holders }
}

/** Work that comes for up to 3 s; then again as soon as protection was given back, or after up to 150 s. */
function flap(
  { clock }: Pick<Site, 'clock'>,
  protection: Protection,
  random: SeededRandom,
  comesAt: 'the worst moment' | 'any time',
  onPhase: () => void,
): void {
  let isBusy = false
  const begin = (): void => {
    isBusy = true
    onPhase()
    protection.want()
    const hold = protection.acquire()
    clock.after(random.next() * 3 * seconds, () => {
      isBusy = false
      hold.release()
      if (comesAt === 'any time') clock.after(random.next() * 150 * seconds, begin)
    })
  }
  if (comesAt === 'the worst moment') {
    protection.onChange(() => {
      if (!isBusy && protection.status.protectedForMs === 0) begin()
    })
  }
  clock.after(random.next() * 60 * seconds, begin)
}

test('a busy phase costs one call at its start, one per 4 min and one at its end', async () => {
  const { clock, fake, holders } = await open(1)
  const [protection] = holders
  protection?.want()
  const hold = protection?.acquire()
  await clock.advance(22 * minutes)
  hold?.release()
  await clock.advance(10 * minutes)
  const calls = fake.calls.calls(updates)
  expect(calls).toBe(1 + 5 + 1)
  printEvidence({ measure: 'ECS calls of a busy phase', 'minutes busy': 22, calls })
})

test('fifty tasks whose protected work starts and ends often stay below one call per second', async () => {
  const lasts = 60 * minutes
  const site = await open(50)
  const { clock, fake, holders } = site
  let phases = 0
  for (const [i, protection] of holders.entries()) {
    const comesAt = i % 2 === 0 ? 'the worst moment' : 'any time'
    flap(site, protection, new SeededRandom(i + 1), comesAt, () => phases++)
  }
  await clock.advance(lasts)
  const calls = fake.calls.calls(updates)
  const attempts = fake.calls.attempts(updates)
  const inMinute = new Map<number, number>()
  for (const { at } of attempts) {
    inMinute.set(Math.floor(at / minutes), (inMinute.get(Math.floor(at / minutes)) ?? 0) + 1)
  }
  printEvidence({
    measure: 'ECS calls of 50 flapping tasks',
    minutes: lasts / minutes,
    'busy phases': phases,
    calls,
    attempts: attempts.length,
    'calls per phase': (calls / phases).toFixed(2),
    'attempts per s': (attempts.length / (lasts / seconds)).toFixed(2),
    'attempts per s in the busiest minute': (Math.max(...inMinute.values()) / 60).toFixed(2),
  })
  expect(phases).toBeGreaterThan(50)
  expect(attempts.length).toBeLessThan(lasts / seconds)
})
