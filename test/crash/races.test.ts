import { type ChildProcess, fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { connect, type Jobs, type RunHandle } from '../../sdk/index.ts'
import { printEvidence, provingNumber } from '../support/evidence.ts'
import { BodyLog, type Moment } from '../support/fleet/body-log.ts'
import { type FleetStoreKind, newFleetStore, storeKinds } from '../support/fleet/store-kinds.ts'
import { programFile } from '../support/processes/program-file.ts'
import { type RaceInput, raceJob } from './race-job.ts'
import { planRace, type RaceOutcome } from './race-plan.ts'
import type { RaceSpec } from './race-process.ts'
import { replayRace } from './race-replay.ts'

const seedsPerStore = provingNumber('DURABLE_JOBS_PROVE_RACES', 40)
const firstSeed = provingNumber('DURABLE_JOBS_PROVE_SEED', 1)
/** Races in one worker process at a time. */
const perBatch = 50
/** Up to three kills on the way, one when the race is decided, and the replay of the whole journal. */
const maxGenerations = 5

const batches = Array.from({ length: Math.ceil(seedsPerStore / perBatch) }, (_, batch) => {
  const first = firstSeed + batch * perBatch
  const last = Math.min(first + perBatch, firstSeed + seedsPerStore) - 1
  return [first, last] as const
})

type RaceHandle = RunHandle<RaceOutcome>

const file = programFile('test/crash/race-process.ts')
const job = raceJob(() => {
  throw new Error('races are carried out by worker processes')
})

/** A store with races on it, and the processes that work on them. */
class RaceSite {
  readonly client: Jobs
  readonly bodyLog: BodyLog
  readonly #store: RaceSpec['store']
  #child: ChildProcess | undefined

  private constructor(store: RaceSpec['store'], client: Jobs, bodyLog: BodyLog) {
    this.#store = store
    this.client = client
    this.bodyLog = bodyLog
  }

  static async open(kind: FleetStoreKind): Promise<RaceSite> {
    const folder = mkdtempSync(join(tmpdir(), 'durable-jobs-race-'))
    const { options } = await newFleetStore(kind, folder)
    const site = new RaceSite(options, await connect(options), new BodyLog(join(folder, 'bodyLog.jsonl')))
    onTestFinished(async () => {
      site.#child?.kill('SIGKILL')
      await site.client.close()
      site.bodyLog.close()
      rmSync(folder, { recursive: true, force: true })
    })
    return site
  }

  async enqueue(seed: number): Promise<RaceHandle> {
    return this.client.enqueue(job, { seed } satisfies RaceInput, { id: `race-${seed}` })
  }

  /** Resolves when the worker process has killed itself. */
  async killed(generation: number, handles: readonly RaceHandle[]): Promise<void> {
    const runs = handles.map(({ id }) => id)
    const spec: RaceSpec = { store: this.#store, bodyLog: this.bodyLog.file, generation, runs }
    const child = fork(file, [JSON.stringify(spec)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      execArgv: ['--disable-warning=ExperimentalWarning'],
    })
    this.#child = child
    expect(await once(child, 'exit')).toEqual([null, 'SIGKILL'])
  }
}

async function unended(handles: readonly RaceHandle[]): Promise<readonly RaceHandle[]> {
  const states = await Promise.all(handles.map(async (handle) => (await handle.status()).state))
  return handles.filter((_, i) => states[i] !== 'completed')
}

interface Race {
  readonly handle: RaceHandle
  readonly seed: number
  readonly outcome: RaceOutcome
}

/** The violations of a race that has ended, by its executions and by the store. */
async function findViolations(site: RaceSite, { handle, seed, outcome }: Race): Promise<readonly string[]> {
  const lines = site.bodyLog.lines().filter(({ run }) => run === handle.id)
  const notes = (of: Moment) => lines.filter(({ moment }) => moment === of).map(({ note = '' }) => note)
  const decisions = lines.filter(({ moment }) => moment === 'decided')
  const decidedTwice = [...Map.groupBy(decisions, ({ path }) => path)]
    .map(([group, seen]) => [group, new Set(seen.map(({ note }) => note))] as const)
    .filter(([, decided]) => decided.size > 1)
    .map(([group, decided]) => `${group} is decided as ${[...decided].join(', and as ')}`)
  const ends = [...new Set([JSON.stringify(outcome), ...notes('returned')])]
  const settled = notes('settled').join(', ')
  const journal = await site.client.inspector.journal(handle.id, { after: 0, limit: 1_000 })
  const replayed = await replayRace(planRace(seed), journal).then(JSON.stringify, String)
  return [
    ...decidedTwice,
    ...(ends.length === 1 ? [] : [`ends as ${ends.join(', and as ')}`]),
    ...(settled === 'completed' ? [] : [`is settled as ${settled}`]),
    ...(replayed === JSON.stringify(outcome) ? [] : [`its journal alone says ${replayed}`]),
  ].map((violation) => `${handle.id}: ${violation}`)
}

describe.each(storeKinds)('%s', (kind) => {
  const outcomes: string[] = []
  const totals = { races: 0, kills: 0, executions: 0, groups: 0, wrong: 0 }

  test.each(batches)('races of seeds %i to %i have the same winners after kills', async (first, last) => {
    const site = await RaceSite.open(kind)
    const seeds = Array.from({ length: last - first + 1 }, (_, i) => first + i)
    const handles = await Promise.all(seeds.map((seed) => site.enqueue(seed)))
    let going: readonly RaceHandle[] = handles
    for (let generation = 0; going.length > 0; generation++) {
      expect(generation, `races that go on: ${going.map(({ id }) => id)}`).toBeLessThan(maxGenerations)
      await site.killed(generation, going)
      totals.kills++
      totals.executions += going.length
      going = await unended(going)
    }
    const violations: string[] = []
    for (const [i, handle] of handles.entries()) {
      const race: Race = { handle, seed: seeds[i] ?? 0, outcome: await handle.result() }
      const found = await findViolations(site, race)
      violations.push(...found)
      outcomes.push(JSON.stringify(race.outcome))
      totals.races++
      totals.groups += Object.keys(race.outcome.decisions).length
      if (found.length > 0) totals.wrong++
    }
    expect(violations).toEqual([])
  })

  afterAll(() =>
    printEvidence({
      ...{ measure: 'native race, any, all and allSettled under kills', store: kind },
      ...{ seeds: `${firstSeed}–${firstSeed + seedsPerStore - 1}`, ...totals },
      outcomes: createHash('sha256').update(outcomes.join('\n')).digest('hex').slice(0, 12),
    }),
  )
})
