import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, describe, expect, test } from 'vitest'
import { percentile, printEvidence, provingNumber } from '../support/evidence.ts'
import { Fleet, type Member } from '../support/fleet/fleet.ts'
import { storeKinds } from '../support/fleet/store-kinds.ts'
import { FleetWatch } from './fleet-watch.ts'

const samples = provingNumber('DURABLE_JOBS_PROVE_DEATHS', 1)
const seconds = provingNumber('DURABLE_JOBS_PROVE_IDLE_SECONDS', 3)
const perSampleMs = 15_000
const goalMs = 300
/** Goals are printed; more than this would mean that a worker polls without a pause. */
const faultPerSecond = { 1: 8, 4: 30 } as const

describe.runIf(storeKinds.includes('redis'))('an idle fleet on redis', () => {
  test.each([
    [1, 2],
    [4, 10],
  ] as const)(
    'of %i workers sends few commands: goal %i a second',
    async (size, goal) => {
      const { watch } = await idleFleet(size)
      const perSecond = await watch.commandsPerSecond(seconds)
      printEvidence({
        measure: `commands of ${size} idle ${size === 1 ? 'worker' : 'workers'}`,
        'a second': Number(perSecond.toFixed(1)),
        goal,
        'a day': Math.round(perSecond * 86_400),
      })
      expect(perSecond).toBeLessThan(faultPerSecond[size])
    },
    120_000,
  )

  const deaths: Record<string, number[]> = {
    'after its first claim': [],
    'as it looks': [],
    'as it leads': [],
  }

  test(
    'a worker killed 50 ms after the first claim is replaced',
    async () => {
      const { fleet } = await idleFleet(3)
      for (let i = 0; i < samples; i++) {
        const run = await fleet.client.enqueue(fleet.jobs.chain, { steps: 2, ms: 400 })
        const { pid } = await fleet.bodyLog.until((line) => line.moment === 'start' && line.run === run.id)
        await wait(50)
        deaths['after its first claim']?.push(await killedUntilNext(fleet, pid, run.id))
        await run.result({ timeout: '60s' })
        await fleet.start({ guarded: fleet.file('guarded.db') })
        await settled(fleet)
      }
    },
    60_000 + samples * perSampleMs,
  )

  test(
    'the worker that watches peers is watched itself',
    async () => {
      const one = { options: { concurrency: 1 } }
      const { fleet, watch } = await idleFleet(3, one)
      // One for each worker: none is free but the one that is started for the run of the next victim.
      for (let i = 0; i < 3; i++) await fleet.client.enqueue(fleet.jobs.chain, { steps: 10_000, ms: 400 })
      while ((deaths['as it looks']?.length ?? 0) < samples) {
        await expect.poll(() => busyPids(fleet).length, { timeout: 60_000 }).toBe(3)
        await fleet.start(one)
        const looker = await watch.lookerPid()
        const busy = busyPids(fleet)
        // If the new one already looks at peers, another death makes it busy.
        const pid = busy.find((one) => one === looker) ?? busy[0]
        const held = fleet.lines.findLast((line) => line.moment === 'start' && line.pid === pid)
        const ms = await killedUntilNext(fleet, held?.pid ?? 0, held?.run ?? '')
        if (pid === looker) deaths['as it looks']?.push(ms)
      }
    },
    60_000 + samples * perSampleMs,
  )

  test(
    'a leader that dies while no worker holds a run is replaced',
    async () => {
      const { fleet } = await idleFleet(3)
      for (let i = 0; i < samples; i++) {
        const last = fleet.lines.filter(({ moment }) => moment === 'leads').at(-1)
        const killedAt = Date.now()
        memberOf(fleet, last?.pid).signal('SIGKILL')
        const next = await fleet.bodyLog.until(
          ({ moment, note }) => moment === 'leads' && Number(note) > Number(last?.note),
        )
        deaths['as it leads']?.push(next.at - killedAt)
        await fleet.start({ guarded: fleet.file('guarded.db') })
        await settled(fleet)
      }
    },
    60_000 + samples * perSampleMs,
  )

  afterAll(() => {
    for (const [when, times] of Object.entries(deaths)) {
      printEvidence({
        measure: `SIGKILL of an idle fleet's worker ${when}, to what goes on elsewhere`,
        samples: times.length,
        'p50 ms': percentile(times, 0.5),
        'p95 ms': percentile(times, 0.95),
        'max ms': Math.max(...times),
        'goal ms': goalMs,
      })
    }
  })
})

/** Idle workers, one of which leads. */
async function idleFleet(
  size: number,
  spec: Parameters<Fleet['start']>[0] = {},
): Promise<{ readonly fleet: Fleet; readonly watch: FleetWatch }> {
  const fleet = await Fleet.open('redis')
  for (let i = 0; i < size; i++) await fleet.start({ ...spec, guarded: fleet.file('guarded.db') })
  await fleet.bodyLog.until(({ moment }) => moment === 'leads')
  const watch = await FleetWatch.open(fleet)
  await settled(fleet)
  return { fleet, watch }
}

/** A new worker sends more commands than an idle one. */
async function settled(fleet: Fleet): Promise<void> {
  await expect
    .poll(() => fleet.lines.some(({ moment }) => moment === 'leads'), { timeout: 20_000 })
    .toBe(true)
  await wait(1_500)
}

/** Processes that live and have started a body. */
function busyPids(fleet: Fleet): number[] {
  const begun = new Set(fleet.lines.filter(({ moment }) => moment === 'start').map(({ pid }) => pid))
  return fleet.alive.filter(({ pid }) => begun.has(pid)).map(({ pid }) => pid)
}

/** Ms from the kill of a run's worker to the begin of its next body, in another process. */
async function killedUntilNext(fleet: Fleet, pid: number, run: string): Promise<number> {
  const killedAt = Date.now()
  memberOf(fleet, pid).signal('SIGKILL')
  const next = await fleet.bodyLog.until(
    (line) => line.moment === 'start' && line.run === run && line.pid !== pid && line.at >= killedAt,
  )
  return next.at - killedAt
}

function memberOf(fleet: Fleet, pid: number | undefined): Member {
  const found = fleet.alive.find((member) => member.pid === pid)
  if (found === undefined) throw new Error(`process ${pid} is none of the fleet`)
  return found
}
