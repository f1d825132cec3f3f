import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, describe, expect, test } from 'vitest'
import type { RunHandle } from '../../sdk/index.ts'
import { printEvidence, provingNumber } from '../support/evidence.ts'
import type { Part } from '../support/fleet/crash-jobs.ts'
import { Fleet, type Member } from '../support/fleet/fleet.ts'
import { type FleetStoreKind, storeKinds } from '../support/fleet/store-kinds.ts'
import { findViolations } from '../support/fleet/violations.ts'
import { SeededRandom } from '../support/seeded-random.ts'

const workers = 4
const runsPerSeed = 10
const firstSeed = provingNumber('DURABLE_JOBS_PROVE_SEED', 1)
const seedCount = Math.ceil(provingNumber('DURABLE_JOBS_PROVE_RUNS', 20) / runsPerSeed)
const seeds = Array.from({ length: seedCount }, (_, i) => firstSeed + i)

/** Totals over all seeds. */
class Totals {
  runs = 0
  kills = 0
  drains = 0
  losses = 0
  bodies = 0
  repeatedBodies = 0
}

describe.each(storeKinds)('%s', (store) => {
  const totals = new Totals()

  test.each(seeds)('seed %i: runs end correctly, whichever worker is killed and when', async (seed) => {
    const random = new SeededRandom(seed)
    const fleet = await Fleet.open(store)
    const plans = Array.from({ length: runsPerSeed }, () => planRun(random))
    const options = { concurrency: random.between(1, 4) }
    const first = Array.from({ length: workers }, () => fleet.spawn({ options }))
    const handles = await enqueueAll(fleet, plans)
    await Promise.any(first.map(({ ready }) => ready))
    await fleet.bodyLog.until(({ moment }) => moment === 'start')

    const ended = Promise.all(handles.map((handle) => handle.result({ timeout: '2m' })))
    const killing = killAtRandom({ fleet, random, options, totals }, ended)
    const [results, drained] = await Promise.all([ended, killing])
    for (const { exited } of drained) expect(await exited).toEqual({ code: 0, signal: null })

    const wrong = await findViolations(
      fleet,
      handles.map(({ id }) => id),
    )
    expect(wrong, again(store, seed)).toEqual([])
    expect(results.map((result) => result.map(plainResult))).toEqual(plans.map(expectedResult))
    await count(fleet, handles, totals)
  })

  afterAll(() =>
    printEvidence({
      measure: 'runs under random kills',
      store,
      seeds: `${seeds.at(0)}–${seeds.at(-1)}`,
      ...totals,
    }),
  )
})

/** How to plan the same runs and kills once more. */
function again(store: FleetStoreKind, seed: number): string {
  const numbers = `DURABLE_JOBS_PROVE_SEED=${seed} DURABLE_JOBS_PROVE_RUNS=${runsPerSeed}`
  return `again: DURABLE_JOBS_PROVE_STORE=${store} ${numbers}`
}

/** One to six parts, an at-most-once step among them, and now and then a sleep that suspends. */
function planRun(random: SeededRandom): readonly Part[] {
  const ms = () => (random.next() < 0.1 ? 150 : random.between(0, 40))
  const makers: readonly (() => Part)[] = [
    () => ({ kind: 'step', ms: ms() }),
    () => ({ kind: 'step', ms: ms() }),
    () => ({ kind: 'parallel', ms: Array.from({ length: random.between(2, 4) }, ms) }),
    () => ({ kind: 'sleep', ms: random.next() < 0.05 ? 1_300 : random.between(1, 200) }),
    () => ({ kind: 'flaky', ms: ms(), failures: random.between(1, 2) }),
  ]
  const parts = Array.from({ length: random.between(3, 8) }, () => random.pick(makers)())
  parts.splice(random.between(0, parts.length), 0, { kind: 'once', ms: ms() })
  return parts
}

function expectedResult(parts: readonly Part[]): readonly string[] {
  return parts.flatMap((part, i) =>
    part.kind === 'parallel' ? part.ms.map((_, branch) => `p${i}[${branch}]`) : [`p${i}`],
  )
}

/** The result of `onUnknown` counts as the step's own result. */
function plainResult(text: string): string {
  return text.replace('looked up ', '')
}

async function enqueueAll(
  fleet: Fleet,
  plans: readonly (readonly Part[])[],
): Promise<readonly RunHandle<string[]>[]> {
  const { client, jobs } = fleet
  const answers = await client.enqueueMany(
    jobs.mixed,
    plans.map((parts) => ({ parts })),
  )
  return answers.map((answer) => {
    if (answer.outcome === 'rejected') throw answer.error
    return answer.handle
  })
}

interface Scene {
  readonly fleet: Fleet
  readonly random: SeededRandom
  readonly options: { readonly concurrency: number }
  readonly totals: Totals
}

/** Ends one worker after the other at random moments, mostly by SIGKILL, and replaces each. Returns the draining ones. */
async function killAtRandom(
  { fleet, random, options, totals }: Scene,
  until: Promise<unknown>,
): Promise<readonly Member[]> {
  const killed = new Set<Member>()
  const drained = new Set<Member>()
  let over = false
  const stop = () => {
    over = true
  }
  until.then(stop, stop)
  for (let left = random.between(4, 8); left > 0; left--) {
    await wait(random.between(20, 200))
    if (over) break
    const working = fleet.alive.filter((member) => member.works && !killed.has(member))
    if (working.length === 0) {
      await Promise.any(fleet.alive.map(({ ready }) => ready))
      continue
    }
    const victim = random.pick(working)
    // A second SIGTERM would abandon its bodies while the process still runs for a moment: see drain.test.ts.
    const drains = random.next() < 0.2 && !drained.has(victim)
    if (drains) drained.add(victim)
    else killed.add(victim)
    totals[drains ? 'drains' : 'kills']++
    victim.signal(drains ? 'SIGTERM' : 'SIGKILL')
    fleet.spawn({ options })
  }
  return [...drained].filter((member) => !killed.has(member))
}

async function count(fleet: Fleet, handles: readonly RunHandle<unknown>[], totals: Totals): Promise<void> {
  const starts = fleet.lines.filter(({ moment }) => moment === 'start')
  const attempts = new Set(starts.map(({ run, path, attempt }) => `${run} ${path} ${attempt}`))
  const statuses = await Promise.all(handles.map((handle) => handle.status()))
  totals.runs += handles.length
  totals.bodies += starts.length
  totals.repeatedBodies += starts.length - attempts.size
  totals.losses += statuses.reduce((sum, { losses }) => sum + losses, 0)
  expect(statuses.map(({ attempt }) => attempt)).toEqual(handles.map(() => 1))
}
